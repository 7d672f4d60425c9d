/// Slots in the order of their keys: chunks of at most `chunkMax`, so that an insert anywhere moves a few kilobytes at most
/// and one at the end, the usual place, moves nothing.
///
/// Lookup O(log n), insert and remove O(log n + chunkMax); keys must be unique, ties go by slot.
struct SortedSlots<Key: Comparable & Sendable>: Sendable {
  struct Entry: Sendable {
    let key: Key
    let slot: Slot
  }

  static var chunkMax: Int { 128 }

  /// None empty.
  private var chunks: [[Entry]] = []
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  init() {}

  /// Entries in any order, each slot once. O(n) when they are sorted already.
  init(_ unordered: [Entry]) {
    var entries = unordered
    if zip(entries, entries.dropFirst()).contains(where: { !Self.precedes($0, $1) }) { entries.sort(by: Self.precedes) }
    count = entries.count
    var start = 0
    while start < entries.count {
      let end = min(start + Self.chunkMax / 2, entries.count)
      chunks.append(Array(entries[start..<end]))
      start = end
    }
  }

  mutating func insert(_ slot: Slot, key: Key) {
    let entry = Entry(key: key, slot: slot)
    count += 1
    guard let last = chunks.last?.last else { return chunks.append([entry]) }
    if Self.precedes(last, entry) {
      if chunks[chunks.count - 1].count < Self.chunkMax {
        chunks[chunks.count - 1].append(entry)
      } else {
        chunks.append([entry])
      }
      return
    }
    let at = chunk(for: entry)
    chunks[at].insert(entry, at: Self.position(of: entry, in: chunks[at]))
    guard chunks[at].count > Self.chunkMax else { return }
    let half = chunks[at].count / 2
    chunks.insert(Array(chunks[at][half...]), at: at + 1)
    chunks[at].removeSubrange(half...)
  }

  /// A slot that is not there is left alone.
  mutating func remove(_ slot: Slot, key: Key) {
    let entry = Entry(key: key, slot: slot)
    guard !chunks.isEmpty else { return }
    let at = chunk(for: entry)
    let position = Self.position(of: entry, in: chunks[at])
    guard position < chunks[at].count, chunks[at][position].slot == slot, chunks[at][position].key == key else { return }
    chunks[at].remove(at: position)
    if chunks[at].isEmpty { chunks.remove(at: at) }
    count -= 1
  }

  mutating func popFirst() -> Slot? {
    guard let entry = chunks.first?.first else { return nil }
    remove(entry.slot, key: entry.key)
    return entry.slot
  }

  /// In order.
  func visit(_ body: (Slot) -> Void) {
    for chunk in chunks { for entry in chunk { body(entry.slot) } }
  }

  /// The slots whose keys come after `key`, in order. O(log n + result).
  func slots(after key: Key) -> [Slot] {
    var result: [Slot] = []
    var low = 0
    var high = chunks.count
    while low < high {
      let middle = (low + high) / 2
      if let last = chunks[middle].last, last.key <= key { low = middle + 1 } else { high = middle }
    }
    for chunk in chunks[low...] { for entry in chunk where key < entry.key { result.append(entry.slot) } }
    return result
  }

  /// The first chunk whose last entry does not come before `entry`, or the last chunk.
  private func chunk(for entry: Entry) -> Int {
    var low = 0
    var high = chunks.count - 1
    while low < high {
      let middle = (low + high) / 2
      if let last = chunks[middle].last, Self.precedes(last, entry) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func position(of entry: Entry, in chunk: [Entry]) -> Int {
    var low = 0
    var high = chunk.count
    while low < high {
      let middle = (low + high) / 2
      if precedes(chunk[middle], entry) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func precedes(_ a: Entry, _ b: Entry) -> Bool { a.key == b.key ? a.slot < b.slot : a.key < b.key }
}
