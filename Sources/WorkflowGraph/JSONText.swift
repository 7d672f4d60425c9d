/// One JSON value as the text it was written in. The replicated document never looks inside. Spec: DO2.
///
/// The text is I-JSON (RFC 7493): valid UTF-8, no duplicate member names, no lone surrogates, finite numbers, at most `depthMax` deep.
/// Two texts are equal when their bytes are; whether their values are is a question for `canonical`.
public struct JSONText: Hashable, Sendable, CustomStringConvertible {
  public static let depthMax = 64
  public let text: String
  /// For text that was checked already: from our own store or encoder.
  @inlinable public init(unchecked text: String) { self.text = text }
  public var description: String { text }
  public static func == (a: Self, b: Self) -> Bool { Bytewise.equal(a.text, b.text) }
  public func hash(into hasher: inout Hasher) { hasher.combine(text) }

  /// Keeps `text` as it is once it is known to be I-JSON. O(bytes).
  public init(validating text: String) throws(JSONFault) {
    var text = text
    if let fault = text.withUTF8({ Self.fault(in: $0) }) { throw fault }
    self.text = text
  }

  /// As `init(validating:)` for bytes that may not even be UTF-8.
  public init(validatingUTF8 bytes: UnsafeRawBufferPointer) throws(JSONFault) {
    if let fault = Self.fault(in: bytes.assumingMemoryBound(to: UInt8.self)) { throw fault }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw JSONFault(.invalidUTF8, at: 0) }
    self.text = text
  }

  /// Where the value that starts at `offset` (white space may precede it) ends, for readers of enclosing JSON.
  ///
  /// Checks everything but UTF-8, which `String(validating:as:)` does on the slice. Offsets in faults count from the start of `bytes`.
  public static func endOfValue(in bytes: UnsafeRawBufferPointer, from offset: Int) throws(JSONFault) -> Int {
    precondition(offset >= 0, "offset before the text")
    var scanner = JSONScanner(bytes.assumingMemoryBound(to: UInt8.self), from: offset)
    try scanner.scanValue()
    return scanner.at
  }

  /// What is canonical is I-JSON, and to see that takes no memory for names; a text that is not is gone through a second time.
  private static func fault(in bytes: UnsafeBufferPointer<UInt8>) -> JSONFault? {
    if CanonicalScan.isCanonical(bytes) { return nil }
    var scanner = JSONScanner(bytes)
    do throws(JSONFault) {
      try scanner.scanDocument()
      return nil
    } catch { return error }
  }

  /// The value taken apart. A fault only for a text that was not checked.
  public func value() throws(JSONFault) -> JSONValue {
    var copy = text
    let result: Result<JSONValue, JSONFault> = copy.withUTF8 { bytes in
      var reader = JSONReader(bytes)
      do throws(JSONFault) { return .success(try reader.readDocument()) } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// Appends the canonical form (RFC 8785): what digests are taken of.
  public func canonical(into output: inout [UInt8]) { CanonicalJSON.append(self, to: &output) }
}

// MARK: - Values most fields have

extension JSONText {
  public static let null = JSONText(unchecked: "null")

  public static func string(_ text: String) -> JSONText {
    var output: [UInt8] = []
    CanonicalJSON.append(text, to: &output)
    return JSONText(unchecked: String(decoding: output, as: UTF8.self))
  }
  /// An infinity or NaN becomes `null`.
  public static func number(_ number: Double) -> JSONText {
    var output: [UInt8] = []
    CanonicalJSON.append(number, to: &output)
    return JSONText(unchecked: String(decoding: output, as: UTF8.self))
  }
  public static func bool(_ bool: Bool) -> JSONText { JSONText(unchecked: bool ? "true" : "false") }
  public static func position(x: Double, y: Double) -> JSONText {
    var output = Array("{\"x\":".utf8)
    CanonicalJSON.append(x, to: &output)
    output.append(contentsOf: ",\"y\":".utf8)
    CanonicalJSON.append(y, to: &output)
    output.append(UInt8(ascii: "}"))
    return JSONText(unchecked: String(decoding: output, as: UTF8.self))
  }
  /// The canonical text of a value.
  public init(_ value: JSONValue) {
    var output: [UInt8] = []
    CanonicalJSON.append(value, to: &output)
    text = String(decoding: output, as: UTF8.self)
  }

  // Each accessor answers `nil` for a value of another kind. `try?`: a text that is no JSON has no value either.
  public var stringValue: String? {
    guard first == UInt8(ascii: "\"") else { return nil }
    // Types, names and choices are asked for at every turn and hold no escapes: their inside is the value.
    if text.utf8.first == UInt8(ascii: "\""), text.utf8.count > 1, text.utf8.last == UInt8(ascii: "\""),
      !text.utf8.contains(UInt8(ascii: "\\"))
    {
      return String(text.utf8.dropFirst().dropLast())
    }
    return (try? value())?.stringValue
  }
  public var numberValue: Double? { (try? value())?.numberValue }
  public var boolValue: Bool? { (try? value())?.boolValue }
  public var isNull: Bool { first == UInt8(ascii: "n") && (self == .null || (try? value()) == .null) }
  /// The `x` and `y` of a `position`.
  public var pointValue: (x: Double, y: Double)? {
    guard let value = try? value(), let x = value["x"]?.numberValue, let y = value["y"]?.numberValue else { return nil }
    return (x, y)
  }

  /// Whether the text is known to be canonical, and so I-JSON, at a glance; may say no for one that is.
  var isCanonical: Bool {
    var copy = text
    return copy.withUTF8 { CanonicalScan.isCanonical($0) }
  }

  /// Whether `pointValue` would find one. The way a canvas writes it is known by its bytes.
  public var isPoint: Bool {
    var copy = text
    return copy.withUTF8 { CanonicalScan.isPoint($0) } || pointValue != nil
  }

  private var first: UInt8? { text.utf8.first { $0 != 0x20 && $0 != 0x0a && $0 != 0x0d && $0 != 0x09 } }
}
