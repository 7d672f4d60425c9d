import Testing
import WorkflowEngine

/// The six types that every workflow has. Each row: inputs, data, what comes out.
@Suite struct BasicNodeTests {
  @Test(
    "[EN3] number and text_input",
    arguments: [
      ("{\"value\":-0.0}", nil, "-0"), ("{\"value\":1e21}", nil, "1e+21"), ("{\"value\":1e-7}", nil, "1e-7"),
      ("{\"value\":123456789012345680000}", nil, "123456789012345680000"), ("{\"value\":0.000001}", nil, "0.000001"),
      ("{}", "number", "! number node missing value"), ("{\"text\":\"\"}", nil, "\"\""),
      ("{}", "text_input", "! text input node missing text"),
      (
        "{\"text\":\"<\\u0000\\b\\f\\n\\r\\t\\u007f\\u2029\\\"\\\\/>\"}", nil,
        "\"\\u003c\\u0000\\b\\f\\n\\r\\t\u{7f}\\u2029\\\"\\\\/\\u003e\""
      ),
    ] as [(String, String?, String)])
  func inputs(data: String, type: String?, expected: String) async {
    #expect(await outcome(feed([], into: data, type: type)) == expected)
  }

  @Test(
    "[EN3] operation",
    arguments: [
      ("add", "2", "0.5", "2.5"), ("subtract", "2", "5", "-3"), ("multiply", "3", "0.1", "0.30000000000000004"),
      ("divide", "1", "4", "0.25"),
      ("divide", "1", "0", "! division by zero"), ("divide", "0", "-0.0", "! division by zero"),
      ("power", "1", "2", "! unknown operation: power"),
    ])
  func operation(op: String, left: String, right: String, expected: String) async {
    #expect(await outcome(feed(["{\"value\":\(left)}", "{\"value\":\(right)}", "{\"value\":9}"], into: "{\"op\":\"\(op)\"}")) == expected)
  }

  @Test("[EN3] operation wants two numbers")
  func operationInputs() async {
    #expect(await outcome(feed(["{\"value\":1}"], into: "{\"op\":\"add\"}")) == "! operation needs 2 inputs, got 1")
    #expect(await outcome(feed(["{\"value\":1}", "{\"text\":\"1\"}"], into: "{\"op\":\"power\"}")) == "! operation inputs must be numbers")
    #expect(await outcome(feed([], into: "{}", type: "operation")) == "! operation node missing op")
  }

  @Test("[EN3] visualization")
  func visualization() async {
    #expect(await outcome(feed(["{\"value\":1}", "{\"value\":2}"], into: "{\"mode\":\"any\"}")) == #"{"mode":"any","value":1}"#)
    #expect(await outcome(feed([], into: "{\"mode\":\"any\"}")) == "! visualization needs at least 1 input")
    #expect(await outcome(feed([], into: "{}", type: "visualization")) == "! visualization node missing mode")
  }

  @Test(
    "[EN3] text operations map code point by code point",
    arguments: [
      ("uppercase", "straße ﬁ ŉ ǆ ᾳ ᾀ ı ÿ", "STRAßE ﬁ ŉ Ǆ ᾼ ᾈ I Ÿ"), ("lowercase", "ΟΔΟΣ İ ẞ ÀÉ Ǆ", "οδοσ i ß àé ǆ"),
      ("titlecase", "it's foo-bar baz_qux ǆ éa\u{a0}b 3rd", "It'S Foo-Bar Baz_qux ǅ Éa\u{a0}B 3rd"),
      ("inversecase", "aBc ǅ ß Éé 1", "AbC ǅ ß éÉ 1"), ("camelcase", "  hello WORLD foo ", "helloWorldFoo"), ("camelcase", "  ", "  "),
      ("camelcase", "один два", "один\u{d0}\u{fffd}ва"), ("camelcase", "日 本", "日\u{c6}\u{fffd}\u{fffd}"), ("uppercase", "", ""),
    ])
  func textCase(operation: String, text: String, expected: String) async {
    let actual = await outcome(feed(["{\"text\":\"\(text)\"}"], into: "{\"text_op\":\"\(operation)\"}"))
    #expect(Array(actual.unicodeScalars) == Array("\"\(expected)\"".unicodeScalars))
  }

  @Test("[EN3] concat and repeat")
  func textCombination() async {
    let (a, b, n) = ("{\"text\":\"a\"}", "{\"text\":\"b\"}", "{\"value\":1}")
    #expect(await outcome(feed([a, b, a], into: #"{"text_op":"concat","separator":", "}"#)) == "\"a, b, a\"")
    #expect(await outcome(feed([a, b], into: #"{"text_op":"concat"}"#)) == "\"ab\"")
    #expect(await outcome(feed([a, n], into: #"{"text_op":"concat"}"#)) == "! concat operation input 1 must be text/string")
    #expect(await outcome(feed([a], into: #"{"text_op":"repeat","repeat_n":3}"#)) == "\"aaa\"")
    #expect(await outcome(feed([a], into: #"{"text_op":"repeat","repeat_n":0}"#)) == "\"\"")
    #expect(await outcome(feed([a], into: #"{"text_op":"repeat","repeat_n":-1}"#)) == "! repeat_n must be non-negative, got -1")
    #expect(await outcome(feed([a], into: #"{"text_op":"repeat"}"#)) == "! repeat operation requires repeat_n field")
    #expect(await outcome(feed([n], into: #"{"text_op":"repeat"}"#)) == "! repeat operation input must be text/string")
    #expect(await outcome(feed([n], into: #"{"text_op":"nonsense"}"#)) == "! text operation input must be text/string")
    #expect(await outcome(feed([a], into: #"{"text_op":"nonsense"}"#)) == "! unknown text operation: nonsense")
    #expect(await outcome(feed([], into: #"{"text_op":"concat"}"#)) == "! text operation needs at least 1 input")
    #expect(await outcome(feed([], into: "{}", type: "text_operation")) == "! text operation node missing text_op")
  }

  @Test("[EN3] condition needs a condition and an input, and looks into an object's value")
  func condition() async {
    #expect(await outcome(feed([], into: "{}", type: "condition")) == "! condition node missing condition")
    #expect(await outcome(feed([], into: #"{"condition":">1"}"#)) == "! condition node needs at least 1 input")
    #expect(
      await outcome(feed(["{\"text\":\"5\"}"], into: #"{"condition":">1"}"#))
        == #"{"condition":"\u003e1","condition_met":false,"value":"5"}"#)
    let nested =
      #"{"nodes":[{"id":"a","data":{"value":5}},{"id":"b","data":{"mode":"m"}},{"id":"t","data":{"condition":"==5"}}],"#
      + #""edges":[{"source":"a","target":"b"},{"source":"b","target":"t"}]}"#
    #expect(await outcome(nested) == #"{"condition":"==5","condition_met":true,"value":{"mode":"m","value":5}}"#)
  }

  /// The threshold is found by asking whether 0.5, 1, 10 … are equal to it.
  @Test(
    "[EN4] the number behind the operator is scanned by Go's rules",
    arguments: [
      ("true", nil, true), ("false", nil, false), (">=0.5", nil, true), (">0.5", nil, false), ("<0.5", nil, false), ("<=0.5", nil, true),
      ("!=0.5", nil, false), ("=0.5", nil, false), (" >0", nil, false), (">", nil, false), ("", nil, false), ("<>0", nil, false),
      ("== 0.5", nil, true), ("==\u{a0}\t0.5", nil, true), ("==\n0.5", "0", true), ("==\r\n0.5", "0", true), ("==0.5px", "0", true),
      ("==0.5%", nil, true), ("==.5", nil, true), ("==5e-1", nil, true), ("==5e", "0", true), ("==+0.5", nil, true), ("==1,000", "1", true),
      ("==1.2.3", "1.2", true), ("==1_0", "10", true), ("==1__9", "0", true), ("==_19", "0", true), ("==19_", "0", true),
      ("==1p4", "16", true), ("==1P4", "0", true), ("==0x14", "0", true), ("==0x14p0", "20", true), ("==0x_1Fp-1", "15.5", true),
      ("==0x.8p0", nil, true), ("==1p-1", nil, true), ("==1e400", "0", true), ("==1p9999", "0", false), ("<inf", nil, true),
      (">-Infinity", nil, true), ("!=nan", nil, true), ("==nab", "0", true), ("==−5", "0", true), ("==abc", "0", true), ("==1.", "1", true),
      ("==.", "0", true), ("==1p", "0", true), ("==1p1_0", "0", true), ("==1e1_0", "10000000000", true),
    ] as [(String, String?, Bool)])
  func scan(condition: String, input: String?, met: Bool) async {
    let escaped = condition.replacing("\n", with: "\\n").replacing("\r", with: "\\r").replacing("\t", with: "\\t")
      .unicodeScalars.map { $0 == "\r" || $0 == "\n" ? "\\u000\(String($0.value, radix: 16))" : String($0) }.joined()
    let actual = await outcome(feed(["{\"value\":\(input ?? "0.5")}"], into: "{\"condition\":\"\(escaped)\"}"))
    #expect(actual.contains("\"condition_met\":\(met)"), "\(actual)")
  }
}
