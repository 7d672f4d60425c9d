import Foundation
import LoopbackServer
import NIOCore
import NIOPosix
import OpenSSLTransport
import OutboundHTTP
import OutboundPolicy
import OutsideNodes
import Testing
import WorkflowEngine
import WorkflowGraph

/// Engines that reach loopback, where a test says so.
enum Engines {
  /// The system's certificates are read once for all tests.
  static let tls = Result { try TLSClientContext() }

  static func client(_ hosts: [String], ranges: [String] = ["127.0.0.0/8"], limits: OutboundLimits = OutboundLimits()) throws
    -> OutboundClient
  {
    OutboundClient(
      policy: OutboundPolicy(hosts: hosts.map { HostRule($0)! }, ranges: ranges.map { IPRange($0)! }), limits: limits,
      group: MultiThreadedEventLoopGroup.singleton, tls: try tls.get())
  }

  static func fetching(_ hosts: [String], limits: RunLimits = RunLimits(), client: OutboundLimits = OutboundLimits()) throws
    -> WorkflowEngine
  {
    var registry = ExecutorRegistry.standard
    registry.register(HTTPExecutor(NodeFetcher(try self.client(hosts, limits: client))), as: HTTPExecutor.type)
    return WorkflowEngine(registry: registry, limits: limits)
  }

  static func run(_ engine: WorkflowEngine, _ payload: String) async -> RunResult {
    let start = ContinuousClock.now
    return await engine.run(payload: Array(payload.utf8), clock: { ContinuousClock.now - start }, sleep: { try? await Task.sleep(for: $0) })
  }
}

@Suite struct FetchTests {
  private func url(_ text: String) -> String { #"{"nodes":[{"id":"h","data":{"url":"\#(text)"}}]}"# }

  @Test("[EN8] the node gives the body as text, damaged text repaired; a status that is no success fails with its number")
  func fetch() async throws {
    let server = try await LoopbackServer.start { request in
      switch request.target {
      case "/ok": .answer(200, "hello", type: "text/plain")
      case "/json": .answer(200, #"{"a":[1]}"#)
      case "/bytes": .bytes(Array("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n".utf8) + [0x61, 0xff, 0xc3, 0x28])
      case "/moved": .answer(301, "", ["Location: /ok"])
      case "/cut": .text("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
      default: .answer(418, "teapot")
      }
    }
    let engine = try Engines.fetching(["127.0.0.1:\(server.port)"])
    for (path, text) in [("/ok", "hello"), ("/json", #"{"a":[1]}"#), ("/bytes", "a\u{fffd}\u{fffd}("), ("/moved", "hello")] {
      #expect(await Engines.run(engine, url(server.origin + path)).finalOutput == .text(text), "\(path)")
    }
    let failures = [
      "/x": "HTTP request returned error status: 418", "/cut": "failed to read response body: the connection ended before the answer did",
    ]
    for (path, text) in failures {
      #expect(await Engines.run(engine, url(server.origin + path)).failure?.text == "error executing node h: \(text)")
    }
    #expect(Set(server.requests.map(\.method)) == ["GET"])
    await server.noneOpen()
    try await server.stop()
  }

  @Test("[EN8, EN9] off until it is configured; then only where it is allowed")
  func off() async throws {
    var registry = ExecutorRegistry.standard
    registry.register(HTTPExecutor(), as: HTTPExecutor.type)
    let off = WorkflowEngine(registry: registry)
    #expect(
      await Engines.run(off, url("http://127.0.0.1:1/")).failure?.text
        == "error executing node h: HTTP requests are not allowed on this server")
    let missing = await Engines.run(off, #"{"nodes":[{"id":"h","type":"http"}]}"#)
    #expect(missing.failure?.text == "error executing node h: HTTP node missing url")
    let engine = try Engines.fetching(["good.example"])
    let refused = "error executing node h: HTTP request failed: Get \"http://127.0.0.1:1/\": 127.0.0.1 is not among the allowed hosts"
    #expect(await Engines.run(engine, url("http://127.0.0.1:1/")).failure?.text == refused)
    registry.register(HTTPExecutor(NodeFetcher(try Engines.client(["*"], ranges: []))), as: "http")
    let inside = await Engines.run(WorkflowEngine(registry: registry), url("http://169.254.169.254/latest/meta-data/"))
    #expect(inside.failure?.text.hasSuffix(": 169.254.169.254 is cloud metadata (169.254.169.254/32)") == true)
  }

  @Test("[EN8] calls per run, bytes per answer and per run, time per call")
  func limits() async throws {
    let server = try await LoopbackServer.start { request in
      switch request.target {
      case "/silent": .silence
      case "/loop": .answer(302, "", ["Location: /loop"])
      default: .answer(200, "0123456789")
      }
    }
    let hosts = ["127.0.0.1:\(server.port)"]
    func nodes(_ count: Int, _ path: String = "/") -> String {
      let list = (0..<count).map { #"{"id":"h\#($0)","data":{"url":"\#(server.origin)\#(path)"}}"# }
      return #"{"nodes":[\#(list.joined(separator: ","))]}"#
    }
    func failure(_ limits: RunLimits, _ payload: String, _ client: OutboundLimits = OutboundLimits()) async throws -> String {
      await Engines.run(try Engines.fetching(hosts, limits: limits, client: client), payload).failure?.text ?? "none"
    }
    var limits = RunLimits(outsideCallsMax: 3)
    #expect(try await failure(limits, nodes(3)) == "none")
    #expect(try await failure(limits, nodes(4)).hasSuffix(": maximum outside calls exceeded: 4 (limit: 3)"))
    #expect(try await failure(limits, nodes(1, "/loop")).hasSuffix(": maximum outside calls exceeded: 4 (limit: 3)"))
    // Those of the run before that were under way when it failed may come only now.
    #expect(server.requests.count { $0.target == "/loop" } == 3)
    limits = RunLimits(responseBytesMax: 9)
    #expect(try await failure(limits, nodes(1)).hasSuffix(": response too large: 10 bytes (limit: 9)"))
    limits = RunLimits(outsideBytesMax: 25)
    #expect(try await failure(limits, nodes(2)) == "none")
    #expect(try await failure(limits, nodes(3)).hasSuffix(": responses too large: 30 bytes (limit: 25)"))
    var short = OutboundLimits()
    short.callDeadline = .milliseconds(30)
    #expect(try await failure(RunLimits(), nodes(1, "/silent"), short).hasSuffix(": no answer within 0.03s"))
    // The run's own time ends a call too, and says so.
    let over = try await failure(RunLimits(duration: .milliseconds(30)), nodes(1, "/silent"))
    #expect(over.contains("timeout") || over.contains("no answer within"), "\(over)")
    await server.noneOpen()
    try await server.stop()
  }

  @Test("[RU4] cancelling the run reaches a pending call at once")
  func cancellation() async throws {
    let server = try await LoopbackServer.start { _ in .silence }
    var patient = OutboundLimits()
    patient.callDeadline = .seconds(3600)
    let engine = try Engines.fetching(["127.0.0.1:\(server.port)"], limits: RunLimits(duration: .seconds(3600)), client: patient)
    let payload = url(server.origin)
    let run = Task { await Engines.run(engine, payload) }
    await server.asked(1)
    run.cancel()
    #expect(await run.value.failure?.kind == .cancelled)
    await server.noneOpen()
    try await server.stop()
  }
}

/// The recorded runs of the outside engine with `http` nodes, against a server that answers as theirs did.
@Suite struct RecordedFetchTests {
  static let file = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/engine/corpus.jsonl")
  static let isPresent = FileManager.default.fileExists(atPath: file.path)

  @Test("[EN3] http: recorded results, errors and result bytes", .enabled(if: isPresent, "no recorded runs here"))
  func recordedRuns() async throws {
    var count = 0
    var passed: [String: (Int, Int)] = [:]
    for line in try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n") where line.contains("\"http\"") {
      guard let item = try? JSONText(unchecked: String(line)).value(), let name = item["name"]?.stringValue, let expect = item["expect"],
        case .object(let types)? = item["inferred_types"], types.contains(where: { $0.value == .string("http") }),
        let payload = item["payload"]
      else { continue }
      count += 1
      let routes = item["http_routes"]
      let server = try await LoopbackServer.start { request in Self.reply(routes?[request.target]) }
      let text = JSONText(payload).text.replacingOccurrences(of: "__HTTP_BASE__", with: server.origin)
      let engine = try Engines.fetching(["127.0.0.1:\(server.port)", "127.0.0.1:1"])
      let result = await Engines.run(engine, text)
      let (error, bytes) = (expect["error"]?.stringValue, expect["result_json"]?.stringValue)
      let isRight =
        (error == nil || result.failure?.text == error) && (bytes == nil || String(decoding: result.resultJSON, as: UTF8.self) == bytes)
      #expect(isRight, "\(name): \(result.failure?.text ?? String(decoding: result.resultJSON, as: UTF8.self))")
      for type in Set(types.compactMap(\.value.stringValue)) {
        passed[type, default: (0, 0)].1 += 1
        if isRight { passed[type, default: (0, 0)].0 += 1 }
      }
      await server.noneOpen()
      try await server.stop()
    }
    // In the form of `CorpusTests`, which runs all the others.
    let table = passed.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.0)/\($0.value.1)" }.joined(separator: ", ")
    print("recorded runs with http: \(count); by type: \(table)")
    #expect(count >= 20)
  }

  private static func reply(_ route: JSONValue?) -> LoopbackServer.Reply {
    guard let route else { return .answer(404, "404 page not found\n", type: "text/plain") }
    let status = Int(route["status"]?.numberValue ?? 200)
    let body = route["body"]?.stringValue ?? ""
    if status == 304 { return .text("HTTP/1.1 304 Not Modified\r\n\r\n") }
    let location = route["location"]?.stringValue.map { ["Location: \($0)"] } ?? []
    return .answer(status, body, type: route["content_type"]?.stringValue ?? "text/plain", location)
  }
}
