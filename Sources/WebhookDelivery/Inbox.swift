import Storage
import Synchronization
import Webhooks
import WorkflowGraph

/// What happened since the service looked last. From any thread; bounded by the count of workflows with webhooks and of tasks.
final class Inbox: Sendable {
  struct News {
    var isBeginning = false
    /// In the order in which they came.
    var events: [WebhookMachine.Event] = []
    var changedWebhooks: Set<WorkflowID> = []
    /// Tasks that are over.
    var ended: [Int] = []
    /// Of those in `events`: each workflow is there once.
    fileprivate var noted: Set<WebhookMachine.Event> = []

    /// More than time has passed.
    var isActive: Bool { isBeginning || !events.isEmpty || !changedWebhooks.isEmpty || !ended.isEmpty }
  }

  /// What the service tells itself.
  enum Note: Hashable, Sendable {
    case begin, alarm
    case webhooks(WorkflowID)
  }

  private struct State {
    var news = News()
    /// Workflows with webhooks that are switched on: of others nothing is noted.
    var watched: Set<WorkflowID> = []
  }

  private let state = Mutex(State())
  let wakes: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation

  init() { (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

  func take() -> News {
    state.withLock { state in
      defer { state.news = News() }
      return state.news
    }
  }

  /// Called by the store after commits, for all workflows: one look into a set for most.
  func note(_ signal: WebhookSignal) {
    let isNew = state.withLock { state -> Bool in
      let event: WebhookMachine.Event
      switch signal {
      case .changed(let workflow):
        guard state.watched.contains(workflow) else { return false }
        event = .changed(workflow)
      case .queued(let workflow):
        guard state.watched.contains(workflow) else { return false }
        event = .queued(workflow)
      case .webhooksChanged(let workflow): return state.news.changedWebhooks.insert(workflow).inserted
      }
      guard state.news.noted.insert(event).inserted else { return false }
      state.news.events.append(event)
      return true
    }
    if isNew { wake.yield() }
  }

  func note(_ note: Note) {
    state.withLock { state in
      switch note {
      case .begin: state.news.isBeginning = true
      case .webhooks(let workflow): state.news.changedWebhooks.insert(workflow)
      case .alarm: break
      }
    }
    wake.yield()
  }

  func put(_ event: WebhookMachine.Event) {
    state.withLock { $0.news.events.append(event) }
    wake.yield()
  }

  func end(_ task: Int) {
    state.withLock { $0.news.ended.append(task) }
    wake.yield()
  }

  func watch(_ workflow: WorkflowID, _ isWatched: Bool) {
    state.withLock { state in
      if isWatched { state.watched.insert(workflow) } else { state.watched.remove(workflow) }
    }
  }

  /// The service ends before it, or hears of it.
  func later(_ note: Note, afterMilliseconds pause: UInt64) {
    Task {
      do { try await Task.sleep(for: .milliseconds(pause)) } catch { return }  // nobody cancels it
      self.note(note)
    }
  }

  func finish() { wake.finish() }
}
