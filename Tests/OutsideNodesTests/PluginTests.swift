import ExamplePlugin
import LoopbackServer
import NIOCore
import NIOPosix
import OpenSSLTransport
import OutboundHTTP
import OutboundPolicy
import OutsideNodes
import Synchronization
import Testing
import WorkflowEngine
import WorkflowGraph

@Suite struct PluginTests {
  static let description =
    #"{"protocol":1,"name":"geo","version":"1.2","types":[{"type":"geo_label","category":"Geo","description":"Names a place.","#
    + #""inputs":[{"name":null,"min":1,"max":2}],"settings":[{"name":"unit","type":"choice","values":["km","mi"],"required":true,"default":"km"},"#
    + #"{"name":"value","type":"string","required":true},{"name":"deep","type":"any"}]}]}"#

  private func board(_ servers: [LoopbackServer], limits: OutboundLimits = OutboundLimits()) throws -> PluginBoard {
    let numbers = Numbers()
    return PluginBoard(
      try servers.map { try OutboundURL($0.origin) }, limits: limits, group: MultiThreadedEventLoopGroup.singleton,
      tls: try Engines.tls.get(), callID: { "call-\(numbers.next())" })
  }

  private final class Numbers: Sendable {
    private let count = Atomic(0)
    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
  }

  private func run(_ board: PluginBoard, _ payload: String, limits: RunLimits = RunLimits()) async -> RunResult {
    let registry = board.registry(over: .standard, for: ["geo_label", "nowhere"])
    return await Engines.run(WorkflowEngine(registry: registry, limits: limits), payload)
  }

  private static func server(_ execute: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Reply) async throws -> LoopbackServer
  {
    try await LoopbackServer.start { request in
      switch request.target {
      case "/plugin": .answer(200, description)
      case "/health": .answer(200, "{}")
      default: execute(request)
      }
    }
  }

  private static let payload =
    #"{"nodes":[{"id":"c","type":"context_variable","data":{"context_name":"who","context_value":"Ada"}},"#
    + #"{"id":"n","type":"number","data":{"value":2}},"#
    + #"{"id":"p","type":"geo_label","data":{"value":"{{ variable.who }}","deep":{"a":["{{variable.who}}"]},"label":"x","op":5}}],"#
    + #""edges":[{"source":"c","target":"n"},{"source":"n","target":"p"},{"source":"n","target":"p"},{"source":"n","target":"p"}]}"#

  @Test("[EN10] a plug-in program gets the call by its contract, and its value is the node's")
  func call() async throws {
    let server = try await Self.server { _ in .answer(200, #"{"value":{"place":"here","n":[1,null]}}"#) }
    let board = try board([server])
    await board.refresh()
    let status = try #require(board.statuses.first)
    #expect(status.name == "geo" && status.version == "1.2" && status.types == ["geo_label"] && status.trouble == nil)
    #expect(status.url.origin == server.origin)
    let result = await run(board, Self.payload)
    #expect(result.failure == nil)
    #expect(result.finalOutput == .object(["place": .text("here"), "n": .array([.number(1), .null])]))
    let request = try #require(server.requests.last)
    #expect(request.method == "POST" && request.target == "/execute" && request.fields["content-type"] == "application/json")
    let deadline = try #require(try JSONValue(parsing: request.body)["deadline_ms"]?.numberValue)
    #expect((1...30_000).contains(deadline))
    #expect(
      request.body
        == #"{"call":"call-1","deadline_ms":\#(Int(deadline)),"inputs":[2,2],"node":"p","settings":{"deep":{"a":["Ada"]},"unit":"km","value":"Ada"},"type":"geo_label"}"#
    )
    try await server.stop()
  }

  @Test("[EN10] settings and inputs are checked by the description before anything is sent")
  func validation() async throws {
    let server = try await Self.server { _ in .answer(200, #"{"value":1}"#) }
    let board = try board([server])
    await board.refresh()
    let data = [
      #"{}"#: "geo_label needs the setting value", #"{"value":5}"#: "the setting value must be a text",
      #"{"value":"x","unit":"parsec"}"#: "the setting unit must be one of km, mi",
      #"{"value":"x"}"#: "geo_label needs at least 1 inputs, got 0",
    ]
    for (data, text) in data {
      let result = await run(board, #"{"nodes":[{"id":"p","type":"geo_label","data":\#(data)}]}"#)
      #expect(result.failure?.text == "error executing node p: \(text)")
    }
    #expect(server.requests.map(\.target) == ["/plugin"])
    try await server.stop()
  }

  @Test("whatever a plug-in answers, the node fails with a text, and nothing is sent twice")
  func badAnswers() async throws {
    let answers: [(LoopbackServer.Reply, String)] = [
      (.answer(200, #"{"error":"no such place"}"#), "no such place"),
      (.answer(200, #"{"error":{"code":1}}"#), "plug-in geo failed without a text"),
      (.answer(200, "{}"), "gave a bad answer: neither value nor error"),
      (.answer(200, ""), "gave a bad answer: unexpected end of JSON input"),
      (.answer(200, "<html>"), "gave a bad answer: invalid character"), (.answer(500, #"{"value":1}"#), "gave a bad answer: status 500"),
      (.answer(200, #"{"value":1e999}"#), "gave a bad answer: number 1e999 is out of range"),
      (.reset, "gave no answer: the connection was reset"),
      (.text(""), "gave no answer: the connection ended"), (.silence, "gave no answer: no answer within 2s"),
      (.answer(200, #"{"value":\#(String(repeating: "[", count: 200) + String(repeating: "]", count: 200))}"#), "value too deep"),
      (.answer(200, "\"" + String(repeating: "x", count: 2000) + "\""), "gave no answer: response too large"),
      (.answer(302, "", ["Location: http://127.0.0.1:1/"]), "gave no answer: stopped after 0 redirects"),
    ]
    var limits = OutboundLimits()
    limits.responseBytesMax = 1000
    for (reply, text) in answers {
      // Long enough for what answers, on any machine; short enough to wait for what does not.
      limits.callDeadline = text.hasSuffix("within 2s") ? .seconds(2) : .seconds(60)
      let server = try await Self.server { _ in reply }
      let board = try board([server], limits: limits)
      await board.refresh()
      let failure = await run(board, Self.payload).failure?.text ?? "none"
      #expect(failure.hasPrefix("error executing node p: ") && failure.contains(text), "\(failure)")
      #expect(server.requests.map(\.target) == ["/plugin", "/execute"])
      await server.noneOpen()
      try await server.stop()
    }
  }

  @Test("a plug-in that is down: its type says so, and is there when the program is; one that goes away fails at the node")
  func health() async throws {
    let first = try await Self.server { _ in .answer(200, #"{"value":1}"#) }
    let port = first.port
    try await first.stop()
    let board = try board([first])
    await board.refresh()
    let refused = "dial tcp 127.0.0.1:\(port): connect: connection refused"
    #expect(board.statuses.first?.trouble == refused)
    #expect(
      await run(board, Self.payload).failure?.text
        == "error executing node p: unknown node type; the plug-in at \(first.origin) has not said what it knows: \(refused)")
    let known = #"{"nodes":[{"id":"n","type":"number","data":{"value":2}}]}"#
    #expect(await run(board, known).failure == nil, "others are not concerned")

    let second = try await LoopbackServer.start(port: port) { request in
      request.target == "/plugin" ? .answer(200, Self.description) : .answer(request.target == "/health" ? 503 : 200, #"{"value":1}"#)
    }
    await board.refresh()
    #expect(board.statuses.first?.trouble == nil)
    #expect(await run(board, Self.payload).failure == nil)
    await board.refresh()
    #expect(board.statuses.first?.trouble == "/health answered with status 503")
    #expect(await run(board, Self.payload).failure == nil, "health is for people; the call itself decides")
    try await second.stop()
    #expect(
      await run(board, Self.payload).failure?.text
        == "error executing node p: plug-in geo at \(first.origin) gave no answer: \(refused)")

    // Back as another version: described anew, because it was in trouble.
    let newer = Self.description.replacing("1.2", with: "2.0")
    let third = try await LoopbackServer.start(port: port) { _ in .answer(200, newer) }
    await board.refresh()
    #expect(board.statuses.first?.version == "2.0")
    try await third.stop()
  }

  @Test("[RU4] cancelling the run reaches a pending plug-in")
  func cancellation() async throws {
    let server = try await Self.server { _ in .silence }
    let board = try board([server])
    await board.refresh()
    let running = Task { await run(board, Self.payload) }
    await server.asked(2)
    running.cancel()
    #expect(await running.value.failure?.kind == .cancelled)
    await server.noneOpen()
    try await server.stop()
  }

  @Test("calls of plug-ins count as calls to the outside")
  func budget() async throws {
    let server = try await Self.server { _ in .answer(200, #"{"value":1}"#) }
    let board = try board([server])
    await board.refresh()
    #expect(
      await run(board, Self.payload, limits: RunLimits(outsideCallsMax: 0)).failure?.text.hasSuffix(
        "maximum outside calls exceeded: 1 (limit: 0)") == true)
    #expect(server.requests.map(\.target) == ["/plugin"])
    try await server.stop()
  }

  @Test("two plug-ins with one type: the first has it, the other is told")
  func conflict() async throws {
    let first = try await Self.server { _ in .answer(200, #"{"value":1}"#) }
    let second = try await Self.server { _ in .answer(200, #"{"value":2}"#) }
    let board = try board([first, second])
    await board.refresh()
    #expect(await run(board, Self.payload).finalOutput == .number(1))
    // What the palette gets, in the catalogue's terms.
    let types = board.registry(over: .standard, for: []).pluginTypes.map { JSONText($0.json).text }
    #expect(
      types == [
        #"{"canvas_type":"geo_label","category":"Geo","description":"Names a place.","inputs":[{"max":2,"min":1,"name":null}],"outputs":[{"name":null}],"#
          + #""settings":[{"default":"km","description":"","name":"unit","required":true,"type":"choice","values":["km","mi"]},"#
          + #"{"description":"","name":"value","required":true,"type":"string"},"#
          + #"{"description":"","name":"deep","required":false,"type":"any"}],"type":"geo_label"}"#
      ])
    let other = await run(board, #"{"nodes":[{"id":"x","type":"nowhere"}]}"#)
    #expect(other.failure?.text.contains("is not used: plug-in geo: the type geo_label is there already") == true)
    try await first.stop()
    try await second.stop()
  }

  @Test(
    "descriptions that cannot be used, and why",
    arguments: [
      ("{", "the description is no JSON: unexpected end of JSON input"), ("[]", "the description is no object"),
      (#"{"name":"a"}"#, "the description names no protocol"),
      (#"{"protocol":2}"#, "the plug-in speaks protocol 2.0, this server speaks 1"),
      (#"{"protocol":1,"name":"a"}"#, "the description: version must be a text of at most 1024 bytes"),
      (#"{"protocol":1,"name":"a","version":"1"}"#, "types must be a list of 1 to 64"),
      (#"{"protocol":1,"name":"a","version":"1","types":[{"type":"http"}]}"#, "types[0]: the type http is built in"),
      (#"{"protocol":1,"name":"a","version":"1","types":[{"type":"A b"}]}"#, "types[0]: \"A b\" is no name of a type"),
      (#"{"protocol":1,"name":"a","version":"1","types":[{"type":"t","inputs":[{"min":-1}]}]}"#, "types[0].inputs[0].min is no count"),
      (
        #"{"protocol":1,"name":"a","version":"1","types":[{"type":"t","settings":[{"name":"s","type":"color"}]}]}"#,
        "types[0].settings[0]: no setting is of the type color"
      ),
      (
        #"{"protocol":1,"name":"a","version":"1","types":[{"type":"t","settings":[{"name":"s","type":"number","initial":"x"}]}]}"#,
        "types[0]: the type t: the setting s must be a number"
      ),
      (
        #"{"protocol":1,"name":"a","version":"1","types":[{"type":"t","settings":[{"name":"s","type":"boolean"},{"name":"s","type":"boolean"}]}]}"#,
        "types[0]: the type t has the setting s twice"
      ),
    ])
  func descriptions(json: String, text: String) {
    #expect { try PluginDescription(json: Array(json.utf8)) } throws: { ($0 as? PluginFault)?.text == text }
  }

  @Test("the example: statistics of texts")
  func example() async throws {
    var registry = ExecutorRegistry.standard
    try registry.register(TextStatistics())
    #expect(registry.pluginTypes.map(\.name) == ["text_statistics"])
    #expect { try registry.register(TextStatistics()) } throws: {
      ($0 as? PluginFault)?.text.hasSuffix("text_statistics is there already") == true
    }
    let engine = WorkflowEngine(registry: registry)
    func run(_ data: String, _ text: String = #"The cat, the DOG.\nthe end"#) async -> RunResult {
      await Engines.run(
        engine,
        #"{"nodes":[{"id":"t","data":{"text":"\#(text)"}},{"id":"s","type":"text_statistics","data":\#(data)}],"edges":[{"source":"t","target":"s"}]}"#
      )
    }
    #expect(await run("{}").finalOutput == .object(["characters": .number(25), "words": .number(6), "lines": .number(2)]))
    #expect(await run("{}", "").finalOutput == .object(["characters": .number(0), "words": .number(0), "lines": .number(0)]))
    #expect(
      await run(#"{"count":"words","top_words":2}"#).finalOutput
        == .object([
          "words": .number(6),
          "top": .array([.object(["word": .text("the"), "count": .number(3)]), .object(["word": .text("cat"), "count": .number(1)])]),
        ]))
    #expect(await run(#"{"top_words":1001}"#).failure?.text == "error executing node s: the setting top_words must be at most 1000")
    #expect(await run(#"{"top_words":-1}"#).failure?.text == "error executing node s: the setting top_words must be at least 0")
    #expect(await run(#"{"top_words":1.5}"#).failure?.text == "error executing node s: the setting top_words must be a whole number")
    let wrong = #"{"nodes":[{"id":"n","data":{"value":1}},{"id":"s","type":"text_statistics"}],"edges":[{"source":"n","target":"s"}]}"#
    #expect(await Engines.run(engine, wrong).failure?.text == "error executing node s: text_statistics input 0 must be text")
  }
}
