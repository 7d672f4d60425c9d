import CollabProtocol
import RateLimits
import RoomCore

/// Holds one session to its rates, and to its share of those of its subject and its address. Confined to the session's loop. Spec: LM3.
struct SessionMeter {
  private let ledger: LimitLedger
  private let address: LimitAccount?
  private(set) var subject: LimitAccount?
  private var own = BucketRow()

  init(_ ledger: LimitLedger, address: LimitAccount?) {
    self.ledger = ledger
    self.address = address
  }

  /// Who it is; known with the hello.
  /// - Parameter connects: false for a request, which opens nothing that lasts.
  mutating func identify(_ subject: String, connects: Bool) -> RateRefusal? {
    self.subject = ledger.account(ofSubject: subject)
    return connects ? ledger.take(.connects, self.subject) : nil
  }

  /// A message is there, and was read already.
  /// - Returns: milliseconds for which no more should be read.
  mutating func heard(bytes: Int) -> UInt64 {
    let now = ledger.now()
    return max(owe(1, .messages, now), owe(UInt64(bytes), .bytes, now))
  }

  /// Milliseconds until all that was read is paid for, by this session and those who share its rates.
  mutating func owed() -> UInt64 {
    let now = ledger.now()
    return max(owe(0, .messages, now), owe(0, .bytes, now))
  }

  private mutating func owe(_ count: UInt64, _ thing: RatedThing, _ now: UInt64) -> UInt64 {
    let mine = own.owe(count, RateName(thing, per: .session), ledger.rates, nowMilliseconds: now)
    let shared = max(
      subject?.owe(count, thing, nowMilliseconds: now) ?? 0, address?.owe(count, thing, nowMilliseconds: now) ?? 0)
    return max(mine, shared)
  }

  /// From session, subject and address, or from none of them.
  mutating func take(_ thing: RatedThing) -> RateRefusal? {
    let name = RateName(thing, per: .session)
    if let refusal = own.take(1, name, ledger.rates, nowMilliseconds: ledger.now()) {
      ledger.note(refusal)
      return refusal
    }
    guard let refusal = ledger.take(thing, subject, address) else { return nil }
    own.giveBack(1, name, ledger.rates)
    return refusal
  }

  /// What a change costs that the room counts for the session itself.
  func takeOps(of batch: ChangeBatch) -> RateRefusal? { ledger.take(.ops, count: batch.opCount, subject, address) }

  /// How many ops an outside edit makes is known when it was made: this one is asked whether anything is owed, and the next one is for it.
  func takeEdit() -> RateRefusal? { ledger.take(.ops, subject, address) }

  /// Of an outside edit that was made, the first of which `takeEdit` took.
  func made(opCount: Int) {
    guard opCount > 1 else { return }
    let now = ledger.now()
    for account in [subject, address] { _ = account?.owe(UInt64(opCount - 1), .ops, nowMilliseconds: now) }
  }

  /// - Returns: a refusal for who goes on and on.
  mutating func refused() -> RateRefusal? {
    let refusal = own.take(1, RateName(.refusals, per: .session), ledger.rates, nowMilliseconds: ledger.now())
    if let refusal { ledger.note(refusal) }
    return refusal
  }
}
