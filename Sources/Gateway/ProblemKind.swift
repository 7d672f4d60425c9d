import NIOHTTP1

/// The kinds of problems that are told over HTTP: the one table of them. Nothing else is told, for a ``Problem`` is made of one.
///
/// A kind is stable, and clients may decide by it: its `type` is an address of this server, and what it answers is `advice`. A relative
/// reference, as a server has no name that lasts; RFC 9457 §3.1.1 allows it with its whole path.
enum ProblemKind: String, CaseIterable, Sendable {
  case badRequest = "malformed-request"
  case unauthorized = "not-authenticated"
  case forbidden
  case notFound = "not-found"
  case methodNotAllowed = "method-not-allowed"
  case requestTimeout = "too-slow"
  case conflict
  case idTaken = "id-taken"
  case lastOwner = "last-owner"
  case full
  case inProgress = "request-in-progress"
  case answerNotKept = "answer-not-kept"
  case outcomeUnknown = "outcome-unknown"
  case preconditionFailed = "stale-tag"
  case payloadTooLarge = "too-large"
  case unsupportedMediaType = "unsupported-media-type"
  case unprocessableEntity = "invalid-content"
  case keyReused = "idempotency-key-reused"
  case upgradeRequired = "upgrade-required"
  case tooManyRequests = "limit-reached"
  case internalServerError = "internal-error"
  case serviceUnavailable = "unavailable"
  case unconfirmed

  static let addressPrefix = "/problems/"

  var type: String { Self.addressPrefix + rawValue }

  /// For an error of a library, which knows a status only.
  init(status code: Int) {
    self =
      Self.allCases.first { $0.status.code == UInt(code) } ?? ((400..<500).contains(code) ? .badRequest : .internalServerError)
  }

  var status: HTTPResponseStatus {
    switch self {
    case .badRequest: .badRequest
    case .unauthorized: .unauthorized
    case .forbidden: .forbidden
    case .notFound: .notFound
    case .methodNotAllowed: .methodNotAllowed
    case .requestTimeout: .requestTimeout
    case .conflict, .idTaken, .lastOwner, .full, .inProgress, .answerNotKept, .outcomeUnknown: .conflict
    case .preconditionFailed: .preconditionFailed
    case .payloadTooLarge: .payloadTooLarge
    case .unsupportedMediaType: .unsupportedMediaType
    case .unprocessableEntity, .keyReused: .unprocessableEntity
    case .upgradeRequired: .upgradeRequired
    case .tooManyRequests: .tooManyRequests
    case .internalServerError: .internalServerError
    case .serviceUnavailable, .unconfirmed: .serviceUnavailable
    }
  }

  /// The same for every problem of a kind.
  var title: String {
    switch self {
    case .badRequest: "The request is malformed"
    case .unauthorized: "The caller is not known"
    case .forbidden: "The caller may not do this"
    case .notFound: "There is no such thing"
    case .methodNotAllowed: "The address does not take this method"
    case .requestTimeout: "The request came too slowly"
    case .conflict: "The state of the thing does not allow it"
    case .idTaken: "The id is taken"
    case .lastOwner: "A workflow keeps an owner"
    case .full: "There are as many as there may be"
    case .inProgress: "The same request is being answered already"
    case .answerNotKept: "The request was carried out, and its answer is not told again"
    case .outcomeUnknown: "Whether the request was carried out is not known"
    case .preconditionFailed: "The state is another one by now"
    case .payloadTooLarge: "The content is too large"
    case .unsupportedMediaType: "The content has another type than JSON"
    case .unprocessableEntity: "The content is not what the address takes"
    case .keyReused: "The idempotency key belongs to another request"
    case .upgradeRequired: "The address speaks WebSocket"
    case .tooManyRequests: "A limit was reached"
    case .internalServerError: "The server failed"
    case .serviceUnavailable: "The server cannot do it now"
    case .unconfirmed: "The request was begun, and not confirmed in time"
    }
  }

  /// What whoever gets it can do.
  var advice: String {
    switch self {
    case .badRequest:
      "A header, a parameter or the JSON itself is not of the form that the description of the API asks for. Mend it; the "
        + "same request fails again."
    case .unauthorized: "Send a token that is known and has not ended, as Authorization: Bearer TOKEN."
    case .forbidden: "Ask an owner of the workflow, or the operator of the server, for the role that detail names."
    case .notFound: "It never was, or is gone, or the address is misspelt."
    case .methodNotAllowed: "Allow names the methods that the address takes."
    case .requestTimeout: "Send the body faster. Nothing was done."
    case .conflict: "detail says what stands against it. Look at the thing, then decide."
    case .idTaken: "Choose another id, or leave it out."
    case .lastOwner: "Make somebody else an owner first."
    case .full: "Remove one that is not needed any more."
    case .inProgress: "Wait as long as Retry-After says, then send the same request with the same key again: its answer is told."
    case .answerNotKept:
      "The answer was too large to keep, or holds a secret that is told once. detail names what was made: look at it, or "
        + "revoke it and make another with a new key."
    case .outcomeUnknown:
      "The server ended, or lost its store, in the middle of the first request with this key. Look at what is there; to try "
        + "again take a new key."
    case .preconditionFailed: "Read the state anew; ETag tells its tag. Nothing was changed."
    case .payloadTooLarge: "detail says how much is taken. Nothing was done."
    case .unsupportedMediaType: "Send JSON, with Content-Type: application/json."
    case .unprocessableEntity: "The JSON is well-formed and not what is asked for; detail says where. Nothing was done."
    case .keyReused:
      "An idempotency key stands for one request: method, address, condition, author and body. Take a new key for another "
        + "one."
    case .upgradeRequired: "Open a WebSocket at the address."
    case .tooManyRequests: "limit names it, as in docs/LIMITS.md. Try again after Retry-After."
    case .internalServerError: "A defect of the server. Its log has more under the requestId."
    case .serviceUnavailable: "Try again after Retry-After. Nothing was done."
    case .unconfirmed: "It may still happen. Look at what is there before trying again."
    }
  }

  /// Trying again later helps.
  var isTransient: Bool { self == .inProgress || status == .tooManyRequests || status == .serviceUnavailable }
}
