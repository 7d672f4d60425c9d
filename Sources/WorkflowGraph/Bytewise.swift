/// Strings compared by their UTF-8, as every other language on the wire does.
///
/// Swift's own `==` and `<` call "é" and "e" + U+0301 the same string. Two ids that JavaScript, Go and SQLite tell apart must not be one
/// node here, nor may a register ignore a write because the old text looks alike. Hashing by `String` stays right: equal bytes hash alike.
public enum Bytewise {
  public static func equal(_ a: String, _ b: String) -> Bool {
    guard a.utf8.count == b.utf8.count else { return false }
    return withBytes(of: a, b) { a, b in firstDifference(a, b) == a.count } ?? a.utf8.elementsEqual(b.utf8)
  }

  public static func equal(_ a: String?, _ b: String?) -> Bool {
    switch (a, b) {
    case (nil, nil): true
    case (let a?, let b?): equal(a, b)
    default: false
    }
  }

  /// Whether `a` comes before `b`.
  public static func precedes(_ a: String, _ b: String) -> Bool {
    withBytes(of: a, b) { a, b in
      let at = firstDifference(a, b)
      if at == a.count || at == b.count { return a.count < b.count }
      return a[at] < b[at]
    } ?? a.utf8.lexicographicallyPrecedes(b.utf8)
  }

  /// As above; `nil` comes before every string.
  public static func precedes(_ a: String?, _ b: String?) -> Bool {
    guard let b else { return false }
    guard let a else { return true }
    return precedes(a, b)
  }

  /// The first eight bytes as a number, the first byte highest, zeros where there are none: texts whose starts differ are in the order of these.
  public static func start(of text: String) -> UInt64 {
    var start: UInt64 = 0
    var shift: UInt64 = 64
    for byte in text.utf8.prefix(8) {
      shift -= 8
      start |= UInt64(byte) << shift
    }
    return start
  }

  /// Where the two differ, or the length of the shorter. Eight bytes at a time: ids and names are compared at every look-up.
  @inline(__always)
  private static func firstDifference(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
    let count = min(a.count, b.count)
    guard count > 0, let left = UnsafeRawPointer(a.baseAddress), let right = UnsafeRawPointer(b.baseAddress) else { return 0 }
    var at = 0
    while count - at >= 8 {
      let difference =
        left.loadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian
        ^ right.loadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian
      if difference != 0 { return at + difference.trailingZeroBitCount / 8 }
      at += 8
    }
    while at < count, a[at] == b[at] { at += 1 }
    return at
  }

  /// `nil` for strings that are not stored as UTF-8 in one piece, which on Linux none is.
  private static func withBytes(
    of a: String, _ b: String, _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Bool
  ) -> Bool? {
    a.utf8.withContiguousStorageIfAvailable { a in b.utf8.withContiguousStorageIfAvailable { b in body(a, b) } } ?? nil
  }
}
