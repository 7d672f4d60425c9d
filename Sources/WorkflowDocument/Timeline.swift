import WorkflowGraph

/// Puts changes together to lines that a person can read. Pure. Spec: HI2.
///
/// Changes form a *sitting* as long as the pause between two is short; in a sitting each author has one entry.
public struct Timeline: Sendable {
  /// A longer pause begins a new sitting.
  public static let pauseMillisecondsMax: UInt64 = 120_000
  /// So does a sitting of this length.
  public static let sittingMillisecondsMax: UInt64 = 900_000

  /// - Parameter changes: newest first.
  /// - Returns: by their last position, newest first. O(ops log ops).
  public static func entries(of changes: some Sequence<LoggedChange>) -> [HistoryEntry] {
    var timeline = Timeline()
    for change in changes { timeline.take(change) }
    timeline.endSitting()
    return timeline.entries
  }

  private var entries: [HistoryEntry] = []
  /// Of the sitting, in the order of their last changes, newest first.
  private var drafts: [Draft] = []
  private var places: [Author: Int] = [:]
  private var sittingEnd: UInt64 = 0
  private var lastTime: UInt64 = 0

  private mutating func take(_ logged: LoggedChange) {
    let time = logged.takenAtMilliseconds
    // The server's clock may have been set back in between.
    let pause = lastTime > time ? lastTime - time : time - lastTime
    let length = sittingEnd > time ? sittingEnd - time : 0
    if drafts.isEmpty || pause > Self.pauseMillisecondsMax || length > Self.sittingMillisecondsMax {
      endSitting()
      sittingEnd = time
    }
    lastTime = time
    let place = places[logged.author] ?? drafts.count
    if place == drafts.count {
      drafts.append(Draft(logged))
      places[logged.author] = place
    }
    drafts[place].take(logged)
  }

  private mutating func endSitting() {
    entries += drafts.map { $0.entry() }
    drafts = []
    places = [:]
  }
}

/// One entry while older and older changes are added to it.
private struct Draft {
  /// What came and went: only the first and the last of it count.
  struct Life {
    var first: Bool
    let last: Bool
    var isNew: Bool { first && last }
    var isGone: Bool { !first && !last }
  }

  private var result: HistoryEntry
  private var nodeLives: [NodeID: Life] = [:]
  private var edgeLives: [EdgeKey: Life] = [:]
  private var commentLives: [CommentID: Life] = [:]
  private var moved: Set<NodeID> = []
  private var arranged: Set<NodeID> = []
  private var relabelled: Set<NodeID> = []
  private var configured: [NodeID: Set<FieldKey>] = [:]
  private var edgesWritten: [EdgeKey: Set<FieldKey>] = [:]
  private var commentsWritten: Set<CommentID> = []
  private var workflowFields: Set<FieldKey> = []

  init(_ newest: LoggedChange) {
    result = HistoryEntry(
      author: newest.author, position: newest.position, throughMilliseconds: newest.takenAtMilliseconds)
  }

  mutating func take(_ logged: LoggedChange) {
    result.firstPosition = logged.position
    result.fromMilliseconds = logged.takenAtMilliseconds
    result.changeCount += 1
    for op in logged.change.ops.reversed() { take(op) }
  }

  private mutating func take(_ op: Op) {
    switch op {
    case .setMeta(let field, _): workflowFields.insert(field)
    case .setNodeLife(let node, let alive): nodeLives[node, default: Life(first: alive, last: alive)].first = alive
    case .setNodeField(let node, let field, _):
      if field == .position {
        moved.insert(node)
      } else if field == .label {
        relabelled.insert(node)
      } else if field.isLayout {
        arranged.insert(node)
      } else {
        configured[node, default: []].insert(field)
      }
    case .addEdge(let edge): edgeLives[edge, default: Life(first: true, last: true)].first = true
    case .removeEdge(let edge, _): edgeLives[edge, default: Life(first: false, last: false)].first = false
    case .setEdgeField(let edge, let field, _): edgesWritten[edge, default: []].insert(field)
    case .setCommentLife(let comment, let alive): commentLives[comment, default: Life(first: alive, last: alive)].first = alive
    case .setCommentField(let comment, _, _): commentsWritten.insert(comment)
    }
  }

  func entry() -> HistoryEntry {
    var entry = result
    func add(_ kind: HistoryEffect.Kind, _ names: [String], _ fields: Set<FieldKey> = []) {
      guard !names.isEmpty else { return }
      let most = HistoryEffect.namesMax
      entry.effects.append(
        HistoryEffect(
          kind: kind, count: UInt32(clamping: names.count), names: Array(names.sorted(by: Bytewise.precedes).prefix(most)),
          fields: Array(fields.sorted().prefix(most).map(\.rawValue))))
    }
    func names(_ nodes: some Sequence<NodeID>) -> [String] { nodes.filter { nodeLives[$0] == nil }.map(\.rawValue) }
    add(.nodesAdded, nodeLives.filter(\.value.isNew).map(\.key.rawValue))
    add(.nodesRemoved, nodeLives.filter(\.value.isGone).map(\.key.rawValue))
    add(.nodesMoved, names(moved))
    let reset = configured.filter { nodeLives[$0.key] == nil }
    add(.nodesConfigured, reset.map(\.key.rawValue), reset.values.reduce(into: []) { $0.formUnion($1) })
    add(.nodesRelabelled, names(relabelled))
    add(.nodesArranged, names(arranged))
    add(.edgesAdded, edgeLives.filter(\.value.isNew).map(\.key.description))
    add(.edgesRemoved, edgeLives.filter(\.value.isGone).map(\.key.description))
    let redrawn = edgesWritten.filter { edgeLives[$0.key] == nil }
    add(.edgesChanged, redrawn.map(\.key.description), redrawn.values.reduce(into: []) { $0.formUnion($1) })
    add(.workflowChanged, workflowFields.map(\.rawValue), workflowFields)
    add(.commentsAdded, commentLives.filter(\.value.isNew).map(\.key.rawValue))
    add(.commentsRemoved, commentLives.filter(\.value.isGone).map(\.key.rawValue))
    add(.commentsChanged, commentsWritten.filter { commentLives[$0] == nil }.map(\.rawValue))
    return entry
  }
}
