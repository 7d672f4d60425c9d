/// The JSON names of a message's fields: lowerCamelCase as written, and snake_case as in `collab.proto`.
///
/// Lookup is O(1) for members in the order in which encoders write them: the field after the last one found is tried first. Names live in
/// memory that is never given back: there is one table per type of message, and so a reader passes it around without counting references.
struct FieldNames: @unchecked Sendable {
  // Unchecked: what the pointers point to is written before they are, and never again.
  private struct Entry {
    var number: UInt32
    var key: NameKey
    var bytes: UnsafeBufferPointer<UInt8>
  }
  private let entries: UnsafeBufferPointer<Entry>
  /// How many of the entries are lowerCamelCase names.
  private let camelCount: Int

  /// Number and lowerCamelCase name, as given.
  var fields: [(number: UInt32, name: String)] {
    entries.prefix(camelCount).map { (number: $0.number, name: String(decoding: $0.bytes, as: UTF8.self)) }
  }

  /// Names by number from 1.
  init(_ names: StaticString...) {
    self.init(names.enumerated().map { (UInt32($0.offset + 1), "\($0.element)") })
  }

  init(_ fields: [(UInt32, String)]) {
    let snake = fields.map { ($0.0, Self.snakeCase($0.1)) }.filter { snake in !fields.contains { $0.1 == snake.1 } }
    entries = Self.forever((fields + snake).map { Self.entry($0.0, $0.1) })
    camelCount = fields.count
  }

  private static func forever<T>(_ elements: [T]) -> UnsafeBufferPointer<T> {
    let memory = UnsafeMutableBufferPointer<T>.allocate(capacity: elements.count)
    _ = memory.initialize(from: elements)
    return UnsafeBufferPointer(memory)
  }

  private static func entry(_ number: UInt32, _ name: String) -> Entry {
    let bytes = forever(Array(name.utf8))
    return Entry(number: number, key: NameKey(bytes.baseAddress!, count: bytes.count, readable: bytes.count), bytes: bytes)
  }

  static func snakeCase(_ name: String) -> String {
    var result = ""
    for character in name {
      if character.isUppercase { result += "_" + character.lowercased() } else { result.append(character) }
    }
    return result
  }

  /// - Parameters: `count` bytes at `name` of which `readable` may be read; `next` is where to look first, and is moved on.
  /// - Returns: 0 for a name that is not known.
  @inline(__always)
  func number(of name: UnsafePointer<UInt8>, count: Int, readable: Int, next: inout Int) -> UInt32 {
    let key = NameKey(name, count: count, readable: readable)
    if next < entries.count, entries[next].key == key, Self.middle(entries[next], name, count) {
      next += 1
      return entries[next - 1].number
    }
    for at in entries.indices where entries[at].key == key && Self.middle(entries[at], name, count) {
      next = at + 1
      return entries[at].number
    }
    return 0
  }

  /// The bytes that a key does not hold.
  @inline(__always)
  private static func middle(_ entry: Entry, _ name: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    if count <= 16 { return true }
    for at in 8..<(count - 8) where entry.bytes[at] != name[at] { return false }
    return true
  }
}

/// Length, first eight and last eight bytes of a name: all of it up to 16 bytes.
private struct NameKey: Equatable {
  let count: Int
  let head: UInt64
  let tail: UInt64

  @inline(__always)
  init(_ name: UnsafePointer<UInt8>, count: Int, readable: Int) {
    self.count = count
    let raw = UnsafeRawPointer(name)
    if count >= 8 {
      head = raw.loadUnaligned(as: UInt64.self)
      tail = raw.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
    } else if readable >= 8 {
      head = raw.loadUnaligned(as: UInt64.self).littleEndian & (1 << UInt64(8 * count) - 1)
      tail = 0
    } else {
      var word: UInt64 = 0
      for at in 0..<count { word |= UInt64(name[at]) << UInt64(8 * at) }
      head = word
      tail = 0
    }
  }
}
