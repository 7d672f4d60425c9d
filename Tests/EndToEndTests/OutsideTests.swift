import CollabClient
import CollabProtocol
import EngineHTTP
import Foundation
import Glibc
import LoopbackServer
import NIOPosix
import OpenSSLTransport
import OutboundHTTP
import OutboundPolicy
import OutsideNodes
import Rooms
import Synchronization
import Testing
import WorkflowDocument
import WorkflowEngine
import WorkflowGraph

/// Rooms whose runs need somebody outside: an engine that misbehaves, a plug-in in another language.
@Suite("Runs that reach outside", .timeLimit(.minutes(3)))
struct OutsideTests {
  /// A session in a room that holds the canvas.
  private static func session(_ server: TestServer, _ canvas: String) async throws -> CollabSession {
    let session = CollabSession(server.options("outside"))
    try await session.live()
    let limits = await session.limits
    for ops in CanvasOps.changes(for: try CanvasJSON.parse(canvas), limits: limits) { try await session.edit(ops) }
    try await session.saved()
    return session
  }

  private static func events(_ session: CollabSession) async throws -> [RunEvent] {
    var events: [RunEvent] = []
    for try await event in try await session.run(policy: .parallel) { events.append(event) }
    return events
  }

  @Test("[RU2] an engine elsewhere that crashes, answers nothing or garbage fails the run with a text; the room goes on")
  func engineTrouble() async throws {
    let attempts = Mutex(0)
    let outside = try await LoopbackServer.start { request in
      guard request.target.contains("execute") else {
        return .answer(request.method == "POST" ? 201 : 200, #"{"success":true,"id":"x"}"#)
      }
      let attempt = attempts.withLock { attempts in
        attempts += 1
        return attempts
      }
      switch attempt {
      case 1: return .reset
      case 2: return .answer(200, "")
      case 3: return .text("panic: runtime error\n")
      case 4: return .answer(200, "<!doctype html>", type: "text/html")
      default: return .answer(200, #"{"success":true,"results":{"node_results":{"a":5,"b":6},"final_output":6}}"#)
      }
    }
    let url = try OutboundURL(outside.origin)
    let client = OutboundClient(
      policy: .only(url), limits: HTTPEngine.limits(callDeadline: .seconds(20)), group: MultiThreadedEventLoopGroup.singleton,
      tls: try TLSClientContext())
    try await TestServer.with(TestServer.Options(engine: HTTPEngine(url, client: client))) { server in
      let session = try await Self.session(
        server, #"{"nodes":[{"id":"a","type":"numberNode","position":{"x":0,"y":0},"data":{"value":5}}],"edges":[]}"#)
      for text in ["it may have crashed", "answered with nothing", "malformed HTTP response", "gave a bad answer: text/html"] {
        let events = try await Self.events(session)
        #expect(events.last?.kind == .runFailed)
        #expect(events.last?.error.contains(text) == true, "\(events.last?.error ?? "")")
        #expect(events.map(\.seq) == Array(1...UInt64(events.count)))
      }
      // Everybody still edits, and the next run is a run.
      try await session.edit([.setNodeField(node: NodeID("a"), field: .data("value"), value: JSONText(unchecked: "6"))])
      try await session.saved()
      let events = try await Self.events(session)
      #expect(events.map(\.kind) == [.runStarted, .nodeSucceeded, .runFinished])
      #expect(events.last?.result == #"{"node_results":{"a":5,"b":6},"final_output":6}"#)
      #expect(outside.requests.filter { $0.method == "DELETE" }.count == 5)
      await session.close()
    }
    await outside.noneOpen()
    try await outside.stop()
  }

  @Test("[OP2] a run that an HTTP request begins goes on with its trace: a node that fetches tells it")
  func trace() async throws {
    let trace = "0af7651916cd43dd8448eb211c80319c"
    let outside = try await LoopbackServer.start { _ in .answer(200, "{}") }
    let (group, tls) = (MultiThreadedEventLoopGroup.singleton, try TLSClientContext())
    var registry = ExecutorRegistry.standard
    let fetcher = OutboundClient(policy: .only(try OutboundURL(outside.origin)), group: group, tls: tls)
    registry.register(HTTPExecutor(NodeFetcher(fetcher)), as: HTTPExecutor.type)
    let engine = EmbeddedEngine(WorkflowEngine(registry: registry, limits: EmbeddedEngine.limits))
    try await TestServer.with(TestServer.Options(engine: engine)) { server in
      let session = try await Self.session(
        server, #"{"nodes":[{"id":"a","type":"httpNode","position":{"x":0,"y":0},"data":{"url":"\#(outside.origin)/x"}}],"edges":[]}"#)
      let url = try OutboundURL("http://127.0.0.1:\(server.address.port)/api/v1/workflows/outside/execute")
      let caller = OutboundClient(policy: .only(url), group: group, tls: tls)
      let request = OutboundRequest(.post, url, fields: [.init("traceparent", "00-\(trace)-b7ad6b7169203331-01")])
      let answer = try await caller.send(request)
      #expect(answer.status == 200 && answer["traceresponse"]?.contains(trace) == true)
      #expect(outside.requests.count == 1 && outside.requests[0].fields["traceparent"]?.contains(trace) == true)
      // Who brings no trace gets one that is its own.
      _ = try await Self.events(session)
      let second = outside.requests.last?.fields["traceparent"]
      #expect(outside.requests.count == 2 && second?.contains(trace) == false)
      await session.close()
    }
    try await outside.stop()
  }

  @Test("[RU2] a plug-in written in Python adds a type of node, and rooms run it")
  func pythonPlugin() async throws {
    let program = try await PluginProgram.start()
    defer { program.stop() }
    let board = PluginBoard(
      [try OutboundURL(program.url)], limits: OutboundLimits(), group: MultiThreadedEventLoopGroup.singleton, tls: try TLSClientContext(),
      callID: { UUID().uuidString })
    await board.refresh()
    #expect(board.statuses.map(\.trouble) == [nil])
    let engine = PluggedEngine(WorkflowEngine(limits: EmbeddedEngine.limits), plugins: board)
    try await TestServer.with(TestServer.Options(engine: engine)) { server in
      let session = try await Self.session(
        server,
        #"{"nodes":[{"id":"t","type":"textInputNode","position":{"x":0,"y":0},"data":{"text":"a1 b22 c333"}},"#
          + #"{"id":"f","type":"text_find","position":{"x":9,"y":0},"data":{"pattern":"[0-9]+","count_max":2}}],"#
          + #""edges":[{"id":"e","source":"t","target":"f"}]}"#)
      let events = try await Self.events(session)
      #expect(events.last?.kind == .runFinished, "\(events.last?.error ?? "")")
      #expect(events.last { $0.node == "f" }?.result == #"{"count":3,"matches":["1","22"]}"#)

      try await session.edit([.setNodeField(node: NodeID("f"), field: .data("pattern"), value: .string("["))])
      try await session.saved()
      let failed = try await Self.events(session)
      #expect(failed.last { $0.node == "f" }?.error.hasPrefix("the pattern is no regular expression") == true)
      program.stop()
      let gone = try await Self.events(session)
      #expect(gone.last?.kind == .runFailed)
      #expect(gone.last?.error.contains("plug-in text-find at \(program.url) gave no answer") == true, "\(gone.last?.error ?? "")")
      await session.close()
    }
  }
}

/// `docs/examples/plugin.py` as a process.
private final class PluginProgram: Sendable {
  let url: String
  /// 0 when it was stopped.
  private let pid: Atomic<pid_t>

  struct Failed: Error {}

  private init(_ pid: pid_t, url: String) {
    self.pid = Atomic(pid)
    self.url = url
  }

  static func start() async throws -> PluginProgram {
    let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().appendingPathComponent("../../..").standardizedFileURL.path
    return try await withCheckedThrowingContinuation { continuation in
      // Waiting for its first line blocks a thread.
      Thread.detachNewThread {
        continuation.resume(with: Result { try spawn(["/usr/bin/env", "python3", root + "/docs/examples/plugin.py"]) })
      }
    }
  }

  private static func spawn(_ arguments: [String]) throws -> PluginProgram {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0, fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0, fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0 else { throw Failed() }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    // Or it would hold the sockets of tests that run at the same time open.
    let inherited = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
    for file in inherited where file > STDERR_FILENO { posix_spawn_file_actions_addclose(&actions, file) }
    var pid: pid_t = 0
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    let result = posix_spawn(&pid, arguments[0], &actions, nil, &pointers, environ)
    close(ends[1])
    guard result == 0 else { throw Failed() }
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while read(ends[0], &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
    let program = PluginProgram(pid, url: String(decoding: line, as: UTF8.self))
    guard program.url.hasPrefix("http://") else {
      program.stop()
      throw Failed()
    }
    return program
  }

  func stop() {
    let running = pid.exchange(0, ordering: .relaxed)
    guard running > 0 else { return }
    kill(running, SIGKILL)
    waitpid(running, nil, 0)
  }
}
