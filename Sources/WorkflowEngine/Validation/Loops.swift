/// The loops of a graph: its strongly connected components with more than one node, or with an edge from a node to itself.
///
/// O(nodes + edges), without recursion. Source: Tarjan 1972, "Depth-first search and linear graph algorithms".
struct Loops {
  /// By node: which loop it is on.
  private var loops: [Int?]
  /// By loop, in order of the nodes.
  private var members: [[Int]] = []

  /// - Parameter edges: ends below `count`.
  init(count: Int, edges: [(source: Int, target: Int)]) {
    loops = [Int?](repeating: nil, count: count)
    var walk = Walk(count: count, edges: edges)
    for node in 0..<count { walk.go(from: node) }
    for component in walk.components where component.count > 1 || walk.isOwnTarget[component[0]] {
      for node in component { loops[node] = members.count }
      members.append(component.sorted())
    }
  }

  /// All nodes of the loop that the node is on, `nil` when it is on none. Several loops that share a node are one.
  func members(with node: Int) -> [Int]? { loops[node].map { members[$0] } }
}

private struct Walk {
  private var starts: [Int]
  private var targets: [Int]
  var isOwnTarget: [Bool]
  private(set) var components: [[Int]] = []
  /// When a node was met, from 1; 0 for never.
  private var met: [Int]
  private var low: [Int]
  private var time = 0
  /// Met, and in no component yet.
  private var open: [Int] = []
  private var isOpen: [Bool]
  private var next: [Int]

  init(count: Int, edges: [(source: Int, target: Int)]) {
    starts = [Int](repeating: 0, count: count + 1)
    isOwnTarget = [Bool](repeating: false, count: count)
    for edge in edges {
      starts[edge.source + 1] += 1
      if edge.source == edge.target { isOwnTarget[edge.source] = true }
    }
    for node in 0..<count { starts[node + 1] += starts[node] }
    var filled = starts
    targets = [Int](repeating: 0, count: edges.count)
    for edge in edges {
      targets[filled[edge.source]] = edge.target
      filled[edge.source] += 1
    }
    met = [Int](repeating: 0, count: count)
    low = met
    isOpen = [Bool](repeating: false, count: count)
    next = Array(starts.dropLast())
  }

  mutating func go(from root: Int) {
    guard met[root] == 0 else { return }
    var path = [root]
    meet(root)
    while let node = path.last {
      if next[node] < starts[node + 1] {
        let target = targets[next[node]]
        next[node] += 1
        if met[target] == 0 {
          meet(target)
          path.append(target)
        } else if isOpen[target] {
          low[node] = min(low[node], met[target])
        }
      } else {
        path.removeLast()
        if let before = path.last { low[before] = min(low[before], low[node]) }
        if low[node] == met[node] { close(node) }
      }
    }
  }

  private mutating func meet(_ node: Int) {
    time += 1
    met[node] = time
    low[node] = time
    open.append(node)
    isOpen[node] = true
  }

  private mutating func close(_ node: Int) {
    var component: [Int] = []
    while let last = open.popLast() {
      isOpen[last] = false
      component.append(last)
      if last == node { break }
    }
    components.append(component)
  }
}
