import CRDT
import DequeModule
import HeapModule

/// Replica ids lent and given back: who may write as whom, and what arrived from those who came back too late. Spec: CR5.
///
/// Knows nothing of durability: its owner writes each `ReplicaLease` that comes out before anybody hears of it.
struct LeaseTable: Sendable {
  struct Holder: Sendable {
    var lease: ReplicaLease
    /// The session that shows it now.
    var session: SessionID?
    /// The highest position its replica said to have applied; 0 when it never said.
    var seen: UInt64 = 0
  }

  enum Finding: Sendable {
    case inForce(Holder)
    case ended(ReplicaLease)
    case unknown
  }

  private var holders: [ReplicaID: Holder] = [:]
  private var replicaOfDigest: [[UInt8]: ReplicaID] = [:]
  private var ended: [[UInt8]: ReplicaLease] = [:]
  /// Digests of `ended`, in the order they were ended.
  private var endedOrder: Deque<[UInt8]> = []
  /// Ids below `next` that nobody holds.
  private var free: Heap<UInt32> = []
  /// Leases that no session shows, longest unused first. An entry that is out of date is passed over.
  private var unused: Deque<(replica: ReplicaID, touchedAtMilliseconds: UInt64)> = []
  private var next: UInt32 = 1
  private let endedCountMax: Int

  /// From the store: the newest record of each digest.
  init(_ records: [ReplicaLease], endedCountMax: Int) {
    self.endedCountMax = endedCountMax
    for record in records.sorted(by: { $0.touchedAtMilliseconds < $1.touchedAtMilliseconds }) {
      if record.seqAtEnd == nil {
        holders[record.replica] = Holder(lease: record)
        replicaOfDigest[record.secretDigest] = record.replica
        next = max(next, record.replica.rawValue + 1)
        noteUnused(record)
      } else {
        remember(record)
      }
    }
    for id in 1..<next where holders[ReplicaID(id)] == nil { free.insert(id) }
  }

  var count: Int { holders.count }
  subscript(replica: ReplicaID) -> Holder? { holders[replica] }

  /// Looks up by the digest alone: without the secret nobody learns whether a replica id is lent.
  func find(_ digest: [UInt8], replica: ReplicaID) -> Finding {
    if let holder = replicaOfDigest[digest].flatMap({ holders[$0] }) {
      return holder.lease.replica == replica ? .inForce(holder) : .unknown
    }
    if let lease = ended[digest], lease.replica == replica { return .ended(lease) }
    return .unknown
  }

  /// Whose lease in force has this secret.
  func replica(of digest: [UInt8]) -> ReplicaID? { replicaOfDigest[digest] }

  /// Lends the smallest free id. O(log ids).
  /// - Parameter seqOf: the highest `seq` the document holds of a replica.
  mutating func grant(digest: [UInt8], to session: SessionID, nowMilliseconds: UInt64, seqOf: (ReplicaID) -> UInt64) -> ReplicaLease {
    let id: UInt32
    if let smallest = free.popMin() {
      id = smallest
    } else {
      id = next
      next += 1
    }
    let replica = ReplicaID(id)
    let lease = ReplicaLease(replica: replica, secretDigest: digest, seqBefore: seqOf(replica), touchedAtMilliseconds: nowMilliseconds)
    holders[replica] = Holder(lease: lease, session: session)
    replicaOfDigest[digest] = replica
    return lease
  }

  /// Another session shows the lease. Returns the one that showed it before, if it is still there.
  mutating func resume(_ replica: ReplicaID, by session: SessionID) -> SessionID? {
    let before = holders[replica]?.session
    holders[replica]?.session = session
    return before == session ? nil : before
  }

  mutating func noteSeen(_ position: UInt64, by replica: ReplicaID) {
    guard let seen = holders[replica]?.seen, seen < position else { return }
    holders[replica]?.seen = position
  }

  /// The session went away; the lease stays. Returns the record to write, or `nil` when another session shows it already.
  mutating func release(_ replica: ReplicaID, by session: SessionID, nowMilliseconds: UInt64) -> ReplicaLease? {
    guard holders[replica]?.session == session else { return nil }
    holders[replica]?.session = nil
    let lease = touch(replica, nowMilliseconds: nowMilliseconds)
    if let lease { noteUnused(lease) }
    return lease
  }

  /// The lease that no session has shown for the longest time; `nil` when all are in use. Amortised O(1).
  mutating func popLongestUnused() -> ReplicaID? {
    while let entry = unused.popFirst() {
      if isUnused(entry) { return entry.replica }
    }
    return nil
  }

  private func isUnused(_ entry: (replica: ReplicaID, touchedAtMilliseconds: UInt64)) -> Bool {
    guard let holder = holders[entry.replica], holder.session == nil else { return false }
    return holder.lease.touchedAtMilliseconds == entry.touchedAtMilliseconds
  }

  private mutating func noteUnused(_ lease: ReplicaLease) {
    unused.append((lease.replica, lease.touchedAtMilliseconds))
    // Sessions that come and go leave entries behind: never more than there are leases.
    if unused.count > 2 * holders.count + 64 { unused = unused.filter { isUnused($0) } }
  }

  mutating func touch(_ replica: ReplicaID, nowMilliseconds: UInt64) -> ReplicaLease? {
    holders[replica]?.lease.touchedAtMilliseconds = nowMilliseconds
    return holders[replica]?.lease
  }

  /// Ends a lease: its id is free, its secret still tells what arrived. Returns the record to write.
  mutating func end(_ replica: ReplicaID, seq: UInt64, nowMilliseconds: UInt64) -> ReplicaLease? {
    guard var lease = holders.removeValue(forKey: replica)?.lease else { return nil }
    replicaOfDigest[lease.secretDigest] = nil
    free.insert(replica.rawValue)
    lease.seqAtEnd = seq
    lease.touchedAtMilliseconds = nowMilliseconds
    remember(lease)
    return lease
  }

  /// Holders in the order of their ids. O(leases log leases): for upkeep only.
  var inOrder: [Holder] { holders.values.sorted { $0.lease.replica < $1.lease.replica } }

  /// The lowest position that some lease in force has not said to have passed; `nil` without leases. O(leases).
  var lowestSeen: UInt64? { holders.values.lazy.map(\.seen).min() }

  private mutating func remember(_ lease: ReplicaLease) {
    if ended.updateValue(lease, forKey: lease.secretDigest) == nil { endedOrder.append(lease.secretDigest) }
    while ended.count > endedCountMax, let oldest = endedOrder.popFirst() { ended[oldest] = nil }
  }
}
