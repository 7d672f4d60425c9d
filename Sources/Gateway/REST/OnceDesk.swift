import Access
import HTTPTypes
import Hashing
import Hummingbird
import NIOCore
import NIOHTTP1
import Rooms
import Storage
import Synchronization

/// Carries a request out once, however often it comes with the same `Idempotency-Key`. Spec: RQ1 to RQ5.
///
/// The key is claimed in the store before anything is done, and the answer is noted there before it is told: between the two the request may or may
/// not have had its effect, and is not begun again. Source: draft-ietf-httpapi-idempotency-key-header.
struct OnceDesk: Sendable {
  /// For what is made under an id that is known before, and answered with a secret: such an answer is not kept, and whether the thing was
  /// made can be looked up.
  struct Plan: Sendable {
    /// "key", say.
    var thing: String
    var id: String
    var isThere: @Sendable (_ id: String) async throws -> Bool
  }

  let registry: RoomRegistry
  private let underWay = UnderWay()

  init(registry: RoomRegistry) { self.registry = registry }

  static let field = HTTPField.Name("idempotency-key")!
  static let replayed = HTTPField.Name("idempotency-replayed")!

  /// - Parameters:
  ///   - subject: the caller, whose rights were looked at already: a replay takes the same as the request.
  ///   - body: of the request, as it came.
  ///   - isSecret: the answer holds what is told once, so it is not kept. With a plan it does.
  ///   - effect: carries it out; gets the id of the plan. Not cancelled when the caller goes away: it will want to know what became of it.
  func answer(
    _ request: Request, by subject: String, body: String?, plan: Plan? = nil, isSecret: Bool = false,
    _ effect: @escaping @Sendable (_ planned: String) async throws -> Response
  ) async throws -> Response {
    guard let key = try Self.key(of: request) else { return try await effect(plan?.id ?? "") }
    guard let store = registry.answers else { throw Problem(.serviceUnavailable, "The store of this server keeps no answers.") }
    let claim = AnswerClaim(
      holder: try await holder(of: subject), digest: SHA256.digest("\(subject)\u{0}\(key)"),
      fingerprint: Self.fingerprint(of: request, body), planned: plan?.id ?? "", claimedAtMilliseconds: registry.access.nowMilliseconds)
    try underWay.enter(claim)
    return try await Task {
      defer { underWay.leave(claim) }
      return try await once(claim, in: store, plan, isSecret: isSecret || plan != nil, effect)
    }.value
  }

  /// In whose count a subject's keys are. Guests of all links of one maker share one, as it could make any number of links.
  private func holder(of subject: String) async throws -> String {
    guard let link = ShareLink.id(ofSubject: subject) else { return subject }
    let maker = try await RESTAccess.stored { try await registry.access.maker(ofLink: link) }
    // Begins as no other subject does.
    return ShareLink.credential(of: " \(maker)")
  }

  private func once(
    _ claim: AnswerClaim, in store: any AnswerStore, _ plan: Plan?, isSecret: Bool,
    _ effect: @Sendable (String) async throws -> Response
  ) async throws -> Response {
    var mine = claim
    if case .known(let first, let answer) = try await RESTAccess.stored({ try await store.claim(claim) }) {
      guard first.fingerprint == claim.fingerprint else { throw Self.keyReused }
      if let answer { return try replay(answer, first, plan) }
      guard let plan else {
        throw Problem(.outcomeUnknown, "The server was interrupted when it carried this request out. Look at what is there.")
      }
      // What it would have made says whether it did.
      if try await plan.isThere(first.planned) { throw Self.notKept(first, plan) }
      mine = first
    }
    let response: Response
    do { response = try await effect(mine.planned) } catch {
      // What may have been done all the same keeps its key. When it cannot be given back, the caller is told that nobody knows.
      if Self.hadNoEffect(error) { try? await store.settle(mine, with: nil) }
      throw error
    }
    let kept = try await KeptAnswer.of(response, isSecret: isSecret)
    // It was done, whether that can be noted or not.
    try? await store.settle(mine, with: kept.answer)
    return kept.response
  }

  // MARK: telling it again

  private func replay(_ answer: KeptAnswer, _ claim: AnswerClaim, _ plan: Plan?) throws -> Response {
    guard let body = answer.body else { throw Self.notKept(claim, plan, answer) }
    var response = Response(status: .init(code: answer.status), body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    if !body.isEmpty { response.headers[.contentType] = "application/json" }
    response.headers[.cacheControl] = "no-store"
    if !answer.location.isEmpty { response.headers[.location] = answer.location }
    if !answer.tag.isEmpty { response.headers[.eTag] = answer.tag }
    response.headers[Self.replayed] = "true"
    return response
  }

  private static func notKept(_ claim: AnswerClaim, _ plan: Plan?, _ answer: KeptAnswer? = nil) -> Problem {
    guard let plan else {
      let place = answer.map { $0.location.isEmpty ? "" : ", see \($0.location)" } ?? ""
      return Problem(
        .answerNotKept, "The request was carried out\(place). Its answer was too large to be kept, or holds a secret that is told once.")
    }
    return Problem(
      .answerNotKept,
      "The \(plan.thing) \(claim.planned) was made by this request. Its secret is told once: revoke it and make another, with another idempotency key."
    )
  }

  static let keyReused = Problem(.keyReused, "This idempotency key came with another request before.")

  /// A refusal. A failure in the middle is none.
  private static func hadNoEffect(_ error: any Error) -> Bool {
    switch error {
    case let problem as Problem: problem.kind != .unconfirmed && problem.kind != .internalServerError
    case is RoomGuest.Ended: true
    default: false
    }
  }

  // MARK: what makes a request the same

  /// As it stands, quotes included. Other bytes than ASCII's do not reach us as they were sent, so two keys could become one.
  static func key(of request: Request) throws -> String? {
    let values = request.headers[values: field]
    guard let key = values.first else { return nil }
    guard values.count == 1, (1...128).contains(key.utf8.count), key.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) else {
      throw Problem(.badRequest, "There is one idempotency key, of 1 to 128 printable ASCII characters.")
    }
    return key
  }

  /// Everything that decides what the request does, each part with its length, so that none can stand for another.
  private static func fingerprint(of request: Request, _ body: String?) -> [UInt8] {
    let names: [HTTPField.Name] = [.ifMatch, RESTAccess.authorName, RESTAccess.authorKind]
    let fields = names.map { request.headers[values: $0].joined(separator: ",") }
    let parts = [request.method.rawValue, request.uri.string] + fields + [body ?? ""]
    var text = ""
    for part in parts { text += "\(part.utf8.count):\(part)" }
    return SHA256.digest(text)
  }
}

/// Requests with a key that are being answered, perhaps again: at most one of each.
private final class UnderWay: Sendable {
  private struct Name: Hashable {
    var holder: String
    var digest: [UInt8]
  }

  private let fingerprints = Mutex<[Name: [UInt8]]>([:])

  func enter(_ claim: AnswerClaim) throws(Problem) {
    let other = fingerprints.withLock { fingerprints -> [UInt8]? in
      let name = Name(holder: claim.holder, digest: claim.digest)
      if let other = fingerprints[name] { return other }
      fingerprints[name] = claim.fingerprint
      return nil
    }
    guard let other else { return }
    guard other == claim.fingerprint else { throw OnceDesk.keyReused }
    throw Problem(.inProgress, "The same request is being answered.", headers: [("retry-after", "1")])
  }

  func leave(_ claim: AnswerClaim) {
    _ = fingerprints.withLock { $0.removeValue(forKey: Name(holder: claim.holder, digest: claim.digest)) }
  }
}

extension KeptAnswer {
  /// What is to be kept of an answer, and the answer, whose body is read for it.
  fileprivate static func of(_ response: Response, isSecret: Bool) async throws -> (answer: KeptAnswer, response: Response) {
    var answer = KeptAnswer(
      status: response.status.code, location: response.headers[.location] ?? "", tag: response.headers[.eTag] ?? "", body: nil)
    let isSmall = response.body.contentLength.map { $0 <= bodyBytesMax } ?? false
    guard isSmall, !isSecret else { return (answer, response) }
    let copy = BodyCopy()
    try await response.body.write(copy)
    answer.body = Array(copy.bytes.readableBytesView)
    return (answer, response)
  }
}

/// Takes a body whose length is known.
private final class BodyCopy: ResponseBodyWriter {
  var bytes = ByteBuffer()
  func write(_ buffer: ByteBuffer) async throws { bytes.writeImmutableBuffer(buffer) }
  func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
