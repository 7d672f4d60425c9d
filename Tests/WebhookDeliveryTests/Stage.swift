import CRDT
import CollabProtocol
import Foundation
import Logging
import LoopbackServer
import NIOPosix
import OpenSSLTransport
import OutboundHTTP
import OutboundPolicy
import Storage
import Synchronization
import Telemetry
import WebhookDelivery
import Webhooks
import WorkflowDocument
import WorkflowGraph

extension WorkflowID {
  static let demo = WorkflowID("demo")!
}

/// A store, and the service that sends what waits in it, with pauses of milliseconds.
struct Stage: Sendable {
  static let secret = WebhookSecret(bytes: [UInt8](repeating: 5, count: 32))!
  let store: InMemoryWorkflowStore
  let metrics = WebhookMetrics()

  static func nowMilliseconds() -> UInt64 { UInt64(Date().timeIntervalSince1970 * 1000) }

  init(_ store: InMemoryWorkflowStore) { self.store = store }

  static func fresh() async throws -> Stage {
    let store = InMemoryWorkflowStore()
    _ = try await store.create(.demo)
    return Stage(store)
  }

  static var options: WebhookService.Options {
    var options = WebhookService.Options()
    options.rules.schedule = RetrySchedule(
      pauses: Array(repeating: .milliseconds(20), count: 9), hookPauseFirst: .milliseconds(1), hookPauseMax: .milliseconds(5))
    options.rules.limits.quiet = .milliseconds(200)
    options.rules.limits.untoldMax = .seconds(30)
    options.rules.limits.attemptDeadline = .seconds(20)
    options.grace = .milliseconds(50)
    return options
  }

  /// Runs the service beside `body`.
  ///
  /// - Parameter ranges: that may be reached beside public addresses.
  func serve(
    _ receivers: [LoopbackServer], ranges: [String] = ["127.0.0.0/8"], options given: WebhookService.Options = options,
    logger: Logger = Self.silent, _ body: () async throws -> Void
  ) async throws {
    var options = given
    let hosts = receivers.map { HostRule("*:\($0.port)")! } + [HostRule("*")!]
    options.policy = WebhookPolicy(
      outbound: OutboundPolicy(hosts: hosts, ranges: ranges.compactMap { IPRange($0) }), allowsPlain: true)
    let client = OutboundClient(
      policy: options.policy.outbound, limits: WebhookService.outboundLimits(options.rules.limits),
      group: MultiThreadedEventLoopGroup.singleton, tls: try Self.tls.get())
    let service = WebhookService(
      store: store, client: client, options: options, now: Self.nowMilliseconds, metrics: metrics, logger: logger
    ) { [store] workflow in
      let last = try await store.history(of: workflow, before: 0, limit: 1, bytesMax: 1).last
      var document = WorkflowDocument()
      for entry in try await store.state(of: workflow, at: last)?.log ?? [] { _ = try document.apply(entry.change) }
      return (document, last)
    }
    let running = Task { await service.run() }
    do {
      try await body()
    } catch {
      running.cancel()
      await running.value
      throw error
    }
    running.cancel()
    await running.value
  }

  private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  private static let tls = Result { try TLSClientContext() }

  @discardableResult
  func addHook(
    _ receiver: LoopbackServer, _ events: Set<WebhookEvent> = [.runFinished], id: String = "h1", of workflow: WorkflowID = .demo
  ) async throws -> Webhook {
    let hook = Webhook(
      id: id, workflow: workflow, url: receiver.origin + "/hook", events: events, secret: Self.secret, madeBy: "", madeAtMilliseconds: 1)
    _ = try await store.addWebhook(hook)
    return hook
  }

  func endRun(_ run: String) async throws {
    let events = [RunEvent.Kind.runStarted, .runFinished].enumerated().map {
      RunEvent(run: run, seq: UInt64($0.offset + 1), kind: $0.element, atMilliseconds: Self.nowMilliseconds() - 2000)
    }
    try await store.append(
      events.map { .runEvent(StoredRunEvent(run: run, seq: $0.seq, isLast: $0.kind.isLast, body: RunEventCodec.encode($0))) }, to: .demo)
  }

  func edit(_ position: UInt64, by name: String = "Ada", of workflow: WorkflowID = .demo) async throws {
    let change = Change(
      replica: ReplicaID(1), seq: position, hlc: HybridTime(milliseconds: 1_700_000_000_000 + position),
      ops: [.setNodeField(node: NodeID("n\(position)"), field: .data("value"), value: JSONText(unchecked: "1"))])
    try await store.append(
      [
        .change(
          LoggedChange(position: position, author: Author(name: name, kind: .person), takenAtMilliseconds: position, change: change))
      ], to: workflow)
  }

  /// Waits until the delivery of a webhook is as `condition` wants it.
  func delivery(of hook: String = "h1", until condition: (WebhookDelivery) -> Bool) async throws -> WebhookDelivery {
    while true {
      let all = try await store.deliveries(of: hook, state: nil, before: nil, limit: 99)
      if let found = all.first(where: condition) { return found }
      try await Task.sleep(for: .milliseconds(5))
    }
  }
}

/// Gives one answer after the other, and the last one ever after.
final class Replies: Sendable {
  private let left: Mutex<[LoopbackServer.Reply]>
  init(_ replies: LoopbackServer.Reply...) { left = Mutex(replies) }
  var next: LoopbackServer.Reply { left.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }
}
