/// Strings from bytes that nobody has checked.
enum UTF8Text {
  /// - Returns: `nil` for bytes that are not UTF-8.
  ///
  /// ASCII, which ids and names nearly always are, is told apart first: the standard library's validating initialiser costs ten times as much.
  @inline(__always)
  static func string(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    ByteWord.isASCII(bytes) ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
  }
}
