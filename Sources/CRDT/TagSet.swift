/// The adds of one element of an observed-remove set that nobody has removed: the element is in the set while there is one.
///
/// No tombstones: a removal that came is simply a tag less; versions tell a removed tag from one that was never seen.
/// The first tag lies inline, since nearly every element has exactly one. Spec: DO4, ME2. Source: Bieniusa et al. 2012.
public struct TagSet: Hashable, Sendable {
  /// The earliest add that is still there.
  public private(set) var lowest: Stamp?
  /// The others, ascending.
  private var others: [Stamp] = []

  public init() {}

  public var isEmpty: Bool { lowest == nil }
  public var count: Int { lowest == nil ? 0 : 1 + others.count }
  /// Ascending.
  public var tags: [Stamp] { lowest.map { [$0] + others } ?? [] }

  /// Ascending, without an array of them.
  public func visit(_ body: (Stamp) -> Void) {
    if let lowest { body(lowest) }
    for tag in others { body(tag) }
  }

  /// - Returns: whether the tag is new.
  public mutating func add(_ tag: Stamp) -> Bool {
    guard let first = lowest else {
      lowest = tag
      return true
    }
    if tag == first { return false }
    if tag < first {
      others.insert(first, at: 0)
      lowest = tag
      return true
    }
    let at = Self.position(of: tag, in: others)
    if at < others.count, others[at] == tag { return false }
    others.insert(tag, at: at)
    return true
  }

  /// - Returns: whether the tag was there.
  public mutating func remove(_ tag: Stamp) -> Bool {
    guard let first = lowest else { return false }
    if tag == first {
      lowest = others.isEmpty ? nil : others.removeFirst()
      return true
    }
    let at = Self.position(of: tag, in: others)
    guard at < others.count, others[at] == tag else { return false }
    others.remove(at: at)
    return true
  }

  public func contains(_ tag: Stamp) -> Bool {
    if tag == lowest { return true }
    let at = Self.position(of: tag, in: others)
    return at < others.count && others[at] == tag
  }

  /// Keeps a tag that both hold, or that one holds and the other has not seen; what one has seen and does not hold was removed there. Spec: ME2.
  public mutating func merge(_ other: Self, mySeen: Version, theirSeen: Version) {
    var result = Self()
    for tag in tags where other.contains(tag) || !theirSeen.covers(tag.id) { _ = result.add(tag) }
    for tag in other.tags where !mySeen.covers(tag.id) { _ = result.add(tag) }
    self = result
  }

  private static func position(of tag: Stamp, in sorted: [Stamp]) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < tag { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
