/// Removals that came before the add they name, remembered until the version covers that add. Spec: DO6.
///
/// Filed under the change that will bring the add, so that applying a change forgets exactly what it settled, in O(1). What every change
/// asks is inlinable: left generic, the call alone cost a sixth of applying an op.
@frozen public struct PendingRemovals<Element: Hashable>: Equatable {
  @frozen public struct Removal: Hashable {
    public let element: Element
    public let tag: Stamp
    @inlinable public init(element: Element, tag: Stamp) {
      self.element = element
      self.tag = tag
    }
  }

  @usableFromInline struct ChangeName: Hashable, Sendable {
    let replica: ReplicaID
    let seq: UInt64
    @usableFromInline init(replica: ReplicaID, seq: UInt64) {
      self.replica = replica
      self.seq = seq
    }
  }

  @usableFromInline var waiting: [ChangeName: Set<Removal>] = [:]

  public init() {}

  @inlinable public var isEmpty: Bool { waiting.isEmpty }
  /// How many removals wait.
  public var count: Int { waiting.values.reduce(0) { $0 + $1.count } }
  /// In no particular order.
  public var removals: [Removal] { waiting.values.flatMap { $0 } }

  public mutating func remember(_ element: Element, _ tag: Stamp) {
    waiting[ChangeName(replica: tag.replica, seq: tag.seq), default: []].insert(Removal(element: element, tag: tag))
  }

  /// Whether the add with this tag was removed before it came.
  @inlinable public func contains(_ element: Element, _ tag: Stamp) -> Bool {
    guard !waiting.isEmpty else { return false }
    return waiting[ChangeName(replica: tag.replica, seq: tag.seq)]?.contains(Removal(element: element, tag: tag)) ?? false
  }

  /// Forgets what waited for this change: it has come.
  @inlinable public mutating func settle(_ replica: ReplicaID, _ seq: UInt64) {
    guard !waiting.isEmpty else { return }
    waiting[ChangeName(replica: replica, seq: seq)] = nil
  }

  /// Takes over the other's, then hands out and forgets those that `version` covers.
  public mutating func merge(_ other: Self, covered version: Version) -> [Removal] {
    for (name, removals) in other.waiting { waiting[name, default: []].formUnion(removals) }
    var settled: [Removal] = []
    for (name, removals) in waiting where version[name.replica] >= name.seq {
      settled.append(contentsOf: removals)
      waiting[name] = nil
    }
    return settled
  }
}

extension PendingRemovals: Sendable where Element: Sendable {}
extension PendingRemovals.Removal: Sendable where Element: Sendable {}
