public import OutboundPolicy
public import RateLimits
import Synchronization

/// What subjects and addresses have done lately, for all connections and requests of a server together.
///
/// Bounded whatever comes: see `AccountTable`.
public final class LimitLedger: Sendable {
  public let rates: RateTable
  /// Monotonic milliseconds.
  let now: @Sendable () -> UInt64
  /// Told of each refusal by one of `rates`, this ledger's own and those that are noted here.
  private let onRefusal: @Sendable (RateName) -> Void
  private let subjects = AccountTable<String>()
  private let addresses = AccountTable<IPAddress>()

  public init(_ rates: RateTable, onRefusal: @escaping @Sendable (RateName) -> Void = { _ in }, now: @escaping @Sendable () -> UInt64) {
    self.rates = rates
    self.now = now
    self.onRefusal = onRefusal
  }

  /// - Parameter address: `nil` for a peer without one.
  public func account(of address: IPAddress?) -> LimitAccount? {
    address.map { addresses.account(of: $0.counted) { LimitAccount(.address, self.rates) } }
  }

  /// - Returns: `nil` for nobody in particular, as in open mode.
  public func account(ofSubject subject: String) -> LimitAccount? {
    subject.isEmpty ? nil : subjects.account(of: subject) { LimitAccount(.subject, self.rates) }
  }

  /// Takes from all who are asked or from none.
  public func take(_ thing: RatedThing, count: UInt64 = 1, _ accounts: LimitAccount?...) -> RateRefusal? {
    let now = now()
    for (index, account) in accounts.enumerated() {
      guard let refusal = account?.take(count, thing, nowMilliseconds: now) else { continue }
      for account in accounts[..<index] { account?.giveBack(count, thing) }
      note(refusal)
      return refusal
    }
    return nil
  }

  /// For the count of refusals: one by a bucket that is not in here.
  func note(_ refusal: RateRefusal) { onRefusal(refusal.name) }

  /// Accounts that are remembered, for tests and figures.
  public var accountCount: Int { subjects.count + addresses.count }
}

/// The buckets of one subject or address.
public final class LimitAccount: Sendable {
  private let scope: RateScope
  private let rates: RateTable
  private let row = Mutex(BucketRow())

  init(_ scope: RateScope, _ rates: RateTable) {
    self.scope = scope
    self.rates = rates
  }

  func take(_ count: UInt64, _ thing: RatedThing, nowMilliseconds: UInt64) -> RateRefusal? {
    row.withLock { $0.take(count, RateName(thing, per: scope), rates, nowMilliseconds: nowMilliseconds) }
  }

  func owe(_ count: UInt64, _ thing: RatedThing, nowMilliseconds: UInt64) -> UInt64 {
    row.withLock { $0.owe(count, RateName(thing, per: scope), rates, nowMilliseconds: nowMilliseconds) }
  }

  func giveBack(_ count: UInt64, _ thing: RatedThing) { row.withLock { $0.giveBack(count, RateName(thing, per: scope), rates) } }
}

/// Accounts by key: those in use, and the last thousands that were used.
///
/// Two generations: who is asked for is moved to the young one; when that is full the old one is forgotten, but for accounts that somebody
/// still holds. So a key that comes back soon finds what it owes, and a flood of new keys costs a bounded amount of memory; whoever can make
/// such a flood has other keys to spend anyway.
final class AccountTable<Key: Hashable & Sendable>: Sendable {
  /// Of one generation. An account with its place here takes about 350 bytes.
  static var generationCountMax: Int { 16_384 }

  private struct State {
    var young: [Key: LimitAccount] = [:]
    var old: [Key: LimitAccount] = [:]
    /// Accounts in use do not go: when they are many the young generation grows, so that they are not looked through all the time.
    var youngCountMax = AccountTable.generationCountMax
  }

  private let state = Mutex(State())

  var count: Int { state.withLock { $0.young.count + $0.old.count } }

  func account(of key: Key, make: () -> LimitAccount) -> LimitAccount {
    // What is forgotten, thousands of accounts, comes out of the lock and is freed behind it.
    let (account, _) = state.withLock { state -> (LimitAccount, forgotten: [Key: LimitAccount]) in
      if let account = state.young[key] { return (account, [:]) }
      let account = state.old.removeValue(forKey: key) ?? make()
      let forgotten = state.young.count >= state.youngCountMax ? Self.turn(&state) : [:]
      state.young[key] = account
      return (account, forgotten)
    }
    return account
  }

  private static func turn(_ state: inout State) -> [Key: LimitAccount] {
    var kept: [Key: LimitAccount] = [:]
    // An account leaves this table under the lock only: one that nobody else holds now is held by nobody.
    // Not by `indices`: they hold the dictionary themselves, and a change would copy all of it.
    var index = state.old.startIndex
    while index != state.old.endIndex {
      if !isKnownUniquelyReferenced(&state.old.values[index]) { kept[state.old.keys[index]] = state.old.values[index] }
      state.old.formIndex(after: &index)
    }
    let forgotten = state.old
    state.old = state.young
    state.young = kept
    state.youngCountMax = max(generationCountMax, 2 * kept.count)
    return forgotten
  }
}
