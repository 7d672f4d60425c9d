/// Strings compared by their UTF-8, as every other language on the wire does.
///
/// Swift's own `==` and `<` call "é" and "e" + U+0301 the same string. Two ids that JavaScript, Go and SQLite tell apart must not be one
/// node here, nor may a register ignore a write because the old text looks alike. Hashing by `String` stays right: equal bytes hash alike.
public enum Bytewise {
  public static func equal(_ a: String, _ b: String) -> Bool {
    guard a.utf8.count == b.utf8.count else { return false }
    return withBytes(of: a, b) { a, b in a.elementsEqual(b) } ?? a.utf8.elementsEqual(b.utf8)
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
    withBytes(of: a, b) { a, b in a.lexicographicallyPrecedes(b) } ?? a.utf8.lexicographicallyPrecedes(b.utf8)
  }

  /// As above; `nil` comes before every string.
  public static func precedes(_ a: String?, _ b: String?) -> Bool {
    guard let b else { return false }
    guard let a else { return true }
    return precedes(a, b)
  }

  /// `nil` for strings that are not stored as UTF-8 in one piece, which on Linux none is.
  private static func withBytes(
    of a: String, _ b: String, _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Bool
  ) -> Bool? {
    a.utf8.withContiguousStorageIfAvailable { a in b.utf8.withContiguousStorageIfAvailable { b in body(a, b) } } ?? nil
  }
}
