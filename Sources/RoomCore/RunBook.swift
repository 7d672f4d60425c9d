import CRDT
import CollabProtocol
import DequeModule
import WorkflowDocument
import WorkflowGraph

/// Runs that wait, go on, or are just over. Spec: RU1, RU2.
struct RunBook: Sendable {
  /// A trigger on its way.
  struct Trigger: Sendable {
    var request: RunRequest
    var session: SessionID
    var author: Author
    var sinceMilliseconds: UInt64
  }

  /// The graph of exactly one moment.
  struct Frozen: Sendable {
    var trigger: Trigger
    var graph: WorkflowGraph
    var fingerprints: [NodeID: UInt64]
    var info: RunInfo
  }

  struct Active: Sendable {
    let id: RunID
    let trigger: Trigger
    let graphHash: [UInt8]
    /// Until the start is durable.
    var graph: WorkflowGraph?
    /// Of the graph's nodes. Spec: RU6.
    let fingerprints: [NodeID: UInt64]
    var nextSeq: UInt64 = 1
    var isCancelWanted = false
    /// The last event was made; it may not be durable yet.
    var isOver = false
    /// Durable ones, in order.
    var events: [RunEvent] = []
    var eventBytes = 0

    init(_ frozen: Frozen, _ id: RunID) {
      self.id = id
      trigger = frozen.trigger
      graphHash = frozen.info.graphHash
      graph = frozen.graph
      fingerprints = frozen.fingerprints
    }

    /// Begun before this room was loaded: nobody waits for an answer, and no engine is at work.
    init(interrupted events: [RunEvent], _ id: RunID) {
      self.id = id
      let info = events.first?.info
      var request = RunRequest()
      request.idempotencyKey = info?.idempotencyKey ?? ""
      let author = info?.startedBy ?? Author(name: "", kind: .bot)
      trigger = Trigger(request: request, session: SessionID(rawValue: 0), author: author, sinceMilliseconds: 0)
      graphHash = info?.graphHash ?? []
      fingerprints = [:]
      nextSeq = (events.last?.seq ?? 0) + 1
      self.events = events
      eventBytes = events.reduce(0) { $0 + $1.estimatedBytes }
    }
  }

  /// Wait for the document to hold what they must include.
  var barriers: [Trigger] = []
  /// Policy `queue`: wait for their turn, frozen.
  var queued: Deque<Frozen> = []
  /// At most `activeRunCountMax`, so a scan is cheap.
  var active: [Active] = []
  /// The newest last, for late joiners. Of those from before the room was loaded, perhaps the first and the last event only.
  private(set) var finished: Deque<[RunEvent]> = []
  private var finishedBytes = 0
  private var runOfKey: [String: RunID] = [:]
  private var keys: Deque<String> = []
  private let keyCountMax: Int

  static let finishedCountMax = 32
  static let finishedBytesMax = 8 << 20

  /// - Parameter recent: as in `RoomSeed.runs`.
  init(_ recent: [[RunEvent]], keyCountMax: Int) {
    self.keyCountMax = keyCountMax
    adopt(recent)
  }

  /// What the store knows takes the place of what was going on here.
  mutating func adopt(_ recent: [[RunEvent]]) {
    active = []
    for events in recent {
      guard let first = events.first, let last = events.last, first.kind == .runStarted else { continue }
      let id = RunID(rawValue: first.run)
      remember(key: first.info?.idempotencyKey ?? "", of: id)
      if !last.kind.isLast { active.append(Active(interrupted: events, id)) } else if self.events(of: id) == nil { finish(events) }
    }
  }

  var isIdle: Bool { active.isEmpty && barriers.isEmpty && queued.isEmpty }
  var hasBarriers: Bool { !barriers.isEmpty }
  var waitingCount: Int { barriers.count + queued.count }

  func index(of run: RunID) -> Int? { active.firstIndex { $0.id == run } }
  func run(forKey key: String) -> RunID? { key.isEmpty ? nil : runOfKey[key] }

  mutating func remember(key: String, of run: RunID) {
    guard !key.isEmpty else { return }
    if runOfKey.updateValue(run, forKey: key) == nil { keys.append(key) }
    while keys.count > keyCountMax, let oldest = keys.popFirst() { runOfKey[oldest] = nil }
  }

  mutating func forget(key: String) {
    // Its place in `keys` stays until it comes to the front: forgetting early is harmless.
    runOfKey[key] = nil
  }

  /// Moves a run whose last event is durable to the finished ones.
  mutating func finish(at index: Int) {
    finish(active.remove(at: index).events)
  }

  private mutating func finish(_ events: [RunEvent]) {
    finished.append(events)
    finishedBytes += events.reduce(0) { $0 + $1.estimatedBytes }
    while finished.count > Self.finishedCountMax || (finishedBytes > Self.finishedBytesMax && finished.count > 1),
      let oldest = finished.popFirst()
    {
      finishedBytes -= oldest.reduce(0) { $0 + $1.estimatedBytes }
    }
  }

  func events(of run: RunID) -> [RunEvent]? {
    if let index = index(of: run) { return active[index].events }
    return finished.last { $0.first?.run == run.rawValue }
  }

  /// The last durable seq of each run that is still known.
  var publishedSeqs: [RunID: UInt64] {
    var seqs: [RunID: UInt64] = [:]
    for run in active { seqs[run.id] = run.events.last?.seq ?? 0 }
    for events in finished {
      if let last = events.last { seqs[RunID(rawValue: last.run)] = last.seq }
    }
    return seqs
  }
}
