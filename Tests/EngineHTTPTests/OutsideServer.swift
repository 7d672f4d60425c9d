import EngineHTTP
import Foundation
import LoopbackServer
import NIOPosix
import OpenSSLTransport
import OutboundHTTP
import OutboundPolicy
import RoomCore
import Rooms
import Synchronization
import WorkflowGraph

/// A stand-in for an outside Thaiyyal server: keeps what is saved, executes nothing, and misbehaves where a test says so.
final class OutsideServer: Sendable {
  typealias Reply = LoopbackServer.Reply
  enum Step: Hashable, Sendable { case save, execute, delete, health }

  let server: LoopbackServer
  private let board: Board
  /// The system's certificates are read once for all tests.
  private static let tls = Result { try TLSClientContext() }

  private final class Board: Sendable {
    let saved = Mutex<[String: String]>([:])
    let counts = Mutex<[Step: Int]>([:])
  }

  /// - Parameter misbehave: what is answered at the n-th request of a step, from 1; `nil`: what is right.
  static func start(
    port: Int = 0, result: String = #"{"node_results":{},"final_output":null}"#,
    _ misbehave: @escaping @Sendable (Step, Int) -> Reply? = { _, _ in nil }
  ) async throws -> OutsideServer {
    let board = Board()
    let server = try await LoopbackServer.start(port: port) { request in
      let (step, id) = Self.step(request)
      guard let step else { return .answer(200, "<!doctype html>", type: "text/html") }
      let count = board.counts.withLock { counts in
        counts[step, default: 0] += 1
        return counts[step, default: 0]
      }
      // A server that lost its memory still has what it was given.
      if step == .save { board.saved.withLock { $0["id-\(count)"] = request.body } }
      if let reply = misbehave(step, count) { return reply }
      switch step {
      case .save: return .answer(201, #"{"success":true,"id":"id-\#(count)","message":"Workflow saved successfully"}"#)
      case .execute:
        guard board.saved.withLock({ $0[id] }) != nil else { return .answer(404, #"{"success":false,"error":"Failed to load workflow"}"#) }
        return .answer(200, #"{"success":true,"workflow_id":"\#(id)","workflow_name":"x","results":\#(result)}"#)
      case .delete:
        board.saved.withLock { $0[id] = nil }
        return .answer(200, #"{"success":true,"message":"Workflow deleted successfully"}"#)
      case .health: return .answer(200, #"{"status":"healthy","service_name":"thaiyyal-workflow-engine"}"#)
      }
    }
    return OutsideServer(server, board)
  }

  private init(_ server: LoopbackServer, _ board: Board) {
    self.server = server
    self.board = board
  }

  private static func step(_ request: LoopbackServer.Request) -> (Step?, id: String) {
    let id = request.target.split(separator: "/").last.map(String.init) ?? ""
    switch (request.method, request.target) {
    case ("POST", "/api/v1/workflow/save"): return (.save, "")
    case ("POST", "/api/v1/workflow/execute/\(id)"): return (.execute, id)
    case ("DELETE", "/api/v1/workflow/delete/\(id)"): return (.delete, id)
    case ("GET", "/health"): return (.health, "")
    default: return (nil, "")
    }
  }

  /// Workflows that nobody has deleted.
  var saved: [String: String] { board.saved.withLock { $0 } }
  func count(_ step: Step) -> Int { board.counts.withLock { $0[step, default: 0] } }

  func stop() async throws {
    await server.noneOpen()
    try await server.stop()
  }

  static func engine(
    port: Int, limits: OutboundLimits = HTTPEngine.limits(callDeadline: .seconds(30)), path: String = "/",
    sleep: @escaping @Sendable (Duration) async -> Void = { _ in }
  ) throws -> HTTPEngine {
    let url = try OutboundURL("http://127.0.0.1:\(port)\(path)")
    let client = OutboundClient(
      policy: .only(url), limits: limits, group: MultiThreadedEventLoopGroup.singleton, tls: try tls.get())
    return HTTPEngine(url, client: client, clock: { .zero }, sleep: sleep)
  }
}

enum Graphs {
  static func node(_ id: String, _ type: String?, _ data: [String: String] = [:]) -> WorkflowGraph.Node {
    var fields: [FieldKey: JSONText] = [.position: .position(x: 1, y: 2)]
    if let type { fields[.type] = .string(type) }
    for (key, value) in data { fields[.data(key)] = JSONText(unchecked: value) }
    return WorkflowGraph.Node(id: NodeID(id), fields: fields)
  }

  static func edge(_ source: String, _ target: String, _ sourceHandle: String? = nil, _ targetHandle: String? = nil) -> WorkflowGraph.Edge {
    WorkflowGraph.Edge(
      key: EdgeKey(source: NodeID(source), sourceHandle: sourceHandle, target: NodeID(target), targetHandle: targetHandle))
  }

  static let two = WorkflowGraph(
    nodes: [node("a", "numberNode", ["value": "1"]), node("b", "vizNode", ["mode": "\"text\""])], edges: [edge("a", "b")])
}

extension HTTPEngine {
  /// All steps of a run.
  func steps(_ graph: WorkflowGraph) async -> [RunStep] {
    let heard = Mutex<[RunStep]>([])
    await run(graph) { step in heard.withLock { $0.append(step) } }
    return heard.withLock { $0 }
  }
}
