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
    var info: RunInfo
  }

  struct Active: Sendable {
    let id: RunID
    let trigger: Trigger
    let graphHash: [UInt8]
    /// Until the start is durable.
    var graph: WorkflowGraph?
    var nextSeq: UInt64 = 1
    var isCancelWanted = false
    /// The last event was made; it may not be durable yet.
    var isOver = false
    /// Durable ones, in order.
    var events: [RunEvent] = []
    var eventBytes = 0
  }

  /// Wait for the document to hold what they must include.
  var barriers: [Trigger] = []
  /// Policy `queue`: wait for their turn, frozen.
  var queued: Deque<Frozen> = []
  /// At most `activeRunCountMax`, so a scan is cheap.
  var active: [Active] = []
  /// The newest last, for late joiners.
  private(set) var finished: Deque<[RunEvent]> = []
  private var finishedBytes = 0
  private var runOfKey: [String: RunID] = [:]
  private var keys: Deque<String> = []
  private let keyCountMax: Int

  static let finishedCountMax = 4
  static let finishedBytesMax = 8 << 20

  init(keyCountMax: Int) { self.keyCountMax = keyCountMax }

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
    let run = active.remove(at: index)
    finished.append(run.events)
    finishedBytes += run.eventBytes
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
