import WorkflowGraph

/// A graph prepared for running: dense indices, inputs of every node, the order. All of it O(nodes + edges), plus sorting the sources.
///
/// Kahn's order as the engine has it: nodes without inputs by the bytes of their ids, then each node when its last input is there, by
/// the order of edges. Inputs come in edge order, a doubled edge delivers twice.
struct ExecutionPlan {
  /// Nodes of the graph first, in its order and each id once, then ids that only edges name.
  private(set) var ids: [String] = []
  /// Index into `graph.nodes` of the first node with that id; `nil` for an id that only edges name.
  private(set) var nodes: [Int?] = []
  private(set) var order: [Int] = []
  /// Whether no edge leaves it.
  private(set) var isTerminal: [Bool] = []
  private var inputs = Adjacency()
  private var outputs = Adjacency()

  init(_ graph: EngineGraph) throws(RunFailure) {
    var indices: [NodeID: Int] = [:]
    indices.reserveCapacity(graph.nodes.count)
    for (place, node) in graph.nodes.enumerated() where Self.index(of: node.id, in: &indices) == ids.count {
      ids.append(node.id)
      nodes.append(place)
    }
    let knownCount = ids.count
    var sources: [Int] = []
    var targets: [Int] = []
    sources.reserveCapacity(graph.edges.count)
    targets.reserveCapacity(graph.edges.count)
    for edge in graph.edges {
      sources.append(indexOfEnd(edge.source, &indices))
      targets.append(indexOfEnd(edge.target, &indices))
    }
    inputs = Adjacency(from: targets, to: sources, count: ids.count)
    outputs = Adjacency(from: sources, to: targets, count: ids.count)
    isTerminal = ids.indices.map { outputs[$0].isEmpty }
    order = Self.order(outputs, ids: ids, knownCount: knownCount, targets: targets)
    // An id that is there twice or an end that is not there makes the count wrong, as a cycle does.
    guard order.count == graph.nodes.count else {
      throw RunFailure(.order, "workflow contains cycles (circular dependencies)")
    }
  }

  /// The nodes whose values `index` receives, in edge order.
  func inputs(of index: Int) -> ArraySlice<Int> { inputs[index] }

  /// The nodes that receive the value of `index`, as often as they do.
  func outputs(of index: Int) -> ArraySlice<Int> { outputs[index] }

  private mutating func indexOfEnd(_ id: String, _ indices: inout [NodeID: Int]) -> Int {
    let index = Self.index(of: id, in: &indices)
    if index == ids.count {
      ids.append(id)
      nodes.append(nil)
    }
    return index
  }

  /// The index of an id, a new one at the end when it was not met before.
  private static func index(of id: String, in indices: inout [NodeID: Int]) -> Int {
    func take(_ index: inout Int) -> Int { index }
    // One look finds it or puts it there: hashing is most of what a plan costs.
    let next = indices.count
    return take(&indices[NodeID(id), default: next])
  }

  private static func order(_ outputs: Adjacency, ids: [String], knownCount: Int, targets: [Int]) -> [Int] {
    var missing = [Int](repeating: 0, count: ids.count)
    for target in targets { missing[target] += 1 }
    var order = (0..<knownCount).filter { missing[$0] == 0 }
    let isOrdered = zip(order, order.dropFirst()).allSatisfy { Bytewise.precedes(ids[$0], ids[$1]) }
    if !isOrdered { order.sort { Bytewise.precedes(ids[$0], ids[$1]) } }
    var next = 0
    while next < order.count {
      for target in outputs[order[next]] {
        missing[target] -= 1
        if missing[target] == 0 { order.append(target) }
      }
      next += 1
    }
    return order
  }
}

/// For each index a list of others, all in one array.
private struct Adjacency: Sendable {
  private var starts = [0]
  private var items: [Int] = []

  init() {}

  /// Pairs in their order; each list keeps it.
  init(from owners: [Int], to others: [Int], count: Int) {
    starts = [Int](repeating: 0, count: count + 1)
    for owner in owners { starts[owner + 1] += 1 }
    for index in 0..<count { starts[index + 1] += starts[index] }
    items = [Int](repeating: 0, count: owners.count)
    var filled = starts
    for (owner, other) in zip(owners, others) {
      items[filled[owner]] = other
      filled[owner] += 1
    }
  }

  subscript(index: Int) -> ArraySlice<Int> { items[starts[index]..<starts[index + 1]] }
}
