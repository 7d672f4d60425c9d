import Testing
import WorkflowEngine
import WorkflowGraph

/// Plug-ins linked in: what the engine checks, fills in and hands over.
@Suite struct PluginTests {
  /// Gives back what it got.
  private struct Echo: NodePlugin {
    let name = "echo"
    let version = "1"
    var types = [
      PluginType(
        "echo", summary: "", inputs: .one,
        settings: [
          PluginSetting("value", .string, isRequired: true), PluginSetting("times", .integer, standard: .number(2), min: 0),
          PluginSetting("wait", .duration), PluginSetting("flag", .bool), PluginSetting("names", .strings),
          PluginSetting("ratio", .number), PluginSetting("rows", .cases), PluginSetting("rest", .anything),
        ])
    ]

    func findings(in settings: ObjectValue, type: String) -> [PluginFinding] {
      settings["times"] == .number(13) ? [PluginFinding(setting: "times", "the setting times must not be 13")] : []
    }

    func execute(_ call: PluginCall) async throws(NodeFailure) -> Value {
      guard call.settings["value"] != .text("fail") else { throw NodeFailure("as asked") }
      return .object(["settings": .object(call.settings), "inputs": .array(call.inputs), "node": .text(call.node.rawValue)])
    }
  }

  private static func engine() throws -> WorkflowEngine {
    var registry = ExecutorRegistry.standard
    try registry.register(Echo())
    registry.register(absent: "absent_type", because: "its program is down")
    registry.register(HTTPExecutor(), as: HTTPExecutor.type)
    return WorkflowEngine(registry: registry)
  }

  private func run(_ data: String, input: Bool = true) async throws -> RunResult {
    let edges = input ? #"{"source":"n","target":"p"}"# : ""
    let payload =
      #"{"nodes":[{"id":"c","type":"context_constant","data":{"context_name":"who","context_value":"Ada"}},"#
      + #"{"id":"n","type":"number","data":{"value":2}},{"id":"p","data":\#(data),"type":"echo"}],"#
      + #""edges":[{"source":"c","target":"n"},\#(edges.isEmpty ? #"{"source":"n","target":"p2"}"# : edges)]}"#
    let text = input ? payload : payload.replacing(#",{"source":"n","target":"p2"}"#, with: "")
    return try await Self.engine().run(payload: Array(text.utf8), clock: { .zero })
  }

  private func graph(_ data: [String: String], type: String = "echo", inputs: Int = 1) -> WorkflowGraph {
    var fields: [FieldKey: JSONText] = [.type: .string(type), .position: .position(x: 0, y: 0)]
    for (name, value) in data { fields[.data(name)] = JSONText(unchecked: value) }
    let sources = (0..<inputs).map { NodeID("s\($0)") }
    return WorkflowGraph(
      nodes: [WorkflowGraph.Node(id: NodeID("p"), fields: fields)]
        + sources.map { WorkflowGraph.Node(id: $0, fields: [.type: .string("numberNode"), .data("value"): .number(1)]) },
      edges: sources.map { WorkflowGraph.Edge(key: EdgeKey(source: $0, target: NodeID("p"))) })
  }

  @Test("[EN10] settings come whole, completed, with all texts filled in, whatever the catalogue calls by these names")
  func settings() async throws {
    let result = try await run(#"{"value":"{{ const.who }}","rest":[{"a":"<{{const.who}}>"}],"op":5,"unknown":1,"flag":null}"#)
    #expect(
      result.finalOutput
        == .object([
          "settings": .object(["rest": .array([.object(["a": .text("<Ada>")])]), "times": .number(2), "value": .text("Ada")]),
          "inputs": .array([.number(2)]), "node": .text("p"),
        ]))
    let ofGraph = try await Self.engine().run(graph(["value": "\"x\"", "text": "7"], inputs: 2), clock: { .zero })
    #expect(ofGraph.finalOutput.object?["inputs"] == .array([.number(1)]), "no more than it wants")
    #expect(ofGraph.finalOutput.object?["settings"] == .object(["times": .number(2), "value": .text("x")]))
  }

  @Test(
    "[EN10] a setting of the wrong kind fails the node, and is found before",
    arguments: [
      ("{}", "echo needs the setting value"), (#"{"value":1}"#, "the setting value must be a text"),
      (#"{"value":"x","times":1.5}"#, "the setting times must be a whole number"),
      (#"{"value":"x","times":-1}"#, "the setting times must be at least 0"),
      (#"{"value":"x","times":13}"#, "the setting times must not be 13"),
      (#"{"value":"x","wait":"soon"}"#, "the setting wait must be a duration such as 500ms or 1m30s"),
      (#"{"value":"x","flag":"true"}"#, "the setting flag must be true or false"),
      (#"{"value":"x","names":["a",1]}"#, "the setting names must be a list of texts"),
      (#"{"value":"x","ratio":"1"}"#, "the setting ratio must be a number"),
      (#"{"value":"x","rows":[1]}"#, "the setting rows must be a list of cases"), (#"{"value":"fail"}"#, "as asked"),
    ])
  func wrongKinds(data: String, text: String) async throws {
    #expect(try await run(data).failure?.text == "error executing node p: \(text)")
    guard text != "as asked" else { return }
    let file =
      #"{"nodes":[{"id":"n","type":"numberNode","position":{"x":0,"y":0},"data":{"value":1}},"#
      + #"{"id":"p","type":"echo","position":{"x":0,"y":0},"data":\#(data)}],"edges":[{"id":"e","source":"n","target":"p"}]}"#
    let found = try Self.engine().validate(file: Array(file.utf8))
    #expect(found.map(\.issue.text) == ["\(text)."])
    #expect(found.map(\.issue.code) == [data == "{}" ? NodeCheck.Code.settingMissing : NodeCheck.Code.settingInvalid])
  }

  @Test("[EN10] inputs are counted; a type that is absent says why, in a run and before")
  func inputsAndAbsence() async throws {
    #expect(try await run(#"{"value":"x"}"#, input: false).failure?.text == "error executing node p: echo needs at least 1 inputs, got 0")
    let engine = try Self.engine()
    #expect(engine.validate(graph(["value": "\"x\""], inputs: 0)).map(\.issue.text) == ["A echo node needs an input and has 0."])
    #expect(engine.validate(graph(["value": "\"x\""])).isEmpty)
    let absent = graph(["value": "\"x\""], type: "absent_type")
    #expect(await engine.run(absent, clock: { .zero }).failure?.text == "error executing node p: unknown node type; its program is down")
    #expect(engine.validate(absent).map(\.issue.text) == ["No engine knows the type absent_type; its program is down."])
  }

  @Test("[EN8] an http node that nothing fetches for is found before the run")
  func fetching() throws {
    let found = try Self.engine().validate(graph(["url": "\"http://example.org/\""], type: "httpNode", inputs: 0))
    #expect(found.map(\.issue.code) == [GraphValidation.Code.typeUnavailable])
  }

  @Test("a plug-in is taken in whole or not at all")
  func registering() throws {
    var registry = ExecutorRegistry.standard
    var bad = Echo()
    bad.types.append(PluginType("http", summary: ""))
    #expect { try registry.register(bad) } throws: { ($0 as? PluginFault)?.text == "plug-in echo: the type http is built in" }
    bad.types[1] = PluginType("echo", summary: "")
    #expect { try registry.register(bad) } throws: { ($0 as? PluginFault)?.text == "plug-in echo: the type echo is there already" }
    #expect(registry.pluginTypes.isEmpty)
    try registry.register(Echo())
    #expect(registry.pluginTypes.map(\.name) == ["echo"])
  }
}
