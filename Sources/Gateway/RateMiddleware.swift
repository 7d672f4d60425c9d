import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import OutboundPolicy
import RateLimits
import Rooms
import Synchronization

/// Holds requests to the rates of their address before anything is read or looked up, and lays ready what is needed to hold them to those of
/// their subject. Spec: LM3, LM4.
struct RateMiddleware: RouterMiddleware {
  typealias Context = BasicRequestContext

  let limits: LimitLedger
  let proxies: ProxyPolicy
  let bodies: BodyReader
  let metrics: ServerMetrics

  func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
    guard let thing = Self.thing(request.method.rawValue, request.uri.path) else { return try await next(request, context) }
    let client = PeerWatch.current?.address.map { proxies.client(of: $0, values: forwarded(request)) }
    let meter = RequestMeter(limits, address: limits.account(of: client), thing)
    if let refusal = limits.take(thing, meter.address) { throw Problem(refusal, closing: request.mayHaveBody) }
    do {
      return try await RequestMeter.$current.withValue(meter) {
        try await BodyReader.$current.withValue(bodies) { try await next(request, context) }
      }
    } catch let problem as Problem {
      if let limit = problem.limit { metrics.boundReached(limit.name) }
      throw problem
    }
  }

  private func forwarded(_ request: Request) -> [String] {
    HTTPField.Name(proxies.header.rawValue).map { request.headers[values: $0] } ?? []
  }

  /// What a request is counted as; `nil`: free. Pages and health checks are: they come from memory, and a probe must never be told to wait.
  static func thing(_ method: String, _ path: String) -> RatedThing? {
    guard path.hasPrefix("/api/") else { return nil }
    let isReading = method == "GET" || method == "HEAD"
    return isOfWholeGraphs(method, isReading, path.split(separator: "/").dropFirst(2)) ? .exports : isReading ? .reads : .writes
  }

  /// - Parameter parts: of the path, behind `/api/v1`.
  private static func isOfWholeGraphs(_ method: String, _ isReading: Bool, _ parts: ArraySlice<Substring>) -> Bool {
    guard parts.first == "workflows" else { return false }
    let (id, what) = (parts.dropFirst().first, parts.dropFirst(2).first)
    return switch parts.count {
    case 1: isReading
    // These names are no ids.
    case 2: isReading || method == "PUT" || id == "import" || id == "execute" || id == "validate"
    case 3: isReading && (what == "export" || what == "diff")
    case 4: isReading && what == "versions" || method == "POST" && what == "restore"
    default: false
    }
  }
}

/// The request that is being answered, as rates see it.
final class RequestMeter: Sendable {
  @TaskLocal static var current: RequestMeter?

  private struct State {
    var isCharged = false
    /// Whose place for a whole graph it has; becomes known with the subject.
    var places: RoomRegistry?
    var caller: String?
  }

  /// `nil`: the peer has none, or nobody knows it.
  let address: LimitAccount?
  private let limits: LimitLedger
  private let thing: RatedThing
  private let state = Mutex(State())

  init(_ limits: LimitLedger, address: LimitAccount?, _ thing: RatedThing) {
    self.limits = limits
    self.address = address
    self.thing = thing
  }

  /// Once per request, however often its rights are looked at.
  func charge(_ subject: String) throws(Problem) {
    let (isFirst, places) = state.withLock { state in
      defer { state.isCharged = true }
      return (!state.isCharged, state.places)
    }
    guard isFirst else { return }
    if let refusal = limits.take(thing, limits.account(ofSubject: subject)) { throw Problem(refusal, closing: true) }
    // In open mode nobody has a name, and all are trusted.
    guard let places, !subject.isEmpty else { return }
    guard places.takeAdHocShare(of: subject) else {
      throw Problem(
        .tooManyRequests, "\(places.configuration.adHocRunsPerCallerMax) of your graphs are being dealt with already.",
        limit: "adHocRunsPerCallerMax", retryAfterMilliseconds: 1000, headers: [("connection", "close")])
    }
    state.withLock { $0.caller = subject }
  }

  func holdsPlace(in registry: RoomRegistry) { state.withLock { $0.places = registry } }

  func leavesPlace() {
    let (places, caller) = state.withLock { state in
      defer { (state.places, state.caller) = (nil, nil) }
      return (state.places, state.caller)
    }
    if let places, let caller { places.giveBackAdHocShare(of: caller) }
  }
}

extension Request {
  var mayHaveBody: Bool { headers[.transferEncoding] != nil || (headers[.contentLength] ?? "0") != "0" }
}

extension Problem {
  /// - Parameter closing: what the request still sends is not read.
  init(_ refusal: RateRefusal, closing: Bool = false) {
    let text = refusal.text.prefix(1).uppercased() + refusal.text.dropFirst() + "."
    self.init(
      .tooManyRequests, text, limit: "\(refusal.name)", retryAfterMilliseconds: refusal.waitMilliseconds,
      headers: closing ? [("connection", "close")] : [])
  }
}

extension SocketAddress {
  /// Without port and zone; `nil` for a Unix socket.
  var address: IPAddress? { ipAddress.flatMap { IPAddress(String($0.prefix { $0 != "%" })) }?.plain }
}
