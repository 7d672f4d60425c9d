import Testing
import WorkflowGraph

@Suite struct CanonicalJSONTests {
  static func canonical(_ text: String) throws -> String {
    var output: [UInt8] = []
    try JSONText(validating: text).canonical(into: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// The samples of RFC 8785, appendix B.
  @Test(
    "[GV5] numbers print as RFC 8785 says",
    arguments: [
      (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
      (0x8000_0000_0000_0001, "-5e-324"), (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
      (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
      (0xc340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
      (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"), (0x44b5_2d02_c7e1_4af6, "1e+23"),
      (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"), (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
      (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"), (0x444b_1ae4_d6e2_ef50, "1e+21"),
      (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"), (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
      (0x41b3_de43_5555_5553, "333333333.3333332"), (0x41b3_de43_5555_5554, "333333333.33333325"),
      (0x41b3_de43_5555_5555, "333333333.3333333"), (0x41b3_de43_5555_5556, "333333333.3333334"),
      (0x41b3_de43_5555_5557, "333333333.33333343"), (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
      (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ] as [(UInt64, String)])
  func numbers(bits: UInt64, text: String) {
    var output: [UInt8] = []
    CanonicalJSON.append(Double(bitPattern: bits), to: &output)
    #expect(String(decoding: output, as: UTF8.self) == text)
  }

  @Test("[GV5] every number reads back as the same double")
  func numbersRoundTrip() throws {
    var random = SplitMix(state: 8785)
    for _ in 0..<20_000 {
      let value = Double(bitPattern: random.next())
      guard value.isFinite else { continue }
      let text = JSONText.number(value).text
      #expect(try JSONValue(parsing: text) == .number(value), "\(value.bitPattern)")
      #expect(try Self.canonical(text) == text)
    }
  }

  @Test("[GV5] members are sorted by UTF-16 code units, as in RFC 8785 §3.2.3")
  func memberOrder() throws {
    let text = """
      {"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
       "\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}
      """
    let sorted = try Self.canonical(text)
    #expect(
      sorted == "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\","
        + "\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}")
  }

  @Test("[GV5] the order of names is the order of their UTF-16, for every pair")
  func nameOrder() {
    let scalars: [Unicode.Scalar] = [
      "\0", "a", "\u{7f}", "\u{80}", "ö", "\u{7ff}", "\u{800}", "\u{d7ff}", "\u{e000}", "\u{fb33}", "\u{ffff}", "😀", "\u{10ffff}",
    ]
    let names = [""] + scalars.flatMap { a in [String(a)] + scalars.map { "x\(a)\($0)" } }
    for a in names {
      for b in names { #expect(CanonicalJSON.nameOrder(a, b) == a.utf16.lexicographicallyPrecedes(b.utf16), "\(a.utf16) \(b.utf16)") }
    }
  }

  @Test("[GV5] the sample of RFC 8785 §3.2.2 gives the bytes of §3.2.4")
  func sample() throws {
    let text = #"""
      {"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
       "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}
      """#
    #expect(
      try Self.canonical(text) == #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
        + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#)
  }

  @Test(
    "[GV5] scalars: what is copied and what is rewritten",
    arguments: [
      ("12", "12"), ("-0", "0"), ("-7", "-7"), ("1.0", "1"), ("1e3", "1000"), ("123456789012345", "123456789012345"),
      ("1234567890123456789", "1234567890123456800"), (" true", "true"), ("null ", "null"), ("\"plain é\"", "\"plain é\""),
      ("\"\\u00e9\\/\"", "\"é/\""), ("\"\\b\\f\\n\\r\\t\\u001F\\u007f\"", "\"\\b\\f\\n\\r\\t\\u001f\u{7f}\""), (" \"x\" ", "\"x\""),
    ])
  func scalars(text: String, expected: String) throws {
    #expect(try Self.canonical(text) == expected)
  }

  @Test("[GV5] the short way for texts that are canonical already gives what the long way gives", arguments: [UInt64(1), 2, 3])
  func shortWay(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    var copied = 0
    for _ in 0..<5_000 {
      let text = Self.randomText(&random, depth: 0)
      guard let value = try? JSONText(validating: text).value() else { continue }
      let canonical = JSONText(value).text
      #expect(try Self.canonical(text) == canonical, "SEED=\(seed) \(text)")
      #expect(try Self.canonical(canonical) == canonical, "SEED=\(seed) \(text)")
      if canonical == text { copied += 1 }
    }
    #expect(copied > 500)
  }

  /// Texts near the border between canonical and not: needless zeros, escapes, spaces, names out of order.
  private static func randomText(_ random: inout SplitMix, depth: Int) -> String {
    func pick(_ choices: [String]) -> String { choices[Int(random.next() % UInt64(choices.count))] }
    let space = pick(["", "", "", "", "", "", " "])
    switch random.next() % (depth > 2 ? 4 : 6) {
    case 0: return space + pick(["true", "false", "null"])
    case 1:
      let whole = pick(["0", "1", "-0", "-7", "120", "123456789012345", "1234567890123456", "100000000000000000000000"])
      return whole + pick(["", "", ".5", ".50", ".0", ".000001", ".0000001", ".123456789012345", "e0", "e2", "E-3", ".25e1"])
    case 2: return String(Double(Int64(truncatingIfNeeded: random.next() >> 20)) / Double(1 << (random.next() % 40)))
    case 3:
      return "\"" + pick(["", "a", "é", "\\n", "\\u0061", "\\/", "\\u000a", "\\u001f", "\\\"", "\u{2028}", "\\ud83d\\ude00", "😀"]) + "\""
    case 4: return "[" + (0..<random.next() % 4).map { _ in randomText(&random, depth: depth + 1) }.joined(separator: space + ",") + "]"
    default:
      let names = ["a", "b", "é", "\u{fb33}", "😀", "\\u0062", "aa", ""]
      let members = (0..<random.next() % 4).map { _ in "\"\(pick(names))\":\(randomText(&random, depth: depth + 1))" }
      return "{" + members.joined(separator: ",") + space + "}"
    }
  }
}
