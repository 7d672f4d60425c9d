public import CollabProtocol
public import WorkflowDocument
import WorkflowGraph

/// What a person does to a canvas, from a seed: drags, creations, connections, settings, deletions, second thoughts, a wandering cursor.
///
/// The same seed against the same sequence of documents gives the same steps. Not a law test's history (those are nastier) but a load that
/// looks like people: mostly drags and settings, few deletions, a canvas that stays near `nodesAim`.
public struct EditMix: Sendable {
  public enum Step: Sendable {
    case edit([Op])
    case undo
    case redo
    case presence(PresenceState)
  }

  /// Parts of the mix; only their ratios count.
  public struct Weights: Sendable {
    public var drag = 38
    public var configure = 24
    public var connect = 14
    public var create = 9
    public var disconnect = 4
    public var undo = 4
    public var delete = 3
    public var redo = 1
    public var comment = 1
    public var rename = 1
    public init() {}
  }

  public var weights = Weights()
  /// Around so many nodes the canvas stops growing.
  public var nodesAim = 120
  /// Whether cursor moves are steps too: some three for each edit, as a mouse makes them.
  public var withPresence = true

  private let prefix: String
  private var random: SeededRandom
  private var created = 0
  private var commentCount = 0
  /// Nodes that were alive when last looked at; those deleted since are passed over.
  private var known: [NodeID] = []
  private var stepsUntilLook = 0
  private var cursor = Point(x: 400, y: 300)
  private var drag: Drag?

  private struct Drag: Sendable {
    var node: NodeID
    var target: Point
    var framesLeft: Int
  }

  /// - Parameter prefix: begins every id made here; different for each bot in a room.
  public init(seed: UInt64, prefix: String) {
    self.prefix = prefix
    random = SeededRandom(seed: seed)
  }

  /// The next step against the document as it is.
  ///
  /// - Complexity: O(1) and the edges at one node; once in 256 steps O(nodes), to see what others made.
  public mutating func next(_ document: WorkflowDocument) -> Step {
    look(document)
    if let step = dragOn(document) { return step }
    if withPresence, random.chance(3, of: 4) { return .presence(wander()) }
    for _ in 0..<8 {
      if let step = edit(document) { return step }
    }
    return .edit(create())
  }

  /// The next step that is a change, an undo or a redo; cursor moves are left out.
  public mutating func nextEdit(_ document: WorkflowDocument) -> Step {
    while true {
      let step = next(document)
      if case .presence = step { continue }
      return step
    }
  }

  private mutating func look(_ document: WorkflowDocument) {
    stepsUntilLook -= 1
    guard stepsUntilLook <= 0 || known.isEmpty else { return }
    stepsUntilLook = 256
    known = document.graph().nodes.map(\.id)
  }

  private mutating func edit(_ document: WorkflowDocument) -> Step? {
    let crowded = document.nodeCount >= nodesAim
    let create = crowded ? weights.create / 4 : weights.create
    let delete = crowded ? weights.delete * 3 : weights.delete
    let table: [(Int, Kind)] = [
      (weights.drag, .drag), (weights.configure, .configure), (weights.connect, .connect), (create, .create),
      (weights.disconnect, .disconnect), (weights.undo, .undo), (delete, .delete), (weights.redo, .redo), (weights.comment, .comment),
      (weights.rename, .rename),
    ]
    var left = random.below(table.reduce(0) { $0 + $1.0 })
    for (weight, kind) in table {
      left -= weight
      if left < 0 { return step(kind, document) }
    }
    return nil
  }

  private enum Kind { case drag, configure, connect, create, disconnect, undo, delete, redo, comment, rename }

  private mutating func step(_ kind: Kind, _ document: WorkflowDocument) -> Step? {
    switch kind {
    case .drag: return startDrag(document)
    case .configure: return configure(document).map { .edit($0) }
    case .connect: return connect(document).map { .edit($0) }
    case .create: return .edit(create())
    case .disconnect: return disconnect(document).map { .edit($0) }
    case .undo: return .undo
    case .delete: return delete(document).map { .edit($0) }
    case .redo: return .redo
    case .comment: return .edit(comment())
    case .rename: return .edit([.setMeta(field: "title", value: JSONText(unchecked: "\"Workflow \(random.below(1000))\""))])
    }
  }

  // MARK: Moving

  private mutating func startDrag(_ document: WorkflowDocument) -> Step? {
    guard let node = pick(document) else { return nil }
    let frames = withPresence ? 2 + random.below(12) : 0
    drag = Drag(node: node, target: place(), framesLeft: frames)
    return dragOn(document)
  }

  /// A drag is many presence frames and one change at its end.
  private mutating func dragOn(_ document: WorkflowDocument) -> Step? {
    guard var drag else { return nil }
    if drag.framesLeft == 0 {
      self.drag = nil
      return .edit([.setNodeField(node: drag.node, field: .position, value: Self.position(drag.target))])
    }
    let left = Double(drag.framesLeft)
    cursor.x += ((drag.target.x - cursor.x) / left).rounded()
    cursor.y += ((drag.target.y - cursor.y) / left).rounded()
    drag.framesLeft -= 1
    self.drag = drag
    var state = PresenceState()
    state.cursor = cursor
    state.selectedNodes = [drag.node]
    state.dragging = [PresenceState.Dragging(node: drag.node, position: cursor)]
    return .presence(state)
  }

  private mutating func wander() -> PresenceState {
    cursor.x = min(max(cursor.x + Double(random.below(121)) - 60, -2000), 4000)
    cursor.y = min(max(cursor.y + Double(random.below(121)) - 60, -2000), 4000)
    var state = PresenceState()
    state.cursor = cursor
    if let node = known.last, random.chance(1, of: 5) { state.selectedNodes = [node] }
    return state
  }

  private mutating func place() -> Point { Point(x: Double(random.below(200) * 10), y: Double(random.below(120) * 10)) }

  private static func position(_ at: Point) -> JSONText { JSONText(unchecked: "{\"x\":\(Int(at.x)),\"y\":\(Int(at.y))}") }

  // MARK: Making and changing

  private mutating func create() -> [Op] {
    created += 1
    let node = NodeID("\(prefix)\(created)")
    let kind = NodeKind.all[random.below(NodeKind.all.count)]
    known.append(node)
    var ops: [Op] = [
      .setNodeLife(node: node, alive: true),
      .setNodeField(node: node, field: .type, value: JSONText(unchecked: "\"\(kind.type)\"")),
      .setNodeField(node: node, field: .position, value: Self.position(place())),
      .setNodeField(node: node, field: .data("label"), value: JSONText(unchecked: "\"Node \(node)\"")),
    ]
    ops.append(.setNodeField(node: node, field: .data(kind.setting), value: kind.value(&random)))
    return ops
  }

  private mutating func configure(_ document: WorkflowDocument) -> [Op]? {
    guard let node = pick(document) else { return nil }
    if random.chance(1, of: 4) {
      return [.setNodeField(node: node, field: .data("label"), value: JSONText(unchecked: "\"Label \(random.below(10_000))\""))]
    }
    let type = document.value(node: node, field: .type)?.text
    guard let kind = NodeKind.all.first(where: { "\"\($0.type)\"" == type }) else { return nil }
    return [.setNodeField(node: node, field: .data(kind.setting), value: kind.value(&random))]
  }

  /// Mostly from an earlier node to a later one, as people build; now and then backwards, so that cycles happen.
  private mutating func connect(_ document: WorkflowDocument) -> [Op]? {
    guard known.count > 1 else { return nil }
    var from = random.below(known.count)
    var to = random.below(known.count)
    guard from != to else { return nil }
    if from > to, !random.chance(1, of: 20) { swap(&from, &to) }
    guard document.isAlive(known[from]), document.isAlive(known[to]) else { return nil }
    let handle: String? = random.chance(1, of: 8) ? "true" : nil
    return [.addEdge(EdgeKey(source: known[from], sourceHandle: handle, target: known[to]))]
  }

  private mutating func disconnect(_ document: WorkflowDocument) -> [Op]? {
    guard let node = pick(document), let edge = document.edges(at: node).randomElement(using: &random) else { return nil }
    let tags = document.liveTags(edge)
    return tags.isEmpty ? nil : [.removeEdge(edge, tags: tags)]
  }

  private mutating func delete(_ document: WorkflowDocument) -> [Op]? {
    guard let node = pick(document) else { return nil }
    var ops: [Op] = [.setNodeLife(node: node, alive: false)]
    for edge in document.edges(at: node) {
      let tags = document.liveTags(edge)
      if !tags.isEmpty { ops.append(.removeEdge(edge, tags: tags)) }
    }
    return ops
  }

  private mutating func comment() -> [Op] {
    commentCount += 1
    let comment = CommentID("\(prefix)c\(commentCount)")
    return [
      .setCommentLife(comment: comment, alive: true),
      .setCommentField(comment: comment, field: "text", value: JSONText(unchecked: "\"Why \(random.below(100))?\"")),
    ]
  }

  /// One that is alive, found in a few tries; `nil` when most of what is known is gone.
  private mutating func pick(_ document: WorkflowDocument) -> NodeID? {
    for _ in 0..<6 where !known.isEmpty {
      let at = random.below(known.count)
      if document.isAlive(known[at]) { return known[at] }
      known.swapAt(at, known.count - 1)
      known.removeLast()
    }
    return nil
  }
}

/// The kinds of nodes that the mix makes, each with the setting it changes.
private struct NodeKind: Sendable {
  let type: String
  let setting: String
  let value: @Sendable (inout SeededRandom) -> JSONText

  static let all: [NodeKind] = [
    NodeKind(type: "numberNode", setting: "value") { JSONText(unchecked: "\($0.below(1000))") },
    NodeKind(type: "textInputNode", setting: "text") { JSONText(unchecked: "\"text \($0.below(1000))\"") },
    NodeKind(type: "opNode", setting: "op") {
      JSONText(unchecked: ["\"add\"", "\"subtract\"", "\"multiply\"", "\"divide\""][$0.below(4)])
    },
    NodeKind(type: "textOpNode", setting: "text_op") {
      JSONText(unchecked: ["\"uppercase\"", "\"lowercase\"", "\"titlecase\""][$0.below(3)])
    },
    NodeKind(type: "vizNode", setting: "mode") { JSONText(unchecked: ["\"text\"", "\"table\""][$0.below(2)]) },
    NodeKind(type: "conditionNode", setting: "condition") { JSONText(unchecked: "\">\($0.below(100))\"") },
  ]
}

extension SeededRandom {
  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<max(1, bound), using: &self) }
  mutating func chance(_ part: Int, of whole: Int) -> Bool { below(whole) < part }
}
