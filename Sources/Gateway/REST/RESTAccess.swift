import Access
import CollabProtocol
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Rooms
import Storage
import WorkflowDocument
import WorkflowGraph

/// Who may ask what over HTTP: the same tokens, roles and origins as over a WebSocket.
struct RESTAccess: Sendable {
  let desk: AccessDesk
  let origins: OriginPolicy
  let once: OnceDesk

  /// The workflow that a path names.
  static func workflow(_ context: BasicRequestContext) throws -> WorkflowID {
    guard let text = context.parameters.get("id"), let workflow = WorkflowID(text) else {
      throw Problem(.badRequest, "The workflow id is not 1 to 128 of A-Z a-z 0-9 . _ - with no dot first.")
    }
    return workflow
  }

  /// The hello that this request would be. Anything that a page of a foreign origin sends is refused, reading included.
  func hello(_ request: Request) throws -> Hello {
    guard origins.admitsReading(origin: request.headers[.origin], host: request.head.authority) else {
      throw Problem(.forbidden, "Pages of this origin may not ask. The server's operator can allow it.")
    }
    var hello = Hello()
    hello.name = "REST"
    hello.client = "REST"
    if let name = request.headers[Self.authorName] {
      guard (1...64).contains(name.utf8.count) else { throw Problem(.badRequest, "An author's name has 1 to 64 bytes.") }
      hello.name = name
    }
    if let kind = request.headers[Self.authorKind] {
      guard let kind = [Author.Kind.person, .bot, .agent].first(where: { "\($0)" == kind }) else {
        throw Problem(.badRequest, "An author is a person, a bot or an agent.")
      }
      hello.kind = kind
    }
    hello.wants = Wants(changes: false, presence: false, runs: true, issues: false)
    if let header = request.headers[.authorization] {
      let parts = header.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == "bearer" else {
        throw Problem(.unauthorized, "Authorization takes the form: Bearer TOKEN.", headers: [("www-authenticate", "Bearer")])
      }
      hello.token = String(parts[1])
    }
    return hello
  }

  /// Under what name the caller's changes stand, and what it says it is; its token may say otherwise.
  static let authorName = HTTPField.Name("thaiyyal-author")!
  static let authorKind = HTTPField.Name("thaiyyal-author-kind")!

  /// For what is answered without a session in the room.
  @discardableResult
  func require(_ role: Role, _ request: Request, of workflow: WorkflowID) async throws -> Hello {
    let hello = try hello(request)
    guard try await self.role(hello, of: workflow) >= role else { throw Problem(.forbidden, "This takes the role \(role).") }
    return hello
  }

  /// Likewise, with who it is.
  func caller(_ role: Role, _ request: Request, of workflow: WorkflowID) async throws -> (hello: Hello, subject: String) {
    let hello = try hello(request)
    let (grant, own) = try await grant(hello, of: workflow)
    guard own >= role else { throw Problem(.forbidden, "This takes the role \(role).") }
    return (hello, grant.subject)
  }

  /// For what is kept beside a workflow and not in its room: also that there is one.
  @discardableResult
  func require(_ role: Role, _ hello: Hello, ofExisting workflow: WorkflowID) async throws -> Grant {
    let (grant, own) = try await grant(hello, of: workflow)
    guard own >= role else { throw Problem(.forbidden, "This takes the role \(role).") }
    guard try await !RESTAccess.stored({ try await desk.registry.existing([workflow]) }).isEmpty else {
      throw Problem(.notFound, "There is no such workflow.")
    }
    return grant
  }

  /// What a hello may do in a workflow.
  func role(_ hello: Hello, of workflow: WorkflowID) async throws -> Role { try await grant(hello, of: workflow).role }

  /// Who a hello is of, and what it may do in a workflow.
  func grant(_ hello: Hello, of workflow: WorkflowID) async throws -> (grant: Grant, role: Role) {
    switch await desk.admit(hello, to: workflow) {
    case .refused(let code, let reason): throw RoomGuest.Ended(code: code, reason: reason)
    case .granted(let grant):
      guard let role = grant.rights.role else { throw Problem(.forbidden, "You have no role in this workflow.") }
      try RequestMeter.current?.charge(grant.subject)
      return (grant, role)
    }
  }

  /// For what belongs to no workflow.
  @discardableResult
  func requireOutside(_ role: Role, _ request: Request) async throws -> (hello: Hello, principal: Principal) {
    let (hello, principal) = try await principal(request)
    guard principal.roleOutside >= role else { throw Problem(.forbidden, "This takes the role \(role).") }
    return (hello, principal)
  }

  /// For what concerns all workflows: what the caller may do in each of them.
  @discardableResult
  func requireEverywhere(_ role: Role, _ request: Request) async throws -> (hello: Hello, principal: Principal) {
    let (hello, principal) = try await principal(request)
    guard let own = principal.roleEverywhere, own >= role else {
      throw Problem(.forbidden, "This takes the role \(role), and not of some workflows only.")
    }
    return (hello, principal)
  }

  func principal(_ request: Request) async throws -> (hello: Hello, principal: Principal) {
    let hello = try hello(request)
    let identification: Identification
    do throws(StoreError) { identification = try await desk.identify(hello.token) } catch { throw Problem(error) }
    switch identification {
    case .refused(let code, let reason): throw RoomGuest.Ended(code: code, reason: reason)
    case .known(let principal):
      try RequestMeter.current?.charge(principal.subject)
      return (hello, principal)
    }
  }

  /// What a store answers, or what its failure is to a caller.
  static func stored<T>(_ ask: () async throws -> T) async throws -> T {
    do { return try await ask() } catch let error as StoreError { throw Problem(error) }
  }

  /// For a request that says all with its address.
  static func noBody(_ request: Request, _ what: String) async throws {
    guard try await json(request, bytesMax: 1024) == nil else { throw Problem(.badRequest, "\(what) takes no body.") }
  }

  /// The whole body, at most `bytesMax`, as fast as ``BodyReader`` wants it. JSON only: a form of a foreign page cannot say so without being asked first.
  static func json(_ request: Request, bytesMax: Int) async throws -> JSONText? {
    let length = request.headers[.contentLength].flatMap { Int($0) }
    if length == 0 || (length == nil && request.headers[.transferEncoding] == nil) { return nil }
    if let length, length > bytesMax { throw tooLarge(bytesMax) }
    let type = request.headers[.contentType]?.prefix { $0 != ";" }.lowercased() ?? ""
    guard type == "application/json" || (type.hasPrefix("application/") && type.hasSuffix("+json")) else {
      throw Problem(.unsupportedMediaType, "The body must be application/json.", headers: [("connection", "close")])
    }
    let bytes: ByteBuffer
    do { bytes = try await BodyReader.current.collect(request.body, upTo: bytesMax) } catch is NIOTooManyBytesError {
      throw tooLarge(bytesMax)
    }
    do throws(JSONFault) {
      return try bytes.withUnsafeReadableBytes { bytes throws(JSONFault) in try JSONText(validatingUTF8: bytes) }
    } catch {
      throw Problem(.badRequest, "The body is no JSON: \(error).")
    }
  }

  private static func tooLarge(_ bytesMax: Int) -> Problem {
    Problem(.payloadTooLarge, "A body has at most \(bytesMax) bytes here.", headers: [("connection", "close")])
  }
}

extension Problem {
  /// Why a room, or the door to it, let nobody in.
  init(_ end: RoomGuest.Ended) {
    let text = end.reason.prefix(1).uppercased() + end.reason.dropFirst() + "."
    switch end.code {
    case .notAuthenticated: self.init(.unauthorized, text, headers: [("www-authenticate", "Bearer")])
    case .forbidden: self.init(.forbidden, text)
    case .unknownWorkflow: self.init(.notFound, text)
    case .badRequest: self.init(.badRequest, text)
    case .draining: self.init(.serviceUnavailable, text, headers: [("retry-after", "2")])
    default: self.init(.serviceUnavailable, text, headers: [("retry-after", "5")])
    }
  }

  init(_ error: StoreError) {
    switch error.code {
    case .unknownWorkflow: self.init(.notFound, "There is no such workflow.")
    default: self.init(.serviceUnavailable, "The store does not answer now.", headers: [("retry-after", "2")])
    }
  }

  /// What a room answered to a message of a guest.
  init(_ report: ErrorReport) {
    let text = report.text.prefix(1).uppercased() + report.text.dropFirst() + "."
    switch report.code {
    case .forbidden: self.init(.forbidden, text)
    case .conflict, .staleLease: self.init(.conflict, text)
    case .limit, .rateLimited:
      let pause = report.retryAfterMilliseconds > 0 ? UInt64(report.retryAfterMilliseconds) : 2000
      self.init(.tooManyRequests, text, limit: report.limit.isEmpty ? "room" : report.limit, retryAfterMilliseconds: pause)
    case .tooLarge: self.init(.payloadTooLarge, text)
    case .unavailable: self.init(.serviceUnavailable, text, headers: [("retry-after", "2")])
    case .invalid, .clockSkew: self.init(.unprocessableEntity, text)
    }
  }
}
