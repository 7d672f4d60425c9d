/// Names one op: the `index`-th of the change `seq` of `replica`. Spec: CR2.
public struct OpID: Hashable, Sendable {
  public var replica: ReplicaID
  public var seq: UInt64
  public var index: UInt32
  @inlinable public init(replica: ReplicaID, seq: UInt64, index: UInt32) {
    self.replica = replica
    self.seq = seq
    self.index = index
  }
}

/// An op's id with the time it was made: the total order in which the last writer wins.
///
/// Compared as (hlc, replica, seq, index). No two ops share a stamp. Also the tag of an OR-set's element. Spec: CR2.
public struct Stamp: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var hlc: HybridTime
  public var seq: UInt64
  public var replica: ReplicaID
  public var index: UInt32
  @inlinable public init(hlc: HybridTime, replica: ReplicaID, seq: UInt64, index: UInt32) {
    self.hlc = hlc
    self.seq = seq
    self.replica = replica
    self.index = index
  }
  @inlinable public var id: OpID { OpID(replica: replica, seq: seq, index: index) }
  @inlinable public static func < (a: Self, b: Self) -> Bool {
    if a.hlc != b.hlc { return a.hlc < b.hlc }
    if a.replica != b.replica { return a.replica < b.replica }
    if a.seq != b.seq { return a.seq < b.seq }
    return a.index < b.index
  }
  public var description: String { "\(hlc)@\(replica):\(seq).\(index)" }
}
