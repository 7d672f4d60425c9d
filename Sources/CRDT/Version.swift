/// A version vector: for each replica the highest contiguous `seq` seen. "Have I seen it" is decided here, never by clocks.
///
/// A replica that is not mentioned counts as 0. Entries are kept sorted by replica, none with seq 0, so equal versions are
/// equal values and encode to equal bytes. Lookup is O(log replicas). Spec: CR4.
public struct Version: Hashable, Sendable, CustomStringConvertible {
  public struct Entry: Hashable, Sendable {
    public var replica: ReplicaID
    public var seq: UInt64
    @inlinable public init(replica: ReplicaID, seq: UInt64) {
      self.replica = replica
      self.seq = seq
    }
  }

  /// Sorted by replica, each once, seq > 0.
  @inlinable public var entries: [Entry] { storage }
  @usableFromInline var storage: [Entry]

  @inlinable public init() { storage = [] }

  /// Entries in any order; of several for one replica the highest counts; zeros are dropped.
  public init(_ unordered: some Sequence<Entry>) {
    storage = []
    for entry in unordered { raise(entry.replica, to: entry.seq) }
  }

  @inlinable public var isEmpty: Bool { storage.isEmpty }

  @inlinable public subscript(replica: ReplicaID) -> UInt64 {
    let at = index(of: replica)
    return at < storage.count && storage[at].replica == replica ? storage[at].seq : 0
  }

  /// Raises one replica's entry; a lower `seq` changes nothing.
  @inlinable public mutating func raise(_ replica: ReplicaID, to seq: UInt64) {
    guard seq > 0 else { return }
    let at = index(of: replica)
    if at < storage.count, storage[at].replica == replica {
      if storage[at].seq < seq { storage[at].seq = seq }
    } else {
      storage.insert(Entry(replica: replica, seq: seq), at: at)
    }
  }

  @inlinable public func covers(_ id: OpID) -> Bool { self[id.replica] >= id.seq }

  /// Whether everything that `other` has seen was seen here too.
  @inlinable public func covers(_ other: Version) -> Bool { other.storage.allSatisfy { self[$0.replica] >= $0.seq } }

  /// The least version that covers both.
  public mutating func merge(_ other: Version) {
    for entry in other.storage { raise(entry.replica, to: entry.seq) }
  }

  public var description: String { "{" + entries.map { "\($0.replica):\($0.seq)" }.joined(separator: " ") + "}" }

  @inlinable func index(of replica: ReplicaID) -> Int {
    var low = 0
    var high = storage.count
    while low < high {
      let middle = (low + high) / 2
      if storage[middle].replica < replica { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
