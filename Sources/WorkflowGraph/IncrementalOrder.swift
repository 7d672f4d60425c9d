/// The edges at each node of a graph as linked lists inside two arrays: linking and unlinking are O(1) and allocate nothing.
///
/// Nodes and edges are small integers that the caller hands out and may hand out again after `unlink`. Two edges may have the same ends.
public struct EdgeLists: Sendable {
  static let none: Int32 = -1

  struct Link {
    var source: Int32
    var target: Int32
    var nextOut: Int32
    var previousOut: Int32
    var nextIn: Int32
    var previousIn: Int32
  }

  private var links: [Link] = []
  private var linkCount = 0
  public var isEmpty: Bool { linkCount == 0 }
  private var heads: [(out: Int32, into: Int32)] = []

  public init() {}

  /// Makes room for edges and nodes below these numbers.
  public mutating func reserve(nodes: Int, edges: Int) {
    while heads.count < nodes { heads.append((Self.none, Self.none)) }
    let free = Link(source: -1, target: -1, nextOut: -1, previousOut: -1, nextIn: -1, previousIn: -1)
    while links.count < edges { links.append(free) }
  }

  /// - Precondition: the edge is not linked.
  public mutating func link(_ edge: Int32, from source: Int32, to target: Int32) {
    reserve(nodes: Int(max(source, target)) + 1, edges: Int(edge) + 1)
    let out = heads[Int(source)].out
    let into = heads[Int(target)].into
    links[Int(edge)] = Link(
      source: source, target: target, nextOut: out, previousOut: Self.none, nextIn: into, previousIn: Self.none)
    if out >= 0 { links[Int(out)].previousOut = edge }
    if into >= 0 { links[Int(into)].previousIn = edge }
    heads[Int(source)].out = edge
    heads[Int(target)].into = edge
    linkCount += 1
  }

  /// An edge that is not linked is left alone.
  public mutating func unlink(_ edge: Int32) {
    guard contains(edge) else { return }
    let link = links[Int(edge)]
    if link.previousOut >= 0 { links[Int(link.previousOut)].nextOut = link.nextOut } else { heads[Int(link.source)].out = link.nextOut }
    if link.nextOut >= 0 { links[Int(link.nextOut)].previousOut = link.previousOut }
    if link.previousIn >= 0 { links[Int(link.previousIn)].nextIn = link.nextIn } else { heads[Int(link.target)].into = link.nextIn }
    if link.nextIn >= 0 { links[Int(link.nextIn)].previousIn = link.previousIn }
    links[Int(edge)].source = Self.none
    linkCount -= 1
  }

  public func contains(_ edge: Int32) -> Bool { Int(edge) < links.count && links[Int(edge)].source >= 0 }

  @inline(__always) func source(_ edge: Int32) -> Int32 { links[Int(edge)].source }
  @inline(__always) func target(_ edge: Int32) -> Int32 { links[Int(edge)].target }
  @inline(__always) func firstOut(_ node: Int32) -> Int32 { Int(node) < heads.count ? heads[Int(node)].out : Self.none }
  @inline(__always) func firstIn(_ node: Int32) -> Int32 { Int(node) < heads.count ? heads[Int(node)].into : Self.none }
  @inline(__always) func nextOut(_ edge: Int32) -> Int32 { links[Int(edge)].nextOut }
  @inline(__always) func nextIn(_ edge: Int32) -> Int32 { links[Int(edge)].nextIn }

  /// Edges that leave `node`, the last linked first.
  public func forEachOut(_ node: Int32, _ body: (_ edge: Int32, _ target: Int32) -> Void) {
    var edge = firstOut(node)
    while edge >= 0 {
      let next = nextOut(edge)
      body(edge, target(edge))
      edge = next
    }
  }

  /// Edges that enter `node`, the last linked first.
  public func forEachIn(_ node: Int32, _ body: (_ edge: Int32, _ source: Int32) -> Void) {
    var edge = firstIn(node)
    while edge >= 0 {
      let next = nextIn(edge)
      body(edge, source(edge))
      edge = next
    }
  }
}

/// A topological order of an acyclic graph that is kept while edges come and go.
///
/// Inserting an edge that agrees with the order is O(1); one that does not searches and re-ranks only the nodes between its ends
/// (the affected region). Removing never changes the order. Spec: GV6. Source: Pearce & Kelly 2006, "A Dynamic Topological Sort
/// Algorithm for Directed Acyclic Graphs", §3.
public struct IncrementalOrder: Sendable {
  private var lists = EdgeLists()
  /// A permutation of 0..<count: along every edge it grows.
  private var ranks: [Int32] = []
  /// Which search last came by a node; never cleared, only compared with `search`.
  private var marks: [UInt32] = []
  private var search: UInt32 = 0
  // Scratch of `insert`, kept so that it allocates only while it grows.
  private var after: [Int32] = []
  private var before: [Int32] = []
  private var pool: [Int32] = []

  public init() {}

  public func contains(_ edge: Int32) -> Bool { lists.contains(edge) }

  /// The node's place in the order; nodes never seen come last.
  public func rank(_ node: Int32) -> Int32 { Int(node) < ranks.count ? ranks[Int(node)] : node }

  /// Takes the edge in, unless it would close a cycle; then nothing changes.
  ///
  /// - Returns: whether it was taken in.
  public mutating func insert(_ edge: Int32, from source: Int32, to target: Int32) -> Bool {
    guard source != target else { return false }
    while ranks.count <= Int(max(source, target)) {
      ranks.append(Int32(truncatingIfNeeded: ranks.count))
      marks.append(0)
    }
    if ranks[Int(source)] > ranks[Int(target)], !reorder(source, target) { return false }
    lists.link(edge, from: source, to: target)
    return true
  }

  public mutating func remove(_ edge: Int32) { lists.unlink(edge) }

  /// Ranks the nodes, before any edge was taken in, so that the longest acyclic beginning of these edges agrees with the order: inserting those is
  /// O(1) each then. O(nodes + edges), times log(edges) when there is a cycle among them.
  public mutating func arrange(_ expected: [(source: Int32, target: Int32)], nodeCount: Int) {
    guard lists.isEmpty else { return }
    let count = max(nodeCount, ranks.count)
    var plan = EdgeLists()
    plan.reserve(nodes: count, edges: expected.count)
    for (index, edge) in expected.enumerated() where edge.source != edge.target {
      plan.link(Int32(index), from: edge.source, to: edge.target)
    }
    var best = Self.ranks(plan, first: expected.count, nodeCount: count)
    var low = 0
    var high = best == nil ? expected.count : 0
    while high - low > 1 {
      let middle = (low + high) / 2
      if let found = Self.ranks(plan, first: middle, nodeCount: count) {
        best = found
        low = middle
      } else {
        high = middle
      }
    }
    guard let best else { return }
    ranks = best
    marks = Array(repeating: 0, count: count)
    search = 0
  }

  /// A topological order of the first so many edges; `nil` when they have a cycle.
  private static func ranks(_ plan: EdgeLists, first: Int, nodeCount: Int) -> [Int32]? {
    let unseen: Int32 = -2
    let open: Int32 = -1
    var ranks = Array(repeating: unseen, count: nodeCount)
    // Depth-first; a node takes the last free rank once all it leads to have theirs.
    var free = Int32(nodeCount)
    var path: [(node: Int32, edge: Int32)] = []
    for root in 0..<Int32(nodeCount) where ranks[Int(root)] == unseen {
      ranks[Int(root)] = open
      path.append((root, plan.firstOut(root)))
      while let (node, edge) = path.last {
        if edge < 0 {
          free -= 1
          ranks[Int(node)] = free
          path.removeLast()
          continue
        }
        path[path.count - 1].edge = plan.nextOut(edge)
        if edge >= first { continue }
        let next = plan.target(edge)
        if ranks[Int(next)] == open { return nil }
        guard ranks[Int(next)] == unseen else { continue }
        ranks[Int(next)] = open
        path.append((next, plan.firstOut(next)))
      }
    }
    return ranks
  }

  /// The edges that leave a node between the two in the order and end at most at the second: all that a path between them can use.
  /// O(region between the two).
  public mutating func edges(from start: Int32, to end: Int32) -> [Int32] {
    guard Int(max(start, end)) < ranks.count, rank(start) < rank(end) else { return [] }
    let bound = ranks[Int(end)]
    var found: [Int32] = []
    beginSearch()
    after.removeAll(keepingCapacity: true)
    after.append(start)
    marks[Int(start)] = search
    while let node = after.popLast() {
      var edge = lists.firstOut(node)
      while edge >= 0 {
        let next = lists.target(edge)
        if ranks[Int(next)] <= bound {
          found.append(edge)
          if marks[Int(next)] != search {
            marks[Int(next)] = search
            after.append(next)
          }
        }
        edge = lists.nextOut(edge)
      }
    }
    return found
  }

  /// Whether a path leads from one node to the other over edges that `allowed` takes. O(region between the two).
  public mutating func reaches(_ start: Int32, _ end: Int32, over allowed: (_ edge: Int32) -> Bool) -> Bool {
    if start == end { return true }
    let bound = rank(end)
    guard rank(start) < bound, Int(max(start, end)) < ranks.count else { return false }
    beginSearch()
    after.removeAll(keepingCapacity: true)
    after.append(start)
    marks[Int(start)] = search
    while let node = after.popLast() {
      var edge = lists.firstOut(node)
      while edge >= 0 {
        let next = lists.target(edge)
        if ranks[Int(next)] <= bound, marks[Int(next)] != search, allowed(edge) {
          if next == end { return true }
          marks[Int(next)] = search
          after.append(next)
        }
        edge = lists.nextOut(edge)
      }
    }
    return false
  }

  /// Makes `source` come before `target` by giving the ranks of the affected nodes out anew.
  private mutating func reorder(_ source: Int32, _ target: Int32) -> Bool {
    guard collectAfter(target, upTo: ranks[Int(source)], avoiding: source) else { return false }
    collectBefore(source, downTo: ranks[Int(target)])
    Self.sort(&before, by: ranks)
    Self.sort(&after, by: ranks)
    pool.removeAll(keepingCapacity: true)
    for node in before { pool.append(ranks[Int(node)]) }
    for node in after { pool.append(ranks[Int(node)]) }
    pool.sort()
    for (index, node) in before.enumerated() { ranks[Int(node)] = pool[index] }
    for (index, node) in after.enumerated() { ranks[Int(node)] = pool[before.count + index] }
    return true
  }

  /// Fills `after` with what can be reached from `start` without passing the rank `bound`; false when that includes `forbidden`.
  private mutating func collectAfter(_ start: Int32, upTo bound: Int32, avoiding forbidden: Int32) -> Bool {
    beginSearch()
    after.removeAll(keepingCapacity: true)
    after.append(start)
    marks[Int(start)] = search
    var done = 0
    while done < after.count {
      var edge = lists.firstOut(after[done])
      done += 1
      while edge >= 0 {
        let next = lists.target(edge)
        if next == forbidden { return false }
        if ranks[Int(next)] < bound, marks[Int(next)] != search {
          marks[Int(next)] = search
          after.append(next)
        }
        edge = lists.nextOut(edge)
      }
    }
    return true
  }

  /// Fills `before` with what reaches `start` without passing the rank `bound`.
  private mutating func collectBefore(_ start: Int32, downTo bound: Int32) {
    before.removeAll(keepingCapacity: true)
    before.append(start)
    marks[Int(start)] = search
    var done = 0
    while done < before.count {
      var edge = lists.firstIn(before[done])
      done += 1
      while edge >= 0 {
        let next = lists.source(edge)
        if ranks[Int(next)] > bound, marks[Int(next)] != search {
          marks[Int(next)] = search
          before.append(next)
        }
        edge = lists.nextIn(edge)
      }
    }
  }

  private static func sort(_ nodes: inout [Int32], by ranks: [Int32]) {
    if nodes.count > 1 { nodes.sort { ranks[Int($0)] < ranks[Int($1)] } }
  }

  private mutating func beginSearch() {
    search &+= 1
    guard search == 0 else { return }
    for index in marks.indices { marks[index] = 0 }
    search = 1
  }
}
