/// The room that a message may need at most, so that it is reserved once and written without further checks.
///
/// Exact in the large parts (texts and byte strings), generous in the small ones. O(fields), and O(bytes) for long texts in JSON.
struct SizeBound: WireWriter {
  /// Tag, length and comma; name with quotes and colon is counted apart.
  private static let fieldBytes = 16
  /// A 64-bit number with quotes, or a double in its longest form.
  private static let numberBytes = 26

  let encoding: WireEncoding
  private(set) var bytes = 8

  init(_ encoding: WireEncoding) { self.encoding = encoding }

  @inline(__always) private mutating func field(_ name: StaticString) { bytes += Self.fieldBytes + name.utf8CodeUnitCount }

  @inline(__always) private mutating func text(_ value: String) {
    let count = value.utf8.count
    if encoding == .proto {
      bytes += count
    } else if count <= 64 {
      bytes += 6 * count
    } else {
      bytes += Self.escapedBytes(value)
    }
  }

  private static func escapedBytes(_ value: String) -> Int {
    var value = value
    return value.withUTF8 { text in
      var bytes = text.count
      for byte in text where byte < 0x20 || byte == 0x22 || byte == 0x5c { bytes += byte < 0x20 ? 5 : 1 }
      return bytes
    }
  }

  @inline(__always) mutating func uint32(_ number: UInt32, _ name: StaticString, _ value: UInt32) { uint64(number, name, UInt64(value)) }
  @inline(__always) mutating func uint64(_ number: UInt32, _ name: StaticString, _ value: UInt64) {
    guard value != 0 else { return }
    field(name)
    bytes += Self.numberBytes
  }
  @inline(__always) mutating func fixed32(_ number: UInt32, _ name: StaticString, _ value: UInt32) { uint64(number, name, UInt64(value)) }
  @inline(__always) mutating func double(_ number: UInt32, _ name: StaticString, _ value: Double) { uint64(number, name, value.bitPattern) }
  @inline(__always) mutating func bool(_ number: UInt32, _ name: StaticString, _ value: Bool) { uint64(number, name, value ? 1 : 0) }
  @inline(__always) mutating func enumeration<E: WireEnum>(_ number: UInt32, _ name: StaticString, _ value: E) {
    uint64(number, name, UInt64(value.rawValue))
  }
  @inline(__always) mutating func bytes(_ number: UInt32, _ name: StaticString, _ value: [UInt8]) {
    guard !value.isEmpty else { return }
    field(name)
    bytes += encoding == .proto ? value.count : (value.count + 2) / 3 * 4
  }
  @inline(__always) mutating func presentString(_ number: UInt32, _ name: StaticString, _ value: String) {
    field(name)
    text(value)
  }
  @inline(__always) mutating func message(_ number: UInt32, _ name: StaticString, _ body: (inout Self) -> Void) {
    field(name)
    body(&self)
  }
  @inline(__always) mutating func messages<T>(
    _ number: UInt32, _ name: StaticString, _ items: [T], _ body: (inout Self, T) -> Void
  ) {
    guard !items.isEmpty else { return }
    field(name)
    // Through a pointer an element is lent and not copied: an op holds up to five references.
    items.withUnsafeBufferPointer { items in
      for at in items.indices {
        bytes += Self.fieldBytes
        body(&self, items[at])
      }
    }
  }
  @inline(__always) mutating func strings<T>(_ number: UInt32, _ name: StaticString, _ items: [T], _ text: (T) -> String) {
    guard !items.isEmpty else { return }
    field(name)
    for item in items {
      bytes += Self.fieldBytes
      self.text(text(item))
    }
  }
  @inline(__always) mutating func uint32s<T>(_ number: UInt32, _ name: StaticString, _ items: [T], _ value: (T) -> UInt32) {
    guard !items.isEmpty else { return }
    field(name)
    bytes += items.count * Self.numberBytes
  }
  @inline(__always) mutating func uint64s<T>(_ number: UInt32, _ name: StaticString, _ items: [T], _ value: (T) -> UInt64) {
    guard !items.isEmpty else { return }
    field(name)
    bytes += items.count * Self.numberBytes
  }
}
