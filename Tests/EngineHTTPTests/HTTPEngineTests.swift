import CollabProtocol
import EngineHTTP
import LoopbackServer
import OutboundHTTP
import RoomCore
import Synchronization
import Testing
import WorkflowGraph

@Suite struct HTTPEngineTests {
  @Test("[EN11] a graph is saved, executed by its id and deleted; its results come as events and as the run's result")
  func run() async throws {
    let result = #"{"execution_id":"x","node_results":{"b":{"mode":"text","value":1},"a":1},"final_output":{"mode":"text","value":1}}"#
    let outside = try await OutsideServer.start(result: result)
    let steps = try await OutsideServer.engine(port: outside.server.port).steps(Graphs.two)
    #expect(steps.map(\.kind) == [.nodeSucceeded, .nodeSucceeded, .runFinished])
    #expect(steps.map(\.node) == ["a", "b", ""])
    #expect(steps.map(\.nodeType) == ["number", "visualization", ""])
    #expect(steps.map(\.result).dropLast() == ["1", #"{"mode":"text","value":1}"#])
    #expect(
      steps.last?.result == #"{"node_results":{"a":1,"b":{"mode":"text","value":1}},"final_output":{"mode":"text","value":1}}"#)
    #expect(
      outside.server.requests.map { "\($0.method) \($0.target)" } == [
        "POST /api/v1/workflow/save", "POST /api/v1/workflow/execute/id-1", "DELETE /api/v1/workflow/delete/id-1",
      ])
    #expect(outside.saved.isEmpty)
    try await outside.stop()
  }

  @Test("[EN11] types are mapped, null handles stay null, dangling and doubled edges and what belongs to one canvas are not sent")
  func payload() async throws {
    let outside = try await OutsideServer.start()
    let graph = WorkflowGraph(
      nodes: [
        Graphs.node("2", "numberNode", ["value": "1", "label": "\"ü\"", "_executionData": "{}", "http_client_uid": "null"]),
        Graphs.node("10", "condition", ["condition": "\">0\""]), Graphs.node("x", nil), Graphs.node("y", "strangeNode"),
      ],
      edges: [
        Graphs.edge("2", "10"), Graphs.edge("10", "x", "true", ""), Graphs.edge("2", "gone"), Graphs.edge("gone", "2"),
        Graphs.edge("2", "10"),
        Graphs.edge("g1", "g2"),
      ])
    _ = try await OutsideServer.engine(port: outside.server.port).steps(graph)
    let expected =
      #"{"name":"thaiyyal-live run","data":{"nodes":[{"id":"10","type":"condition","data":{"condition":">0"}},"#
      + #"{"id":"2","type":"number","data":{"http_client_uid":null,"label":"ü","value":1}},{"id":"x","data":{}},"#
      + #"{"id":"y","type":"strangeNode","data":{}}],"edges":[{"id":"e1","source":"2","sourceHandle":null,"target":"10","targetHandle":null},"#
      + #"{"id":"e2","source":"10","sourceHandle":"true","target":"x","targetHandle":""}]}}"#
    #expect(outside.server.requests.first?.body == expected)
    try await outside.stop()
  }

  @Test(
    "what would take the server's guard away, or its life, is refused at the node, and nothing is sent",
    arguments: [
      ("httpNode", "http_client_uid", "\"x\"", "http_client_uid is refused: the engine does not check where a request with it goes"),
      ("httpNode", "HTTP_Client_UID", "\"x\"", "http_client_uid is refused: the engine does not check where a request with it goes"),
      ("parallelNode", "max_concurrency", "0", "max_concurrency must be positive: the engine does not survive 0"),
      ("retry", "max_attempts", "-1", "max_attempts must be positive: the engine does not survive -1"),
      ("textOpNode", "repeat_n", "9223372036854775807", "repeat_n is too large: the engine does not survive 9223372036854775807"),
    ])
  func refused(type: String, key: String, value: String, text: String) async throws {
    let outside = try await OutsideServer.start()
    let steps = try await OutsideServer.engine(port: outside.server.port).steps(
      WorkflowGraph(nodes: [Graphs.node("h", type, [key: value])]))
    #expect(steps.map(\.kind) == [.nodeFailed, .runFailed])
    #expect(steps[0].node == "h" && steps[0].error == text)
    #expect(steps[1].error == "node h: \(text)")
    #expect(outside.server.acceptedCount == 0)
    try await outside.stop()
  }

  @Test("a node that fails there fails here with the same text")
  func nodeFailure() async throws {
    let text = "error executing node a: division by zero"
    let outside = try await OutsideServer.start { step, _ in
      step == .execute ? .answer(500, #"{"success":false,"error":"Workflow execution failed","details":"\#(text)"}"#) : nil
    }
    let steps = try await OutsideServer.engine(port: outside.server.port).steps(Graphs.two)
    #expect(steps.map(\.kind) == [.nodeFailed, .runFailed])
    #expect(steps[0].node == "a" && steps[0].nodeType == "number" && steps[0].error == "division by zero")
    #expect(steps[1].error == text)
    #expect(outside.saved.isEmpty)
    try await outside.stop()
  }

  /// Where the server misbehaves, how, and what the run's error ends with or holds.
  static let troubles: [(OutsideServer.Step, LoopbackServer.Reply, String)] = [
    (.execute, .answer(200, ""), "answered with nothing: a result may hold a number that JSON cannot say, such as infinity"),
    (.execute, .text("HTTP/1.1 200 OK\r\n\r\n"), "answered with nothing"),
    (.execute, .reset, "the connection was reset; it may have crashed"),
    (.execute, .text(""), "the connection ended before the answer did; it may have crashed"),
    (.execute, .text("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"success\""), "the connection ended before the answer did"),
    (.execute, .text("fatal error: concurrent map writes\n"), "malformed HTTP response"),
    (.execute, .answer(200, "{oops"), "gave a bad answer: no JSON object"),
    (.execute, .answer(200, "[]"), "gave a bad answer: no JSON object"),
    (.execute, .answer(200, "<html>", type: "text/html"), "gave a bad answer: text/html"),
    (.execute, .answer(200, #"{"success":true}"#), "gave a bad answer: no results"),
    (.execute, .answer(200, #"{"success":true,"results":{"node_results":[]}}"#), "gave a bad answer: no results"),
    (.execute, .answer(200, #"{"success":false,"error":"no"}"#), "no"), (.execute, .answer(404, "{}"), "answered with status 404"),
    (.execute, .answer(503, "busy", type: "text/plain"), "answered with status 503"),
    (.execute, .answer(302, "", ["Location: /elsewhere"]), "stopped after 0 redirects"),
    (.execute, .silence, "no answer within"), (.execute, .open(Array("HTTP/1.1 200 OK\r\n".utf8)), "no answer within"),
    (.execute, .answer(200, String(repeating: " ", count: 8 << 20) + "{}"), "response too large"),
    (.save, .reset, "the connection was reset"), (.save, .answer(200, "<html>", type: "text/html"), "answered with status 200"),
    (.save, .answer(201, #"{"success":true}"#), "saved the workflow and named no id"),
    (.save, .answer(201, #"{"success":true,"id":"../x"}"#), "saved the workflow and named no id"),
    (.save, .answer(201, #"{"success":true,"id":"a\r\nb"}"#), "saved the workflow and named no id"),
    (.save, .answer(400, #"{"success":false,"error":"Failed to save workflow: workflow data is required"}"#), "workflow data is required"),
  ]

  @Test(
    "whatever the server does, the run ends with a text, nothing is executed twice, and what was saved is deleted",
    arguments: 0..<troubles.count)
  func trouble(index: Int) async throws {
    let (where_, reply, text) = Self.troubles[index]
    let outside = try await OutsideServer.start { step, _ in step == where_ ? reply : nil }
    // Long enough for what answers, on any machine; short enough to wait for what does not.
    let limits = HTTPEngine.limits(callDeadline: text.hasPrefix("no answer within") ? .seconds(2) : .seconds(60))
    let steps = try await OutsideServer.engine(port: outside.server.port, limits: limits).steps(Graphs.two)
    #expect(steps.map(\.kind) == [.runFailed])
    #expect(steps.last?.error.contains(text) == true, "\(steps.last?.error ?? "")")
    #expect(outside.count(.save) == 1)
    #expect(outside.count(.execute) == (where_ == .save ? 0 : 1))
    if where_ == .execute { #expect(outside.count(.delete) == 1 && outside.saved.isEmpty) }
    try await outside.stop()
  }

  @Test("deleting is tried again, and a workflow that cannot be deleted does not spoil the run")
  func deleting() async throws {
    let once = try await OutsideServer.start { step, count in step == .delete && count == 1 ? .reset : nil }
    #expect(try await OutsideServer.engine(port: once.server.port).steps(Graphs.two).last?.kind == .runFinished)
    #expect(once.count(.delete) == 2 && once.saved.isEmpty)
    try await once.stop()
    let never = try await OutsideServer.start { step, _ in step == .delete ? .text("") : nil }
    #expect(try await OutsideServer.engine(port: never.server.port).steps(Graphs.two).last?.kind == .runFinished)
    #expect(never.count(.delete) == 3)
    try await never.stop()
  }

  @Test("a server that is not there is tried a few times; one that comes back in between runs the graph")
  func restart() async throws {
    let first = try await OutsideServer.start()
    let port = first.server.port
    try await first.stop()
    let pauses = Mutex<[Duration]>([])
    let down = try OutsideServer.engine(port: port) { pause in pauses.withLock { $0.append(pause) } }
    let steps = await down.steps(Graphs.two)
    #expect(steps.map(\.kind) == [.runFailed])
    #expect(
      steps.last?.error
        == "the engine at http://127.0.0.1:\(port) gave no answer: dial tcp 127.0.0.1:\(port): connect: connection refused")
    #expect(pauses.withLock { $0 } == [.milliseconds(100), .milliseconds(400)])

    let back = Mutex<OutsideServer?>(nil)
    let engine = try OutsideServer.engine(port: port) { _ in
      guard back.withLock({ $0 }) == nil else { return }
      do {
        let server = try await OutsideServer.start(port: port)
        back.withLock { $0 = server }
      } catch { Issue.record(error) }
    }
    #expect(await engine.steps(Graphs.two).last?.kind == .runFinished)
    try await back.withLock { $0 }?.stop()
  }

  @Test("[RU4] cancelling closes the connection at once and deletes the workflow")
  func cancellation() async throws {
    let outside = try await OutsideServer.start { step, _ in step == .execute ? .silence : nil }
    let engine = try OutsideServer.engine(port: outside.server.port, limits: HTTPEngine.limits(callDeadline: .seconds(3600)))
    let run = Task { await engine.steps(Graphs.two) }
    await outside.server.asked(2)
    run.cancel()
    let steps = await run.value
    #expect(steps.map(\.kind) == [.runCancelled])
    #expect(steps.last?.error == "the run was cancelled")
    #expect(outside.saved.isEmpty && outside.count(.execute) == 1)
    try await outside.stop()
  }

  @Test("a value that messages cannot carry fails the run")
  func largeValue() async throws {
    let value = String(repeating: "x", count: 1 << 20)
    let outside = try await OutsideServer.start(result: #"{"node_results":{"a":"\#(value)"},"final_output":null}"#)
    let steps = try await OutsideServer.engine(port: outside.server.port).steps(Graphs.two)
    #expect(steps.map(\.kind) == [.runFailed])
    #expect(steps.last?.error == "the value of node a is too large: 1048578 bytes (limit: 1048576)")
    try await outside.stop()
  }

  @Test("health: said by the server, in JSON; and a path before /api")
  func health() async throws {
    let outside = try await OutsideServer.start { step, count in
      switch (step, count) {
      case (.health, 2): .answer(200, "<html>", type: "text/html")
      case (.health, 3): .answer(200, #"{"status":"degraded"}"#)
      case (.health, 4): .answer(503, "{}")
      default: nil
      }
    }
    let engine = try OutsideServer.engine(port: outside.server.port)
    func trouble() async -> String? {
      do throws(EngineTrouble) {
        try await engine.checkHealth()
        return nil
      } catch { return error.text }
    }
    let place = "the engine at \(outside.server.origin)"
    #expect(await trouble() == nil)
    #expect(await trouble() == "\(place) gave a bad answer: text/html")
    #expect(await trouble() == "\(place) is not healthy: degraded")
    #expect(await trouble() == "\(place) answered with status 503")
    _ = try await OutsideServer.engine(port: outside.server.port, path: "/base").steps(Graphs.two)
    #expect(outside.server.requests.last?.target == "/base/api/v1/workflow/save")
    try await outside.stop()
  }
}
