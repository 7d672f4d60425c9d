public import Logging
public import OutboundHTTP
public import ServiceLifecycle
public import Storage
import Synchronization
public import Webhooks
public import WorkflowDocument
public import WorkflowGraph

/// Sends what waits for webhooks. One per store: whoever has the store's file. Spec: WH2, WH6, WH8.
///
/// One task does what the machine says; each attempt is a task beside it, of which the machine allows so many. On graceful shutdown nothing new
/// begins; what is under way may end within `grace`, and what does not is sent again by the next process.
public final class WebhookService: Service {
  public typealias Store = WorkflowStore & WebhookStore
  /// A workflow as it is, all of it durable, and its position; `nil` when there is none. Throws when it cannot be seen at this moment.
  public typealias StateReader = @Sendable (WorkflowID) async throws -> (document: WorkflowDocument, position: UInt64)?

  public struct Options: Sendable {
    public var rules = AttemptRules()
    public var policy = WebhookPolicy.standard
    /// How long a shutdown waits for attempts under way.
    public var grace: Duration = .seconds(2)
    public init() {}
  }

  static let storePauseMilliseconds: UInt64 = 5000
  /// Clocks may be set: nobody sleeps longer than this without looking.
  private static let sleepMillisecondsMax: UInt64 = 60_000

  let store: any Store
  let sender: WebhookSender
  let readState: StateReader
  let options: Options
  /// Milliseconds since 1970.
  let now: @Sendable () -> UInt64
  let random: @Sendable () -> UInt64
  public let metrics: WebhookMetrics
  let logger: Logger
  let inbox = Inbox()

  /// - Parameters:
  ///   - client: with the policy of `options` and the limits of `outboundLimits`.
  ///   - now: milliseconds since 1970.
  ///   - random: 64 even bits, for jitter.
  public init(
    store: any Store, client: OutboundClient, options: Options = Options(), now: @escaping @Sendable () -> UInt64,
    random: @escaping @Sendable () -> UInt64 = { .random(in: 0 ... .max) }, metrics: WebhookMetrics = WebhookMetrics(), logger: Logger,
    readState: @escaping StateReader
  ) {
    self.store = store
    sender = WebhookSender(client: client, policy: options.policy)
    self.readState = readState
    self.options = options
    self.now = now
    self.random = random
    self.metrics = metrics
    self.logger = logger
  }

  /// What a client that sends to webhooks keeps to.
  public static func outboundLimits(_ limits: WebhookLimits = WebhookLimits()) -> OutboundLimits {
    OutboundLimits(
      connectDeadline: min(.seconds(5), limits.attemptDeadline), callDeadline: limits.attemptDeadline,
      responseBytesMax: limits.answerBytesMax, fieldBytesMax: 16 << 10, redirectsMax: 0)
  }

  public func run() async {
    store.observeWebhooks { [inbox] in inbox.note($0) }
    await withTaskCancellationHandler {
      await withGracefulShutdownHandler {
        await work()
      } onGracefulShutdown: { [inbox] in
        inbox.finish()
      }
    } onCancel: { [inbox] in
      inbox.finish()
    }
    store.observeWebhooks { _ in }
  }

  // MARK: the one task

  private func work() async {
    var machine = WebhookMachine(limits: options.rules.limits)
    var tasks: [Int: Task<Void, Never>] = [:]
    var taskCount = 0
    var alarm: Task<Void, Never>?
    inbox.note(.begin)
    for await _ in inbox.wakes {
      let news = inbox.take()
      for number in news.ended { tasks[number] = nil }
      var events = news.events
      if news.isBeginning { events += await backlog() }
      for workflow in news.changedWebhooks { events += await changed(workflow) }
      events.append(.woke)
      for event in events {
        for action in machine.handle(event, atMilliseconds: now()) {
          taskCount += 1
          let number = taskCount
          tasks[number] = Task {
            await carryOut(action)
            inbox.end(number)
          }
        }
      }
      if news.isActive { metrics.noteActivity() }
      await refreshCounts()
      alarm?.cancel()
      alarm = [machine.alarmAtMilliseconds, metrics.countsDueAtMilliseconds].compactMap { $0 }.min().map { time in
        let present = now()
        let pause = min(time > present ? time - present : 0, Self.sleepMillisecondsMax)
        return Task {
          do { try await Task.sleep(for: .milliseconds(pause)) } catch { return }  // cancelled: another alarm is set
          inbox.note(.alarm)
        }
      }
    }
    alarm?.cancel()
    let rest = tasks
    let cut = Task { [grace = options.grace] in
      do { try await Task.sleep(for: grace) } catch { return }  // cancelled: all have ended
      for task in rest.values { task.cancel() }
    }
    for task in rest.values { await task.value }
    cut.cancel()
  }

  /// What was left by the process before.
  private func backlog() async -> [WebhookMachine.Event] {
    do {
      // First: what is edited from here on is noted, what was edited before is found to be behind.
      for workflow in try await store.webhookBacklog().keys { inbox.watch(workflow, true) }
      var events: [WebhookMachine.Event] = []
      for (workflow, isBehind) in try await store.webhookBacklog().sorted(by: { $0.key < $1.key }) {
        events += await known(workflow)
        if isBehind { events.append(.changed(workflow)) }
      }
      return events
    } catch {
      logger.error("the webhooks cannot be read; trying again", metadata: ["reason": "\(error)"])
      inbox.later(.begin, afterMilliseconds: Self.storePauseMilliseconds)
      return []
    }
  }

  /// What an owner changed, or the service itself.
  private func changed(_ workflow: WorkflowID) async -> [WebhookMachine.Event] {
    // First, as at the beginning.
    inbox.watch(workflow, true)
    let events = await known(workflow)
    do { return try await store.webhookBacklog()[workflow] == true ? events + [.changed(workflow)] : events } catch {
      logger.error("the webhooks cannot be read; trying again", metadata: ["workflow": "\(workflow)", "reason": "\(error)"])
      inbox.later(.webhooks(workflow), afterMilliseconds: Self.storePauseMilliseconds)
      return events
    }
  }

  private func known(_ workflow: WorkflowID) async -> [WebhookMachine.Event] {
    do {
      let hooks = try await store.webhooks(of: workflow).filter(\.activity.isOn)
      inbox.watch(workflow, !hooks.isEmpty)
      let wants = Dictionary(uniqueKeysWithValues: hooks.map { ($0.id, $0.events.contains(.workflowChanged)) })
      return [.known(workflow, wants)] + hooks.filter { $0.failureCount == 0 }.map { .renewed(hook: $0.id) }
    } catch {
      logger.error("the webhooks of a workflow cannot be read; trying again", metadata: ["workflow": "\(workflow)", "reason": "\(error)"])
      inbox.later(.webhooks(workflow), afterMilliseconds: Self.storePauseMilliseconds)
      return []
    }
  }

  private func refreshCounts() async {
    guard let due = metrics.countsDueAtMilliseconds, due <= now() else { return }
    metrics.willCount(atMilliseconds: now())
    do { metrics.set(try await store.webhookCounts()) } catch {
      logger.debug("deliveries cannot be counted", metadata: ["reason": "\(error)"])
    }
  }

  private func carryOut(_ action: WebhookMachine.Action) async {
    switch action {
    case .attempt(let hook): inbox.put(await attempt(hook))
    case .tell(let workflow): inbox.put(.told(workflow, isDone: await tell(workflow)))
    }
  }
}
