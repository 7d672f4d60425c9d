public import CRDT
public import CollabProtocol
public import WorkflowDocument
public import WorkflowGraph

/// A recording as edits for one or several clients, such that the end is the same whatever their speed.
///
/// Who wins between two writes is decided by stamps. So the changes are made in the order of their recorded stamps, each with a later time than the
/// one before, whoever makes it and whenever it arrives. Ids stay as they are; tags of edges are translated to those of the new adds.
public struct ReplayPlan: Sendable {
  public struct Step: Sendable {
    /// Which client makes it; all changes of one recorded replica are made by the same one.
    public var client: Int
    /// After the first step, at the recorded pace.
    public var offsetMilliseconds: UInt64
    /// As recorded: tags are those of the recording.
    var ops: [Op]
    var recorded: Change?
  }

  public let steps: [Step]
  private var newTags: [Stamp: Stamp] = [:]
  /// Edges of the base, whose tags in the recording stand for the one that the replay makes.
  private let baseTags: [EdgeKey: [Stamp]]

  public init(_ recording: Recording, clients: Int, limits: Limits = Limits()) {
    var steps: [Step] = []
    var baseTags: [EdgeKey: [Stamp]] = [:]
    if recording.basePosition > 0 {
      let canvas = CanvasDocument(recording.base, withParked: true)
      for edge in canvas.edges { baseTags[edge.key] = recording.base.liveTags(edge.key) }
      for ops in CanvasOps.changes(for: canvas, limits: limits) + CommentOps.changes(for: recording.base) {
        steps.append(Step(client: 0, offsetMilliseconds: 0, ops: ops, recorded: nil))
      }
    }
    let ordered = recording.changes.map(\.change).sorted { $0.stamp(0) < $1.stamp(0) }
    let start = ordered.first?.hlc.milliseconds ?? 0
    var clientOfReplica: [ReplicaID: Int] = [:]
    for change in ordered {
      let client = clientOfReplica[change.replica] ?? clientOfReplica.count % max(1, clients)
      clientOfReplica[change.replica] = client
      steps.append(Step(client: client, offsetMilliseconds: change.hlc.milliseconds - start, ops: change.ops, recorded: change))
    }
    self.steps = steps
    self.baseTags = baseTags
  }

  /// What to write for a step: the recorded ops with today's tags. Empty when nothing of it has an effect.
  public func ops(for step: Step) -> [Op] {
    step.ops.compactMap { op in
      guard case .removeEdge(let edge, let tags) = op else { return op }
      // Several old tags may stand for one new one; a tag without a new one was removed before the recording began.
      var seen: Set<Stamp> = []
      let known = tags.compactMap { newTags[$0] }.filter { seen.insert($0).inserted }
      return known.isEmpty ? nil : .removeEdge(edge, tags: known)
    }
  }

  /// What must have arrived at the client before it makes a step: the adds of others that it removes. Spec: DO4.
  public func needs(_ step: Step) -> Version {
    var needed = Version()
    for case .removeEdge(_, let tags) in step.ops {
      for tag in tags { if let new = newTags[tag] { needed.raise(new.replica, to: new.seq) } }
    }
    return needed
  }

  /// Tells the stamps under which a step was made, before any later step is asked for.
  public mutating func made(_ step: Step, as change: Change) {
    for (index, op) in change.ops.enumerated() {
      guard case .addEdge(let edge) = op else { continue }
      if step.recorded == nil { for tag in baseTags[edge] ?? [] { newTags[tag] = change.stamp(index) } }
    }
    guard let recorded = step.recorded else { return }
    // Removals may have fallen away in between, adds never do: the n-th add is the n-th add.
    let adds = change.ops.indices.filter { if case .addEdge = change.ops[$0] { true } else { false } }
    let recordedAdds = recorded.ops.indices.filter { if case .addEdge = recorded.ops[$0] { true } else { false } }
    for (old, new) in zip(recordedAdds, adds) { newTags[recorded.stamp(old)] = change.stamp(new) }
  }
}

/// Comments of a document as changes.
enum CommentOps {
  /// The fields that a comment has. Spec: DO7.
  static let fields: [FieldKey] = ["node", "position", "text", "author", "parent", "resolved"]

  static func changes(for document: WorkflowDocument) -> [[Op]] {
    document.comments.map { comment in
      [.setCommentLife(comment: comment, alive: true)]
        + fields.compactMap { field in
          document.commentValue(comment, field).map { .setCommentField(comment: comment, field: field, value: $0) }
        }
    }
  }
}

extension CanvasDocument {
  /// What a document shows, and on demand what is parked in it: edges in edge order, parked ones in their place.
  public init(_ document: WorkflowDocument, withParked: Bool) {
    self.init()
    let graph = document.graph()
    meta = document.meta
    nodes = graph.nodes
    edges = graph.edges
    let parked = withParked ? document.parkedEdges : []
    guard !parked.isEmpty else { return }
    edges += parked.map { WorkflowGraph.Edge(key: $0.key) }
    let order = Dictionary(edges.map { ($0.key, document.liveTags($0.key).min()) }, uniquingKeysWith: { first, _ in first })
    edges.sort { a, b in
      guard let first = order[a.key] ?? nil, let second = order[b.key] ?? nil, first != second else { return a.key < b.key }
      return first < second
    }
  }
}
