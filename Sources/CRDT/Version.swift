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
  public private(set) var entries: [Entry]

  public init() { entries = [] }

  /// Entries in any order; of several for one replica the highest counts; zeros are dropped.
  public init(_ unordered: some Sequence<Entry>) {
    entries = []
    for entry in unordered { raise(entry.replica, to: entry.seq) }
  }

  public var isEmpty: Bool { entries.isEmpty }

  public subscript(replica: ReplicaID) -> UInt64 {
    let at = index(of: replica)
    return at < entries.count && entries[at].replica == replica ? entries[at].seq : 0
  }

  /// Raises one replica's entry; a lower `seq` changes nothing.
  public mutating func raise(_ replica: ReplicaID, to seq: UInt64) {
    guard seq > 0 else { return }
    let at = index(of: replica)
    if at < entries.count, entries[at].replica == replica {
      if entries[at].seq < seq { entries[at].seq = seq }
    } else {
      entries.insert(Entry(replica: replica, seq: seq), at: at)
    }
  }

  public func covers(_ id: OpID) -> Bool { self[id.replica] >= id.seq }

  /// Whether everything that `other` has seen was seen here too.
  public func covers(_ other: Version) -> Bool { other.entries.allSatisfy { self[$0.replica] >= $0.seq } }

  /// The least version that covers both.
  public mutating func merge(_ other: Version) {
    for entry in other.entries { raise(entry.replica, to: entry.seq) }
  }

  public var description: String { "{" + entries.map { "\($0.replica):\($0.seq)" }.joined(separator: " ") + "}" }

  private func index(of replica: ReplicaID) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].replica < replica { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
