import Foundation
import LoopbackServer
import Testing
import WorkflowGraph

@testable import CollabClient

/// What a real process counts, store and webhooks included.
@Suite(
  "Metrics of a real server", .timeLimit(.minutes(2)), .enabled(if: ChildServer.executable != nil, "the executable was not built"))
struct MetricsTests {
  /// What stays at 0 while all goes well. TLS: this server speaks it not.
  private static let ofTrouble: Set<String> = [
    "thaiyyal_connections_refused_total", "thaiyyal_limit_refusals_total", "thaiyyal_outbox_bytes", "thaiyyal_refusals_total",
    "thaiyyal_resyncs_total", "thaiyyal_store_commit_failures_total", "thaiyyal_store_failures_total", "thaiyyal_tls_handshakes_total",
    "thaiyyal_webhook_dead_letters", "thaiyyal_webhook_oldest_pending_seconds", "thaiyyal_webhook_pending",
    "thaiyyal_webhooks_switched_off_total",
  ]

  @Test("[OP3] every metric moves with what it counts, and none of trouble does while all goes well")
  func moving() async throws {
    let folder = try TestFolder("metrics")
    defer { folder.remove() }
    let receiver = try await LoopbackServer.start { _ in .answer(204, "") }
    let child = try await ChildServer.start(
      ChildServer.executable!, data: folder.file("data.sqlite"), port: 0, more: ChildServer.webhooks(to: receiver.port))
    do {
      let made = try await HTTPCall.send("POST", "/api/v1/workflows", #"{"id":"moving"}"#, port: child.port)
      #expect(made.status == 201)
      let sessions = ["ada", "bo"].map { Self.session($0, child.port) }
      for session in sessions { try await session.joined() }
      let base = "/api/v1/workflows/moving"
      let hook = #"{"url":"\#(receiver.origin)/hook","events":["version.created"]}"#
      #expect(try await HTTPCall.send("POST", base + "/webhooks", hook, port: child.port).status == 201)
      var mix = EditMix(seed: 1, prefix: "m-")
      for _ in 0..<8 { try await sessions[0].step(&mix) }
      try await sessions[0].saved()
      #expect(try await HTTPCall.send("POST", base + "/versions", #"{"name":"one"}"#, port: child.port).status == 201)
      #expect(try await HTTPCall.send("POST", base + "/execute", "{}", port: child.port).status == 200)
      await sessions[1].close()
      var found = try await Self.sums(child.port)
      var still: Set<String> { Set(found.filter { $0.value == 0 }.keys) }
      // Webhooks are counted every ten seconds.
      let end = ContinuousClock.now + .seconds(30)
      while still != Self.ofTrouble, ContinuousClock.now < end {
        try await Task.sleep(for: .milliseconds(50))
        found = try await Self.sums(child.port)
      }
      #expect(still == Self.ofTrouble, "\(still.symmetricDifference(Self.ofTrouble))")
      #expect(found.count > Self.ofTrouble.count + 20)
      await sessions[0].close()
    } catch {
      await child.killNow()
      throw error
    }
    child.terminate()
    #expect(await child.exitStatus() == 0)
    try await receiver.stop()
  }

  private static func session(_ name: String, _ port: Int) -> CollabSession {
    CollabSession(
      SessionOptions(
        server: ServerAddress(isSecure: false, host: "127.0.0.1", port: port), workflow: WorkflowID("moving")!,
        replica: ReplicaOptions(name: name))
    ) { _, _ in }
  }

  /// By metric, its samples together.
  private static func sums(_ port: Int) async throws -> [String: Double] {
    let text = try await HTTPCall.send("GET", "/metrics", port: port).body
    var sums: [String: Double] = [:]
    var name = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("# TYPE ") { name = String(line.split(separator: " ")[2]) }
      guard !line.hasPrefix("#"), name.hasPrefix("thaiyyal_") else { continue }
      sums[name, default: 0] += try #require(line.split(separator: " ").last.flatMap { Double($0) })
    }
    return sums
  }
}
