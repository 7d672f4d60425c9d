/// Writes the proto3 binary form through a bare pointer; the caller reserved room by `SizeBound`.
///
/// Canonical: fields ascending, defaults left out, shortest varints, packed lists.
struct BinaryWriter: WireWriter {
  enum WireType: UInt32 {
    case varint = 0
    case fixed64 = 1
    case bytes = 2
    case fixed32 = 5
  }

  private(set) var end: UnsafeMutablePointer<UInt8>

  init(at start: UnsafeMutablePointer<UInt8>) { end = start }

  @inline(__always) private mutating func byte(_ value: UInt8) {
    end.pointee = value
    end += 1
  }

  @inline(__always) private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      byte(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    byte(UInt8(truncatingIfNeeded: rest))
  }

  @inline(__always) private mutating func tag(_ number: UInt32, _ type: WireType) { varint(UInt64(number << 3 | type.rawValue)) }

  @inline(__always) private mutating func store<T: BitwiseCopyable>(_ value: T) {
    UnsafeMutableRawPointer(end).storeBytes(of: value, as: T.self)
    end += MemoryLayout<T>.size
  }

  @inline(__always) mutating func uint32(_ number: UInt32, _ name: StaticString, _ value: UInt32) { uint64(number, name, UInt64(value)) }

  @inline(__always) mutating func uint64(_ number: UInt32, _ name: StaticString, _ value: UInt64) {
    guard value != 0 else { return }
    tag(number, .varint)
    varint(value)
  }

  @inline(__always) mutating func fixed32(_ number: UInt32, _ name: StaticString, _ value: UInt32) {
    guard value != 0 else { return }
    tag(number, .fixed32)
    store(value.littleEndian)
  }

  @inline(__always) mutating func double(_ number: UInt32, _ name: StaticString, _ value: Double) {
    guard value.bitPattern != 0 else { return }
    tag(number, .fixed64)
    store(value.bitPattern.littleEndian)
  }

  @inline(__always) mutating func bool(_ number: UInt32, _ name: StaticString, _ value: Bool) { uint64(number, name, value ? 1 : 0) }

  @inline(__always) mutating func enumeration<E: WireEnum>(_ number: UInt32, _ name: StaticString, _ value: E) {
    uint64(number, name, UInt64(value.rawValue))
  }

  @inline(__always) mutating func bytes(_ number: UInt32, _ name: StaticString, _ value: [UInt8]) {
    guard !value.isEmpty else { return }
    tag(number, .bytes)
    value.withUnsafeBufferPointer { raw($0) }
  }

  @inline(__always) mutating func presentString(_ number: UInt32, _ name: StaticString, _ value: String) {
    tag(number, .bytes)
    var value = value
    value.withUTF8 { raw($0) }
  }

  @inline(__always) private mutating func raw(_ source: UnsafeBufferPointer<UInt8>) {
    varint(UInt64(source.count))
    if let base = source.baseAddress {
      end.update(from: base, count: source.count)
      end += source.count
    }
  }

  /// The body is written behind one byte of length and moved in the rare case that its length needs more.
  @inline(__always) private mutating func delimited(_ body: (inout Self) -> Void) {
    let lengthAt = end
    end += 1
    body(&self)
    let length = end - lengthAt - 1
    if length < 0x80 { lengthAt.pointee = UInt8(truncatingIfNeeded: length) } else { widen(lengthAt, length) }
  }

  @inline(never) private mutating func widen(_ lengthAt: UnsafeMutablePointer<UInt8>, _ length: Int) {
    let body = lengthAt + 1
    var lengthBytes = 1
    while length >> (7 * lengthBytes) != 0 { lengthBytes += 1 }
    UnsafeMutableRawPointer(lengthAt + lengthBytes).copyMemory(from: body, byteCount: length)
    end = lengthAt
    varint(UInt64(length))
    end += length
  }

  @inline(__always) mutating func message(_ number: UInt32, _ name: StaticString, _ body: (inout Self) -> Void) {
    tag(number, .bytes)
    delimited(body)
  }

  @inline(__always) mutating func messages<T>(
    _ number: UInt32, _ name: StaticString, _ items: [T], _ body: (inout Self, T) -> Void
  ) {
    items.withUnsafeBufferPointer { items in
      for at in items.indices {
        tag(number, .bytes)
        delimited { body(&$0, items[at]) }
      }
    }
  }

  @inline(__always) mutating func strings<T>(_ number: UInt32, _ name: StaticString, _ items: [T], _ text: (T) -> String) {
    for item in items { presentString(number, name, text(item)) }
  }

  @inline(__always) mutating func uint32s<T>(_ number: UInt32, _ name: StaticString, _ items: [T], _ value: (T) -> UInt32) {
    uint64s(number, name, items) { UInt64(value($0)) }
  }

  @inline(__always) mutating func uint64s<T>(_ number: UInt32, _ name: StaticString, _ items: [T], _ value: (T) -> UInt64) {
    guard !items.isEmpty else { return }
    tag(number, .bytes)
    delimited { writer in
      for item in items { writer.varint(value(item)) }
    }
  }
}
