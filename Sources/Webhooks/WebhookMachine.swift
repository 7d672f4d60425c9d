public import WorkflowGraph

/// Which webhook has its turn when, and when a workflow's changes are told. Pure: what happened goes in with the time, what is to be done
/// comes out. Spec: WH2, WH6, WH8.
///
/// It knows webhooks and times, not deliveries: what to send is read from the store when a turn comes. So what it holds is bounded by the
/// count of webhooks, and a restart loses nothing. Each step looks at all webhooks: O(webhooks), of which a server has a thousand at most.
public struct WebhookMachine: Sendable {
  public enum Event: Hashable, Sendable {
    /// All webhooks of a workflow that are switched on, by id, and whether each wants `workflow.changed`. Others of it are forgotten.
    case known(WorkflowID, [String: Bool])
    /// No failure of it counts any more: it leads elsewhere, or was switched on again.
    case renewed(hook: String)
    /// Something was queued, or may have been.
    case queued(WorkflowID)
    /// Something was edited, or may have been.
    case changed(WorkflowID)
    /// The end of a `tell`.
    /// - Parameter isDone: else it is tried again after a pause.
    case told(WorkflowID, isDone: Bool)
    /// The end of a turn.
    /// - Parameters:
    ///   - next: when there is something to send; `nil`: nothing waits.
    ///   - pausedUntil: nothing is sent before.
    case ended(hook: String, next: UInt64?, pausedUntil: UInt64)
    /// Time has passed.
    case woke
  }

  public enum Action: Hashable, Sendable {
    /// Send the first delivery of this webhook that is due, if there is one. Followed by `ended`.
    case attempt(hook: String)
    /// Queue `workflow.changed` for those webhooks of the workflow that want it. Followed by `told`.
    case tell(WorkflowID)
  }

  private struct Hook {
    var workflow: WorkflowID
    var wantsChanges: Bool
    /// When to look for something to send; `nil`: when something is queued.
    var nextAt: UInt64?
    var pausedUntil: UInt64 = 0
    var isBusy = false
    /// Switched off or removed in the middle of its turn; forgotten with the end of it.
    var isGone = false

    /// When its turn may come; `nil` while there is none to come.
    var turnAt: UInt64? { isBusy ? nil : nextAt.map { max($0, pausedUntil) } }

    mutating func comeUp(_ time: UInt64) { nextAt = min(nextAt ?? time, time) }
  }

  /// Changes that nobody was told of.
  private struct Untold {
    var since: UInt64
    var last: UInt64
    var isTelling = false
    /// Something changed while it was being told.
    var isAgain = false
  }

  private let limits: WebhookLimits
  private var hooks: [String: Hook] = [:]
  /// By workflow, those that are switched on.
  private var hooksOf: [WorkflowID: Set<String>] = [:]
  private var untold: [WorkflowID: Untold] = [:]
  private var busyCount = 0
  private var tellingCount = 0

  /// Documents are read for one workflow at a time: that is work for the rooms and the store.
  private static let tellsAtOnceMax = 1

  public init(limits: WebhookLimits = WebhookLimits()) { self.limits = limits }

  /// - Parameter now: milliseconds since 1970. A clock that is set back delays; one that is set forward hastens. Neither loses anything.
  public mutating func handle(_ event: Event, atMilliseconds now: UInt64) -> [Action] {
    switch event {
    case .known(let workflow, let wants): know(workflow, wants, now)
    case .renewed(let id): hooks[id]?.pausedUntil = 0
    case .queued(let workflow):
      for id in hooksOf[workflow] ?? [] { hooks[id]?.comeUp(now) }
    case .changed(let workflow): noteChange(of: workflow, now)
    case .told(let workflow, let isDone): noteTold(workflow, isDone, now)
    case .ended(let id, let next, let pausedUntil): noteEnd(of: id, next, pausedUntil, now)
    case .woke: break
    }
    return begin(now)
  }

  /// When `handle` is to be called although nothing happens; `nil`: never. Busy slots need no alarm: their ends are events.
  public var alarmAtMilliseconds: UInt64? {
    let turns = busyCount < limits.attemptsAtOnceMax ? hooks.values.compactMap(\.turnAt).min() : nil
    let tells = tellingCount < Self.tellsAtOnceMax ? untold.values.compactMap(tellAt).min() : nil
    return [turns, tells].compactMap { $0 }.min()
  }

  public var hookCount: Int { hooks.count }

  // MARK: what happened

  private mutating func know(_ workflow: WorkflowID, _ wants: [String: Bool], _ now: UInt64) {
    for id in hooksOf[workflow] ?? [] where wants[id] == nil {
      if hooks[id]?.isBusy == true { hooks[id]?.isGone = true } else { hooks[id] = nil }
    }
    hooksOf[workflow] = wants.isEmpty ? nil : Set(wants.keys)
    for (id, wantsChanges) in wants {
      hooks[id, default: Hook(workflow: workflow, wantsChanges: wantsChanges)].wantsChanges = wantsChanges
      hooks[id]?.isGone = false
      hooks[id]?.comeUp(now)
    }
    if !wants.values.contains(true) { forgetUntold(of: workflow) }
  }

  private mutating func forgetUntold(of workflow: WorkflowID) {
    // One that is being told ends by itself.
    if untold[workflow]?.isTelling != true { untold[workflow] = nil }
  }

  private mutating func noteChange(of workflow: WorkflowID, _ now: UInt64) {
    guard (hooksOf[workflow] ?? []).contains(where: { hooks[$0]?.wantsChanges == true }) else { return }
    guard var known = untold[workflow] else {
      untold[workflow] = Untold(since: now, last: now)
      return
    }
    if known.isTelling, !known.isAgain { (known.isAgain, known.since) = (true, now) }
    known.last = now
    untold[workflow] = known
  }

  private mutating func noteTold(_ workflow: WorkflowID, _ isDone: Bool, _ now: UInt64) {
    guard let known = untold[workflow], known.isTelling else { return }
    tellingCount -= 1
    if known.isAgain {
      untold[workflow] = Untold(since: known.since, last: known.last)
    } else {
      untold[workflow] = isDone ? nil : Untold(since: now, last: now)
    }
    if !(hooksOf[workflow] ?? []).contains(where: { hooks[$0]?.wantsChanges == true }) { untold[workflow] = nil }
  }

  private mutating func noteEnd(of id: String, _ next: UInt64?, _ pausedUntil: UInt64, _ now: UInt64) {
    guard var hook = hooks[id], hook.isBusy else { return }
    busyCount -= 1
    guard !hook.isGone else {
      hooks[id] = nil
      return
    }
    hook.isBusy = false
    hook.pausedUntil = pausedUntil
    // What was queued meanwhile has set it.
    if let next { hook.comeUp(next) }
    hooks[id] = hook
  }

  // MARK: what is to be done

  private func tellAt(_ untold: Untold) -> UInt64? {
    untold.isTelling ? nil : min(untold.last + limits.quiet.milliseconds, untold.since + limits.untoldMax.milliseconds)
  }

  /// Whoever waits longest is first.
  private mutating func begin(_ now: UInt64) -> [Action] {
    var actions: [Action] = []
    if tellingCount < Self.tellsAtOnceMax {
      let due = untold.compactMap { workflow, entry in tellAt(entry).flatMap { $0 <= now ? (at: $0, workflow) : nil } }
      if let (_, workflow) = due.min(by: { ($0.at, $0.1) < ($1.at, $1.1) }) {
        untold[workflow]?.isTelling = true
        tellingCount += 1
        actions.append(.tell(workflow))
      }
    }
    guard busyCount < limits.attemptsAtOnceMax else { return actions }
    let due = hooks.compactMap { id, hook in hook.turnAt.flatMap { $0 <= now ? (at: $0, id) : nil } }
    for (_, id) in due.sorted(by: { ($0.at, $0.1) < ($1.at, $1.1) }).prefix(limits.attemptsAtOnceMax - busyCount) {
      hooks[id]?.isBusy = true
      hooks[id]?.nextAt = nil
      busyCount += 1
      actions.append(.attempt(hook: id))
    }
    return actions
  }
}
