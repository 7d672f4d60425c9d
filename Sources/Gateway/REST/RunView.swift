import CRDT
import CollabProtocol
import Hashing
import NIOCore
import WorkflowDocument
import WorkflowGraph

/// Runs as JSON. Times are milliseconds since 1970, as everywhere in the protocol.
enum RunView {
  static func run(_ first: RunEvent, _ last: RunEvent?, of workflow: WorkflowID, withResult: Bool, versions: [NamedVersion] = [])
    -> JSONText
  {
    var view = JSONMembers()
    view.add("run", .string(first.run))
    view.add("workflow", .string(workflow.rawValue))
    view.add("status", .string(status(last)))
    view.add("startedAtMilliseconds", .number(Double(first.atMilliseconds)))
    if let info = first.info {
      view.add("startedBy", author(info.startedBy))
      view.add("nodeCount", .number(Double(info.nodeCount)))
      view.add("graphHash", .string(Hex.encode(info.graphHash)))
      // The first that has that very graph.
      if let version = versions.filter({ $0.graphHash == info.graphHash }).map(\.number).min() {
        view.add("workflowVersion", .number(Double(version)))
      }
      view.add("version", version(info.version))
      view.add("idempotencyKey", .string(info.idempotencyKey))
      view.add("policy", .string("\(info.policy)"))
      view.add("parked", .string("\(info.parked)"))
    }
    guard let last else { return view.object }
    view.add("endedAtMilliseconds", .number(Double(last.atMilliseconds)))
    view.add("durationMicroseconds", .number(Double(last.durationMicroseconds)))
    if !last.error.isEmpty { view.add("error", .string(last.error)) }
    if withResult, !last.result.isEmpty { view.add("result", JSONText(unchecked: last.result)) }
    return view.object
  }

  static func status(_ last: RunEvent?) -> String { status(last?.kind) }

  static func status(_ last: RunEvent.Kind?) -> String {
    switch last {
    case .runFinished: "succeeded"
    case .runFailed: "failed"
    case .runCancelled: "cancelled"
    default: "running"
    }
  }

  /// As the message that carries it over a WebSocket.
  static func event(_ event: RunEvent) -> String {
    var buffer = ByteBuffer()
    MessageCodec.encode(.runEvent(event), as: .json, into: &buffer)
    return String(buffer: buffer)
  }

  /// One event of a stream of Server-Sent Events; its id is the event's seq, for `Last-Event-ID`. Source: HTML standard, §9.2.
  static func serverSentEvent(_ event: RunEvent) -> ByteBuffer {
    ByteBuffer(string: "id: \(event.seq)\nevent: \(name(event.kind))\ndata: \(Self.event(event))\n\n")
  }

  static func array(_ items: [JSONText]) -> JSONText {
    JSONText(unchecked: "[" + items.map(\.text).joined(separator: ",") + "]")
  }

  static func author(_ author: Author) -> JSONText {
    var view = JSONMembers()
    view.add("name", .string(author.name))
    view.add("kind", .string("\(author.kind)"))
    if !author.subject.isEmpty { view.add("subject", .string(author.subject)) }
    return view.object
  }

  static func version(_ version: Version) -> JSONText {
    var view = JSONMembers()
    view.add("replica", array(version.entries.map { JSONText.number(Double($0.replica.rawValue)) }))
    view.add("seq", array(version.entries.map { JSONText.string("\($0.seq)") }))
    return view.object
  }

  private static func name(_ kind: RunEvent.Kind) -> String {
    switch kind {
    case .runStarted: "run_started"
    case .nodeStarted: "node_started"
    case .nodeSucceeded: "node_succeeded"
    case .nodeFailed: "node_failed"
    case .nodeSkipped: "node_skipped"
    case .runFinished: "run_finished"
    case .runCancelled: "run_cancelled"
    case .runFailed: "run_failed"
    }
  }
}
