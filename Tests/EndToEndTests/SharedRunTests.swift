import CollabClient
import CollabProtocol
import Foundation
import NIOCore
import NIOPosix
import Rooms
import Testing
import WorkflowDocument
import WorkflowEngine
import WorkflowGraph

/// One run as everybody sees it: who asked for it, who asked at the same moment, who comes late, who reads it over HTTP, who edits meanwhile.
@Suite("One run, seen by all", .timeLimit(.minutes(2)))
struct SharedRunTests {
  /// Nodes that wait, wait until it is opened.
  private final class Gate: Sendable {
    private let (stream, sink) = AsyncStream<Void>.makeStream()
    func open() { sink.finish() }
    func wait() async { for await _ in stream {} }
  }

  /// 1 → wait → show, and a sum beside it that nothing connects.
  private static let graph =
    Make.node("a", ["value": "1"]) + Make.node("wait", type: "delayNode", ["duration": "\"1s\""])
    + Make.node("show", type: "vizNode", ["mode": "\"text\""]) + Make.node("other", ["value": "9"])
    + [Make.edge("a", "wait"), Make.edge("wait", "show")]

  @Test(
    "[RU1, RU2, RU3, RU6] two press Run at once, one edits meanwhile, one joins in the middle, one reads the stream: one run, the same events"
  )
  func everybody() async throws {
    let gate = Gate()
    var options = TestServer.Options()
    options.engine = EmbeddedEngine(sleep: { _ in await gate.wait() })
    try await TestServer.with(options) { server in
      let ada = CollabSession(server.options("w", name: "Ada"))
      try await ada.live()
      try await ada.edit(Self.graph)
      try await ada.saved()
      let bo = CollabSession(server.options("w", name: "Bo", encoding: .json))
      try await bo.live()

      // Both press at the same moment.
      async let ofAda = Self.collect(ada.run())
      async let ofBo = Self.collect(bo.run())
      try await Self.until(ada) { $0.contains { $0.kind == .nodeStarted && $0.node == "wait" } }
      let run = try #require(await ada.runs.order.last)

      // In the middle: one joins, one reads the stream, one edits. None of it changes anything of the run.
      let cy = CollabSession(server.options("w", name: "Cy"))
      try await cy.live()
      async let streamed = Self.stream(run, of: "w", from: server.address.port)
      try await ada.edit([.setNodeField(node: NodeID("a"), field: .data("value"), value: .number(2))])
      try await ada.saved()
      let edited = await ada.version
      try await bo.reached(edited)
      try await cy.reached(edited)
      gate.open()

      let (events, other) = try await (ofAda, ofBo)
      try await Self.until(cy) { $0.last?.kind.isLast == true }
      let late = await cy.runs.events[run] ?? []
      #expect(events.first?.run == run && events.last?.kind == .runFinished)
      #expect(events.map(\.seq) == Array(1...UInt64(events.count)))
      #expect(Set(events.map(\.run) + other.map(\.run)).count == 1, "both were led to one run")
      // Who was led to the other's run hears the start under its own key, then what comes.
      let (boards, boardOfBo) = (await ada.runs.events, await bo.runs.events)
      #expect(boards.keys.sorted() == [run] && boardOfBo.keys.sorted() == [run])
      #expect(boards[run] == boardOfBo[run] && boards[run] == late && boards[run]?.count == events.count)
      #expect(try await streamed == late.map(Self.text))
      let result = try JSONValue(parsing: events.last?.result ?? "")
      #expect(result["node_results"]?["a"]?.numberValue == 1, "what ran is what was there when it was asked for")

      // Everybody sees which results the edit made old; an undo makes them good again.
      let stale = [NodeID("a"), NodeID("show"), NodeID("wait")]
      for session in [ada, bo, cy] { #expect(await session.staleNodes().sorted() == stale) }
      try await ada.undo()
      #expect(await ada.staleNodes().isEmpty, "at once where it was made")
      try await ada.saved()
      let back = await ada.version
      for session in [bo, cy] {
        try await session.reached(back)
        #expect(await session.staleNodes(of: run).isEmpty)
      }
      for session in [ada, bo, cy] { await session.close() }
    }
  }

  private static func collect(_ stream: AsyncThrowingStream<RunEvent, any Error>) async throws -> [RunEvent] {
    var events: [RunEvent] = []
    for try await event in stream { events.append(event) }
    return events
  }

  /// Waits until the events of the newest run satisfy something.
  private static func until(_ session: CollabSession, _ isOver: @Sendable ([RunEvent]) -> Bool) async throws {
    let notices = await session.notices()
    let board = await session.runs
    if isOver(board.order.last.flatMap { board.events[$0] } ?? []) { return }
    for try await notice in notices {
      guard case .runEvent(let event) = notice else { continue }
      if await isOver(session.runs.events[event.run] ?? []) { return }
    }
  }

  /// The texts of a run's events as a stream of Server-Sent Events brings them, until it ends.
  private static func stream(_ run: String, of workflow: String, from port: Int) async throws -> [String] {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port) {
      channel in
      channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel) }
    }
    return try await channel.executeThenClose { inbound, outbound in
      let head = "GET /api/v1/workflows/\(workflow)/runs/\(run)/events HTTP/1.1\r\nhost: localhost:\(port)\r\naccept: text/event-stream\r\n"
      try await outbound.write(ByteBuffer(string: head + "connection: close\r\n\r\n"))
      var bytes = ByteBuffer()
      for try await part in inbound { bytes.writeImmutableBuffer(part) }
      let lines = String(buffer: bytes).split(whereSeparator: \.isNewline)
      return lines.filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
    }
  }

  private static func text(_ event: RunEvent) -> String {
    var buffer = ByteBuffer()
    MessageCodec.encode(.runEvent(event), as: .json, into: &buffer)
    return String(buffer: buffer)
  }
}
