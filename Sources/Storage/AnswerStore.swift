/// Where answers to requests with an idempotency key last, so that they are told again in place of doing the same twice. Spec: RQ1 to RQ5.
///
/// What a call answers is durable. Bounded by `KeptAnswer`'s limits: answers leave by age, and those that were made first when there are too many.
/// Safe to call from any thread.
public protocol AnswerStore: Sendable {
  /// Takes a key for a request that is about to be carried out, or says what is known of the one that has it.
  func claim(_ claim: AnswerClaim) async throws(StoreError) -> ClaimOutcome
  /// Notes the answer under a claim; `nil` gives the key back, as nothing was done. Nothing happens when the claim has gone meanwhile.
  func settle(_ claim: AnswerClaim, with answer: KeptAnswer?) async throws(StoreError)
}

/// A key of a caller, taken for one request.
public struct AnswerClaim: Hashable, Sendable {
  /// In whose count it is: a subject. Guests of all links that one subject made share one.
  public var holder: String
  /// SHA-256 of subject and key.
  public var digest: [UInt8]
  /// SHA-256 of the request.
  public var fingerprint: [UInt8]
  /// The id of what is to be made, where that is known before; else empty.
  public var planned: String
  /// Since 1970.
  public var claimedAtMilliseconds: UInt64

  public init(holder: String, digest: [UInt8], fingerprint: [UInt8], planned: String = "", claimedAtMilliseconds: UInt64) {
    self.holder = holder
    self.digest = digest
    self.fingerprint = fingerprint
    self.planned = planned
    self.claimedAtMilliseconds = claimedAtMilliseconds
  }
}

/// What a request was answered once it was carried out.
public struct KeptAnswer: Hashable, Sendable {
  /// So long a key stands for its request.
  public static let ageMillisecondsMax: UInt64 = 24 * 3_600_000
  /// Keys of one holder; with more, those that were taken first go.
  public static let countPerHolderMax = 5_000
  /// Keys of all; with more, the first ones of whoever has most go.
  public static let countMax = 20_000
  /// A larger body is not kept: 20 000 of these are 640 MiB.
  public static let bodyBytesMax = 32 << 10
  /// Of what is too old or too many, dropped with one claim: more than come with one, and little enough to hold up no commit.
  public static let dropCountMax = 200

  public var status: Int
  public var location: String
  public var tag: String
  /// `nil`: not kept. Its status is, and what was made.
  public var body: [UInt8]?

  public init(status: Int, location: String = "", tag: String = "", body: [UInt8]?) {
    self.status = status
    self.location = location
    self.tag = tag
    self.body = body
  }
}

public enum ClaimOutcome: Hashable, Sendable {
  /// It is the caller's now.
  case claimed
  /// It is taken; `answer` is `nil` when none was noted: the request is under way, or was when its server ended.
  case known(AnswerClaim, answer: KeptAnswer?)
}
