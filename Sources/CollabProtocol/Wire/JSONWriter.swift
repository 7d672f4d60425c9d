/// Writes the proto3 JSON form through a bare pointer; the caller reserved room by `SizeBound`.
///
/// Every member is followed by a comma; what closes an object or a list takes the last one back. So no state but the pointer is kept.
struct JSONWriter: WireWriter {
  private(set) var end: UnsafeMutablePointer<UInt8>

  init(at start: UnsafeMutablePointer<UInt8>) { end = start }

  @inline(__always) private mutating func byte(_ value: UInt8) {
    end.pointee = value
    end += 1
  }

  @inline(__always) private mutating func literal(_ text: StaticString) {
    end.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    end += text.utf8CodeUnitCount
  }

  @inline(__always) private mutating func key(_ name: StaticString) {
    byte(UInt8(ascii: "\""))
    literal(name)
    byte(UInt8(ascii: "\""))
    byte(UInt8(ascii: ":"))
  }

  @inline(__always) private mutating func comma() { byte(UInt8(ascii: ",")) }

  @inline(__always) private mutating func close(_ bracket: UInt8) {
    if end[-1] == UInt8(ascii: ",") { end -= 1 }
    byte(bracket)
  }

  /// The whole message: an object without the comma behind it.
  @inline(__always) mutating func root(_ body: (inout Self) -> Void) {
    byte(UInt8(ascii: "{"))
    body(&self)
    close(UInt8(ascii: "}"))
  }

  @inline(__always) private mutating func object(_ body: (inout Self) -> Void) {
    root(body)
    comma()
  }

  @inline(__always) mutating func uint32(_ number: UInt32, _ name: StaticString, _ value: UInt32) {
    guard value != 0 else { return }
    key(name)
    end = DecimalDigits.write(UInt64(value), at: end)
    comma()
  }

  @inline(__always) mutating func uint64(_ number: UInt32, _ name: StaticString, _ value: UInt64) {
    guard value != 0 else { return }
    key(name)
    quoted(value)
    comma()
  }

  @inline(__always) private mutating func quoted(_ value: UInt64) {
    byte(UInt8(ascii: "\""))
    end = DecimalDigits.write(value, at: end)
    byte(UInt8(ascii: "\""))
  }

  @inline(__always) mutating func fixed32(_ number: UInt32, _ name: StaticString, _ value: UInt32) { uint32(number, name, value) }

  @inline(__always) mutating func double(_ number: UInt32, _ name: StaticString, _ value: Double) {
    guard value.bitPattern != 0 else { return }
    key(name)
    end = JSONNumber.write(value, at: end)
    comma()
  }

  @inline(__always) mutating func bool(_ number: UInt32, _ name: StaticString, _ value: Bool) {
    guard value else { return }
    key(name)
    literal("true,")
  }

  @inline(__always) mutating func enumeration<E: WireEnum>(_ number: UInt32, _ name: StaticString, _ value: E) {
    guard value.rawValue != 0 else { return }
    key(name)
    byte(UInt8(ascii: "\""))
    literal(value.wireName)
    literal("\",")
  }

  @inline(__always) mutating func bytes(_ number: UInt32, _ name: StaticString, _ value: [UInt8]) {
    guard !value.isEmpty else { return }
    key(name)
    byte(UInt8(ascii: "\""))
    end = value.withUnsafeBufferPointer { Base64Text.write($0, at: end) }
    literal("\",")
  }

  @inline(__always) mutating func presentString(_ number: UInt32, _ name: StaticString, _ value: String) {
    key(name)
    text(value)
    comma()
  }

  @inline(__always) mutating func message(_ number: UInt32, _ name: StaticString, _ body: (inout Self) -> Void) {
    key(name)
    object(body)
  }

  @inline(__always) private mutating func list<T>(_ name: StaticString, _ items: [T], _ element: (inout Self, T) -> Void) {
    guard !items.isEmpty else { return }
    key(name)
    byte(UInt8(ascii: "["))
    items.withUnsafeBufferPointer { items in
      for at in items.indices { element(&self, items[at]) }
    }
    close(UInt8(ascii: "]"))
    comma()
  }

  @inline(__always) mutating func messages<T>(
    _ number: UInt32, _ name: StaticString, _ items: [T], _ body: (inout Self, T) -> Void
  ) {
    list(name, items) { writer, item in writer.object { body(&$0, item) } }
  }

  @inline(__always) mutating func strings<T>(_ number: UInt32, _ name: StaticString, _ items: [T], _ text: (T) -> String) {
    list(name, items) { writer, item in
      writer.text(text(item))
      writer.comma()
    }
  }

  @inline(__always) mutating func uint32s<T>(_ number: UInt32, _ name: StaticString, _ items: [T], _ value: (T) -> UInt32) {
    list(name, items) { writer, item in
      writer.end = DecimalDigits.write(UInt64(value(item)), at: writer.end)
      writer.comma()
    }
  }

  @inline(__always) mutating func uint64s<T>(_ number: UInt32, _ name: StaticString, _ items: [T], _ value: (T) -> UInt64) {
    list(name, items) { writer, item in
      writer.quoted(value(item))
      writer.comma()
    }
  }

  @inline(__always) private mutating func text(_ value: String) {
    byte(UInt8(ascii: "\""))
    var value = value
    value.withUTF8 { source in
      if let base = source.baseAddress { end = Self.escape(base, source.count, at: end) }
    }
    byte(UInt8(ascii: "\""))
  }

  /// Eight bytes at a time, up to the next that needs escaping: values are JSON themselves and full of quotes, ids and names are not.
  private static func escape(
    _ source: UnsafePointer<UInt8>, _ count: Int, at start: UnsafeMutablePointer<UInt8>
  ) -> UnsafeMutablePointer<UInt8> {
    var out = start
    var at = 0
    while count - at >= 8 {
      // There is room for all eight: each needs one byte at least.
      let word = UnsafeRawPointer(source + at).loadUnaligned(as: UInt64.self)
      UnsafeMutableRawPointer(out).storeBytes(of: word, as: UInt64.self)
      let plain = ByteWord.plainCount(at: source + at)
      at += plain
      out += plain
      guard plain < 8 else { continue }
      out = escape(source[at], at: out)
      at += 1
    }
    while at < count {
      out = escape(source[at], at: out)
      at += 1
    }
    return out
  }

  @inline(__always) private static func escape(_ byte: UInt8, at out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
    if byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
      out.pointee = byte
      return out + 1
    }
    out[0] = UInt8(ascii: "\\")
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): out[1] = byte
    case 0x0a: out[1] = UInt8(ascii: "n")
    case 0x0d: out[1] = UInt8(ascii: "r")
    case 0x09: out[1] = UInt8(ascii: "t")
    default:
      let digits: StaticString = "0123456789abcdef"
      (out[1], out[2], out[3]) = (UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0"))
      out[4] = digits.utf8Start[Int(byte >> 4)]
      out[5] = digits.utf8Start[Int(byte & 15)]
      return out + 6
    }
    return out + 2
  }
}
