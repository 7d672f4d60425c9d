import Synchronization

/// Kept answers of a store in memory. O(what is there) whenever something leaves: for tests and for servers that keep nothing.
struct MemoryAnswers: Sendable {
  private struct Entry {
    var claim: AnswerClaim
    var answer: KeptAnswer?
    var order: UInt64
  }

  /// By holder, then digest.
  private var entries: [String: [[UInt8]: Entry]] = [:]
  private var count = 0
  private var claimCount: UInt64 = 0
  /// No claim is older.
  private var oldestMilliseconds = UInt64.max

  mutating func claim(_ claim: AnswerClaim) -> ClaimOutcome {
    dropOld(claim.claimedAtMilliseconds)
    if let known = entries[claim.holder]?[claim.digest] { return .known(known.claim, answer: known.answer) }
    let own = entries[claim.holder]?.count ?? 0
    if own >= KeptAnswer.countPerHolderMax { drop(own - KeptAnswer.countPerHolderMax + 1, of: claim.holder) }
    if count >= KeptAnswer.countMax, let greatest = entries.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) })?.key {
      drop(KeptAnswer.dropCountMax, of: greatest)
    }
    claimCount += 1
    count += 1
    oldestMilliseconds = min(oldestMilliseconds, claim.claimedAtMilliseconds)
    entries[claim.holder, default: [:]][claim.digest] = Entry(claim: claim, answer: nil, order: claimCount)
    return .claimed
  }

  mutating func settle(_ claim: AnswerClaim, with answer: KeptAnswer?) {
    guard let entry = entries[claim.holder]?[claim.digest], entry.claim.claimedAtMilliseconds == claim.claimedAtMilliseconds else { return }
    if let answer { entries[claim.holder]?[claim.digest]?.answer = answer } else { remove(claim.digest, of: claim.holder) }
  }

  var counts: [String: Int] { entries.mapValues(\.count) }

  /// Takes all answers away and leaves the claims, as a server that ended behind its effects would have.
  mutating func loseAnswers() {
    for (holder, own) in entries { entries[holder] = own.mapValues { Entry(claim: $0.claim, answer: nil, order: $0.order) } }
  }

  private mutating func dropOld(_ now: UInt64) {
    func isOld(_ time: UInt64) -> Bool { now >= KeptAnswer.ageMillisecondsMax && time <= now - KeptAnswer.ageMillisecondsMax }
    guard isOld(oldestMilliseconds) else { return }
    for own in entries.values {
      for entry in own.values where isOld(entry.claim.claimedAtMilliseconds) { remove(entry.claim.digest, of: entry.claim.holder) }
    }
    oldestMilliseconds = entries.values.flatMap(\.values).map(\.claim.claimedAtMilliseconds).min() ?? .max
  }

  /// Those that were claimed first.
  private mutating func drop(_ count: Int, of holder: String) {
    let first = (entries[holder] ?? [:]).values.sorted { $0.order < $1.order }.prefix(count)
    for entry in first { remove(entry.claim.digest, of: holder) }
  }

  private mutating func remove(_ digest: [UInt8], of holder: String) {
    entries[holder]?[digest] = nil
    count -= 1
    if entries[holder]?.isEmpty == true { entries[holder] = nil }
  }
}

extension InMemoryWorkflowStore: AnswerStore {
  public func claim(_ claim: AnswerClaim) async throws(StoreError) -> ClaimOutcome {
    try await perform { contents throws(StoreError) in contents.answers.claim(claim) }
  }

  public func settle(_ claim: AnswerClaim, with answer: KeptAnswer?) async throws(StoreError) {
    try await perform { contents throws(StoreError) in contents.answers.settle(claim, with: answer) }
  }
}

/// For tests.
extension InMemoryWorkflowStore {
  /// The answers to all requests with a key are lost, their claims are not.
  public func loseAnswers() { state.withLock { $0.contents.answers.loseAnswers() } }

  /// How many keys are in whose count.
  public var answerCounts: [String: Int] { state.withLock { $0.contents.answers.counts } }
}
