import Testing
import WorkflowEngine

/// Nodes that keep something over the run, and nodes that reshape values.
@Suite struct StateNodeTests {
  /// Nodes with explicit data, connected in a row; what the last one, `t`, gives.
  static func chain(_ data: String...) async -> String {
    let ids = data.indices.map { $0 == data.count - 1 ? "t" : "n\($0)" }
    let nodes = zip(ids, data).map { "{\"id\":\"\($0)\",\"data\":\($1)}" }.joined(separator: ",")
    let edges = zip(ids, ids.dropFirst()).map { "{\"source\":\"\($0)\",\"target\":\"\($1)\"}" }.joined(separator: ",")
    return await outcome("{\"nodes\":[\(nodes)],\"edges\":[\(edges)]}")
  }

  @Test("[EN3] variable")
  func variable() async {
    let (set, get) = (#"{"var_name":"x","var_op":"set"}"#, #"{"var_name":"x","var_op":"get"}"#)
    #expect(await Self.chain("{\"value\":7}", set, get) == #"{"operation":"get","value":7,"var_name":"x"}"#)
    #expect(await Self.chain("{\"value\":7}", set) == #"{"operation":"set","value":7,"var_name":"x"}"#)
    #expect(await Self.chain(get) == "! variable 'x' not found")
    #expect(await Self.chain(set) == "! variable set operation requires input value")
    #expect(await Self.chain(#"{"var_name":"x","var_op":"drop"}"#) == "! unsupported variable operation: drop (use 'get' or 'set')")
    #expect(await outcome(feed([], into: #"{"var_op":"get"}"#, type: "variable")) == "! variable node missing var_name")
  }

  @Test("[EN3] names that look alike are different names")
  func lookalikes() async {
    #expect(
      await Self.chain("{\"value\":7}", "{\"var_name\":\"\u{c5}\",\"var_op\":\"set\"}", "{\"var_name\":\"A\u{30a}\",\"var_op\":\"get\"}")
        == "! variable 'A\u{30a}' not found")
  }

  @Test("[EN3] extract")
  func extract() async {
    let condition = #"{"condition":">1"}"#
    #expect(await Self.chain("{\"value\":7}", condition, #"{"field":"condition_met"}"#) == #"{"field":"condition_met","value":true}"#)
    #expect(await Self.chain("{\"value\":7}", condition, #"{"fields":["value","nobody"]}"#) == #"{"value":7}"#)
    #expect(await Self.chain("{\"value\":7}", condition, #"{"field":"a.b"}"#) == "! field 'a.b' not found in input object")
    #expect(await Self.chain("{\"value\":7}", #"{"field":"a"}"#) == "! extract node requires object input, got float64")
    #expect(await outcome(feed([#"{"text":"x"}"#], into: "{}", type: "extract")) == "! extract node requires object input, got string")
    #expect(await outcome(feed([], into: "{}", type: "extract")) == "! extract node requires input")
    // A count is no number to compare: it is an int to the outside engine.
    let counted = await Self.chain("{\"value\":7}", #"{"join_strategy":"all"}"#, #"{"field":"count"}"#, #"{"condition":">=0"}"#)
    #expect(counted.contains("\"condition_met\":false"))
  }

  @Test("[EN3] transform")
  func transform() async {
    let (k, v) = (#"{"text":"k"}"#, #"{"value":1}"#)
    #expect(await outcome(feed([k, v], into: #"{"transform_type":"to_array"}"#)) == #"["k",1]"#)
    let list = #"{"transform_type":"to_array"}"#
    func nested(_ last: String) async -> String {
      await outcome(
        #"{"nodes":[{"id":"a","data":\#(k)},{"id":"b","data":\#(v)},{"id":"c","data":\#(list)},{"id":"d","data":\#(list)},{"id":"t","data":\#(last)}],"#
          + #""edges":[{"source":"a","target":"c"},{"source":"b","target":"c"},{"source":"c","target":"d"},{"source":"a","target":"d"},"#
          + #"{"source":"\#(last.contains("flatten") ? "d" : "c")","target":"t"}]}"#)
    }
    #expect(await nested(#"{"transform_type":"flatten"}"#) == #"["k",1,"k"]"#)
    #expect(await nested(#"{"transform_type":"to_object"}"#) == #"{"k":1}"#)
    #expect(await Self.chain(v, list, #"{"transform_type":"to_object"}"#) == "{}")
    #expect(await Self.chain(v, #"{"condition":">0"}"#, #"{"transform_type":"keys"}"#) == #"["condition","condition_met","value"]"#)
    #expect(await Self.chain(v, #"{"condition":">0"}"#, #"{"transform_type":"values"}"#) == #"["\u003e0",true,1]"#)
    #expect(
      await Self.chain(#"{"accum_op":"array"}"#, #"{"field":"value"}"#, #"{"field":"value"}"#, #"{"transform_type":"flatten"}"#).hasPrefix(
        "! "))
    #expect(await Self.chain(v, #"{"transform_type":"flatten"}"#) == "! flatten requires array input, got float64")
    #expect(await Self.chain(v, #"{"transform_type":"keys"}"#) == "! keys transform requires object input, got float64")
    #expect(await Self.chain(v, #"{"transform_type":"shuffle"}"#) == "! unsupported transform type: shuffle")
    #expect(await Self.chain(#"{"transform_type":"to_array"}"#) == "! transform node requires input")
  }

  @Test(
    "[EN3] accumulator: one for the whole run",
    arguments: [
      (#"{"accum_op":"sum"}"#, "3", #"{"operation":"sum","value":3}"#),
      (#"{"accum_op":"sum","initial_value":4}"#, "3", #"{"operation":"sum","value":7}"#),
      (#"{"accum_op":"product"}"#, "3", #"{"operation":"product","value":3}"#),
      (#"{"accum_op":"count"}"#, "3", #"{"operation":"count","value":1}"#),
      (#"{"accum_op":"array","initial_value":["a"]}"#, "3", #"{"operation":"array","value":["a",3]}"#),
      (#"{"accum_op":"concat"}"#, "3", "! concat accumulator requires string input, got float64"),
      (#"{"accum_op":"sum","initial_value":"x"}"#, "3", "! accumulator value is not a number"),
      (#"{"accum_op":"odd"}"#, "3", "! unsupported accumulator operation: odd"),
    ])
  func accumulator(data: String, input: String, expected: String) async {
    #expect(await outcome(feed(["{\"value\":\(input)}"], into: data)) == expected)
    #expect(await Self.chain(#"{"accum_op":"odd"}"#) == #"{"operation":"odd","value":null}"#)
    let twice = await outcome(
      #"{"nodes":[{"id":"a","data":{"value":2}},{"id":"b","data":{"accum_op":"sum"}},{"id":"t","data":{"accum_op":"product"}}],"#
        + #""edges":[{"source":"a","target":"b"},{"source":"b","target":"t"},{"source":"a","target":"t"}]}"#)
    #expect(twice == "! product accumulator requires numeric input, got map[string]interface {}")
  }

  @Test("[EN3] counter: one for the whole run, in the order of the nodes")
  func counter() async {
    #expect(
      await Self.chain(#"{"counter_op":"increment"}"#, #"{"counter_op":"increment","delta":2.5}"#)
        == #"{"operation":"increment","value":3.5}"#)
    #expect(
      await Self.chain(#"{"counter_op":"decrement","initial_value":10}"#, #"{"counter_op":"get"}"#) == #"{"operation":"get","value":9}"#)
    #expect(await Self.chain(#"{"counter_op":"increment"}"#, #"{"counter_op":"reset"}"#) == #"{"operation":"reset","value":0}"#)
    #expect(await Self.chain(#"{"counter_op":"odd"}"#) == "! unsupported counter operation: odd (use increment, decrement, reset, or get)")
  }

  @Test("[EN5] texts of later nodes are filled in with context values, once, and only where a value is known")
  func interpolation() async {
    let context = #"{"context_name":"who","context_value":{"n":1234567.5,"l":[true,null,"x"]}}"#
    func text(_ text: String, _ name: String = "text") async -> String {
      await outcome(
        #"{"nodes":[{"id":"0","data":\#(context)},{"id":"1","type":"context_constant","data":{"context_name":"c","context_value":"{{const.c}}"}},"#
          + #"{"id":"t","data":{"\#(name)":"\#(text)"}}]}"#)
    }
    #expect(await text(#"{{ variable.who }}!"#) == #""map[l:[true \u003cnil\u003e x] n:1.2345675e+06]!""#)
    #expect(await text(#"{{const.c}}{{\tconst.c\n}}"#) == #""{{const.c}}{{const.c}}""#)
    #expect(
      await text(#"{{variable.c}} {{const.who}} {{ const.c} {{const.}} {const.c}"#)
        == #""{{variable.c}} {{const.who}} {{ const.c} {{const.}} {const.c}""#)
    #expect(await text(#"{{{const.c}}}"#) == #""{{{const.c}}}""#)
    #expect(await text("{{\u{a0}const.c}}") == "\"{{\u{a0}const.c}}\"")
    let large =
      #"{"nodes":[{"id":"0","data":{"context_name":"x","context_value":"0123456789"}},{"id":"t","data":{"text":"\#(String(repeating: "{{variable.x}}", count: 10))"}}]}"#
    #expect(await outcome(large) == "\"" + String(repeating: "0123456789", count: 10) + "\"")
    #expect(await outcome(large, limits: RunLimits(valueBytesMax: 70)) == "! value too large: 80 bytes (limit: 70)")
    let early =
      #"{"nodes":[{"id":"9","data":\#(context)},{"id":"1","data":{"text":"{{variable.who}}"}},{"id":"t","data":{"mode":"m"}}],"edges":[{"source":"1","target":"t"}]}"#
    #expect(await outcome(early) == #"{"mode":"m","value":"{{variable.who}}"}"#)
    #expect(
      await outcome(feed([], into: #"{"context_name":"x"}"#, type: "context_constant")) == "! context_constant node missing context_value")
  }
}
