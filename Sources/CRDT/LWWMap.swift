/// Last-writer-wins registers by key, kept in one array sorted by key.
///
/// Meant for the few dozen fields of one thing: a lookup is O(log n) within one allocation, a new key moves what follows it.
/// Whoever fills it bounds its size.
@frozen public struct LWWMap<Key: Comparable, Value> {
  @frozen public struct Entry {
    public let key: Key
    public var register: LWWRegister<Value>
    @inlinable public init(key: Key, register: LWWRegister<Value>) {
      self.key = key
      self.register = register
    }
  }

  @usableFromInline var storage: [Entry]

  /// Keys ascending, each once.
  @inlinable public var entries: [Entry] { storage }

  @inlinable public init() { self.init(sorted: []) }

  /// Empty, with room for so many.
  @inlinable public init(capacity: Int) {
    storage = []
    storage.reserveCapacity(capacity)
  }

  /// - Precondition: keys strictly ascending.
  @inlinable init(sorted entries: [Entry]) { storage = entries }

  /// Entries in any order; of several for one key the highest stamp wins.
  @inlinable public init(_ unordered: [Entry]) {
    self.init()
    storage.reserveCapacity(unordered.count)
    for entry in unordered { _ = write(entry.key, entry.register.value, stamp: entry.register.stamp) }
  }

  @inlinable public var isEmpty: Bool { storage.isEmpty }
  @inlinable public var count: Int { storage.count }

  @inlinable public subscript(key: Key) -> LWWRegister<Value>? {
    let at = position(of: key)
    return at < storage.count && storage[at].key == key ? storage[at].register : nil
  }

  @inlinable public mutating func write(_ key: Key, _ value: Value, stamp: Stamp) -> LWWOutcome<Value> {
    let at = position(of: key)
    if at < storage.count, storage[at].key == key { return storage[at].register.write(value, stamp: stamp) }
    let entry = Entry(key: key, register: LWWRegister(value, stamp: stamp))
    if at < storage.count {
      storage.insert(entry, at: at)
    } else {
      // Growing by ones at first would take a new array for each of the fields that nearly everything has.
      if storage.isEmpty { storage.reserveCapacity(4) }
      storage.append(entry)
    }
    return .first
  }

  /// Takes in an entry behind all others, as readers of sorted forms have them.
  @inlinable public mutating func append(_ key: Key, _ value: Value, stamp: Stamp) {
    if let last = storage.last { precondition(last.key < key, "keys out of order") }
    storage.append(Entry(key: key, register: LWWRegister(value, stamp: stamp)))
  }

  @inlinable public mutating func removeAll(where gone: (Entry) -> Bool) { storage.removeAll(where: gone) }

  /// Key by key what `LWWRegister.merged` says. Spec: ME2.
  @inlinable public mutating func merge(_ other: Self, mySeen: Version, theirSeen: Version) {
    var result: [Entry] = []
    result.reserveCapacity(max(storage.count, other.storage.count))
    var mine = storage[...]
    var theirs = other.storage[...]
    while let key = Self.least(mine.first?.key, theirs.first?.key) {
      let left = mine.first?.key == key ? mine.removeFirst().register : nil
      let right = theirs.first?.key == key ? theirs.removeFirst().register : nil
      if let register = LWWRegister.merged(left, seen: mySeen, right, seen: theirSeen) {
        result.append(Entry(key: key, register: register))
      }
    }
    storage = result
  }

  @inlinable static func least(_ a: Key?, _ b: Key?) -> Key? {
    guard let a else { return b }
    guard let b else { return a }
    return min(a, b)
  }

  @inlinable func position(of key: Key) -> Int {
    // New keys come mostly in ascending order, and the newest key is often written again.
    if let last = storage.last, last.key < key { return storage.count }
    var low = 0
    var high = storage.count
    while low < high {
      let middle = (low &+ high) / 2
      if storage[middle].key < key { low = middle &+ 1 } else { high = middle }
    }
    return low
  }
}

extension LWWMap: Sendable where Key: Sendable, Value: Sendable {}
extension LWWMap.Entry: Sendable where Key: Sendable, Value: Sendable {}
extension LWWMap: Equatable where Value: Equatable {}
extension LWWMap.Entry: Equatable where Value: Equatable {}
