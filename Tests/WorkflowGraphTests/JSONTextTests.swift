import Testing

@testable import WorkflowGraph

@Suite struct JSONTextTests {
  @Test(
    "[DO2] I-JSON is kept verbatim",
    arguments: [
      "null", " true ", "false", "0", "-0", "1.50", "1e2", "-1.5E-7", "\"\"", "\"é\\u00e9\\n\\\\\"", "\"\\ud83d\\ude00\"", "[]", "{}",
      "[1,[2,[3]], {}]", "{\"a\":1,\"b\":{\"a\":2},\"c\":[{\"a\":3}]}", "\t{ \"x\" : [ ] }\r\n", "\"\u{7f}\u{2028}\"",
      String(repeating: "9", count: 308),
    ])
  func accepts(text: String) throws {
    #expect(try JSONText(validating: text).text == text)
    var bytes = Array(text.utf8)
    let fromBytes = try bytes.withUnsafeBytes { try JSONText(validatingUTF8: $0) }
    #expect(fromBytes.text == text)
    #expect(throws: Never.self) { try JSONText(validating: text).value() }
    // Every proper prefix of a value that cannot end early is refused, at its end or before, and none traps.
    guard let last = text.utf8.last, last == UInt8(ascii: "}") || last == UInt8(ascii: "]") || last == UInt8(ascii: "\"") else { return }
    while bytes.popLast() != nil {
      let fault = #expect(throws: JSONFault.self) { try JSONText(validating: String(decoding: bytes, as: UTF8.self)) }
      #expect(fault.map { $0.offset <= bytes.count + 2 } == true)
    }
  }

  static let refusals: [(String, JSONFault)] = [
    ("", .init(.unexpectedEnd, at: 0)), ("  ", .init(.unexpectedEnd, at: 2)), ("nul", .init(.unexpectedEnd, at: 3)),
    ("nulL", .init(.unexpectedByte, at: 3)), ("True", .init(.unexpectedByte, at: 0)), ("1 2", .init(.trailingBytes, at: 2)),
    ("01", .init(.badNumber, at: 0)), ("-01", .init(.badNumber, at: 0)), ("-", .init(.unexpectedEnd, at: 1)),
    ("-x", .init(.badNumber, at: 0)), ("1.", .init(.unexpectedEnd, at: 2)), ("1.x", .init(.badNumber, at: 2)),
    ("1e", .init(.unexpectedEnd, at: 2)), ("1e+x", .init(.badNumber, at: 3)), (".5", .init(.unexpectedByte, at: 0)),
    ("+1", .init(.unexpectedByte, at: 0)), ("0x10", .init(.trailingBytes, at: 1)), ("NaN", .init(.unexpectedByte, at: 0)),
    ("1e400", .init(.numberNotFinite, at: 0)), ("[-1e99999999999999999999]", .init(.numberNotFinite, at: 1)),
    (String(repeating: "9", count: 310), .init(.numberNotFinite, at: 0)), ("\"a", .init(.unexpectedEnd, at: 2)),
    ("\"\t\"", .init(.controlCharacter, at: 1)), ("\"\\x\"", .init(.badEscape, at: 1)), ("\"\\u12g4\"", .init(.badEscape, at: 1)),
    ("\"\\u12", .init(.unexpectedEnd, at: 5)), ("\"\\ud800\"", .init(.loneSurrogate, at: 1)),
    ("\"\\ud800\\u0041\"", .init(.loneSurrogate, at: 1)), ("\"\\udc00\"", .init(.loneSurrogate, at: 1)),
    ("[1,]", .init(.unexpectedByte, at: 3)), ("[1 2]", .init(.unexpectedByte, at: 3)), ("[1}", .init(.unexpectedByte, at: 2)),
    ("{\"a\"}", .init(.unexpectedByte, at: 4)), ("{a:1}", .init(.unexpectedByte, at: 1)), ("{\"a\":1,}", .init(.unexpectedByte, at: 7)),
    ("]", .init(.unexpectedByte, at: 0)), ("// x\n1", .init(.unexpectedByte, at: 0)), ("\u{feff}1", .init(.unexpectedByte, at: 0)),
    ("{\"a\":1,\"a\":2}", .init(.duplicateName, at: 7)), ("{\"a\":1,\"\\u0061\":2}", .init(.duplicateName, at: 7)),
    ("[{\"a\":{\"b\":1},\"b\":2,\"a\":3}]", .init(.duplicateName, at: 20)),
  ]

  @Test("[DO2] what is not I-JSON is refused with the place", arguments: refusals)
  func refuses(text: String, fault: JSONFault) {
    #expect(throws: fault) { try JSONText(validating: text) }
    if fault.kind != .duplicateName { #expect(throws: fault) { try JSONText(unchecked: text).value() } }
  }

  @Test("[DO2] bytes that are not UTF-8 are refused")
  func notUTF8() {
    for bytes: [UInt8] in [[0x22, 0xff, 0x22], [0x22, 0xc3, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22]] {
      #expect(throws: JSONFault(.invalidUTF8, at: 0)) { try bytes.withUnsafeBytes { try JSONText(validatingUTF8: $0) } }
    }
  }

  @Test("[DO2] nesting ends at 64, and a million brackets are refused as fast as 65")
  func depth() throws {
    func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    #expect(throws: Never.self) { try JSONValue(parsing: nested(64)) }
    #expect(throws: JSONFault(.tooDeep, at: 64)) { try JSONText(validating: nested(65)) }
    #expect(throws: JSONFault(.tooDeep, at: 64)) { try JSONText(unchecked: nested(1_000_000)).value() }
    #expect(throws: JSONFault(.tooDeep, at: 320)) { try JSONText(validating: String(repeating: "{\"a\":", count: 65)) }
  }

  @Test("[DO2] a large object is checked for names used twice, in every order")
  func manyNames() {
    let names = (0..<5_000).map { "\"key\($0 * 7919 % 5_000)\":0" }
    let text = "{" + names.joined(separator: ",") + "}"
    #expect(throws: Never.self) { try JSONText(validating: text) }
    let twice = "{" + names.joined(separator: ",") + ",\"key\\u0034999\":1}"
    #expect(throws: JSONFault(.duplicateName, at: text.utf8.count)) { try JSONText(validating: twice) }
  }

  @Test("[DO2] a value inside a larger text ends where it ends")
  func endOfValue() throws {
    let bytes = Array("{\"v\": [1, {\"a\":\"]\"}] , \"w\":1}".utf8)
    bytes.withUnsafeBytes { bytes in
      #expect(throws: Never.self) { try JSONText.endOfValue(in: bytes, from: 5) }
      #expect((try? JSONText.endOfValue(in: bytes, from: 5)) == 20)
      #expect(throws: JSONFault(.unexpectedByte, at: 21)) { try JSONText.endOfValue(in: bytes, from: 20) }
      #expect(throws: JSONFault(.unexpectedEnd, at: bytes.count)) { try JSONText.endOfValue(in: bytes, from: bytes.count) }
    }
  }

  @Test("[DO2] the values that most fields have go in and out")
  func conveniences() {
    #expect(JSONText.string("a\"\n\u{1}é").text == "\"a\\\"\\n\\u0001é\"")
    #expect(JSONText.string("a\"\n\u{1}é").stringValue == "a\"\n\u{1}é")
    #expect(JSONText.number(-0.5).text == "-0.5")
    #expect(JSONText.number(.infinity) == .null)
    #expect(JSONText.bool(true).boolValue == true)
    #expect(JSONText.bool(true).stringValue == nil)
    for (text, value) in [("\"\"", ""), ("\"é x\"", "é x"), (" \"x\" ", "x"), ("\"\\u0041\\n\"", "A\n"), ("\"", nil), ("1", nil)]
      as [(String, String?)]
    {
      #expect(JSONText(unchecked: text).stringValue == value)
    }
    #expect(!JSONText(unchecked: "no").isNull && !JSONText(unchecked: "").isNull && !JSONText(unchecked: "0").isNull)
    #expect(JSONText(unchecked: " null ").isNull)
    let position = JSONText.position(x: 1.5, y: -2)
    #expect(position.text == "{\"x\":1.5,\"y\":-2}")
    #expect(position.pointValue?.x == 1.5 && position.pointValue?.y == -2)
    #expect(JSONText(unchecked: "{\"x\":1}").pointValue == nil)
    let points = [
      "{\"x\":1,\"y\":-2.5}", "{\"y\":1,\"x\":0}", " {\"x\": 1e3, \"y\": 2}", "{\"x\":1,\"y\":2,\"z\":3}",
      "{\"x\":12345678901234567890,\"y\":1.10}",
    ]
    for text in points { #expect(JSONText(unchecked: text).isPoint && JSONText(unchecked: text).pointValue != nil, "\(text)") }
    let others = [
      "", "{}", "null", "{\"x\":1,\"y\":2", "{\"x\":1,\"y\":\"2\"}", "{\"x\":1,\"y\":2}}", "{\"x\":01,\"y\":2}", "{\"x\":-,\"y\":2}",
      "{\"x\":1.,\"y\":2}",
    ]
    for text in others { #expect(!JSONText(unchecked: text).isPoint && JSONText(unchecked: text).pointValue == nil, "\(text)") }
  }

  @Test("[DO2] what is seen to be canonical at a glance is I-JSON by the long way too", arguments: [UInt64(11), 12, 13])
  func canonicalIsValid(seed: UInt64) {
    var random = SplitMix(state: seed)
    let seeds = ["{\"a\":[1,2.5,{\"b\":\"x\\n\"}],\"b\":null,\"c\":{}}", "[[[]],{},\"\\\\\",-0.5,true]"].map { Array($0.utf8) }
    var canonicalCount = 0
    for _ in 0..<20_000 {
      var bytes = seeds[Int(random.next() % 2)]
      for _ in 0..<(random.next() % 3) {
        let place = Int(random.next() % UInt64(bytes.count))
        bytes[place] = Array("{}[],:\"\\abc0e-1.2".utf8)[Int(random.next() % 17)]
      }
      bytes.withUnsafeBufferPointer { bytes in
        guard CanonicalScan.isCanonical(bytes) else { return }
        canonicalCount += 1
        var scanner = JSONScanner(bytes)
        #expect(throws: Never.self, "SEED=\(seed) \(String(decoding: bytes, as: UTF8.self))") { try scanner.scanDocument() }
      }
    }
    #expect(canonicalCount > 1000)
  }

  @Test("[DO2] random bytes and damaged texts are accepted or refused, never a trap", arguments: [UInt64(1), 2, 3])
  func fuzz(seed: UInt64) {
    var random = SplitMix(state: seed)
    let seeds = ["{\"a\":[1,2.5e3,{\"b\":\"x\\u00e9\\ud83d\\ude00\"}],\"c\":null}", "[[[]],{},\"\\\\\"]"].map { Array($0.utf8) }
    for _ in 0..<4_000 {
      var bytes = seeds[Int(random.next() % 2)]
      for _ in 0...(random.next() % 4) {
        let place = Int(random.next() % UInt64(bytes.count))
        bytes[place] =
          random.next() % 3 == 0 ? UInt8(truncatingIfNeeded: random.next()) : Array("{}[],:\"\\u0e-1.".utf8)[Int(random.next() % 14)]
      }
      let text = String(decoding: bytes, as: UTF8.self)
      let isAccepted = (try? JSONText(validating: text)) != nil
      let value = try? JSONText(unchecked: text).value()
      // The two readers agree, except about names used twice, which only the first looks for.
      #expect(!isAccepted || value != nil, "SEED=\(seed) \(text)")
      guard isAccepted, let value else { continue }
      let canonical = JSONText(value)
      #expect((try? JSONText(validating: canonical.text).value()).map { JSONText($0) } == canonical, "SEED=\(seed) \(text)")
    }
  }
}

/// A small seeded generator, so that a failure can be played again.
struct SplitMix {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
