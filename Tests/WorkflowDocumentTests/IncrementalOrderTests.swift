import DocumentHistories
import Testing
import WorkflowGraph

@Suite struct IncrementalOrderTests {
  /// Whether a walk over these edges leads from one node to the other.
  private func reaches(_ start: Int32, _ end: Int32, _ edges: some Sequence<(Int32, Int32)>) -> Bool {
    var seen: Set<Int32> = [start]
    var stack = [start]
    let edges = Array(edges)
    while let node = stack.popLast() {
      for (source, target) in edges where source == node && seen.insert(target).inserted { stack.append(target) }
    }
    return seen.contains(end)
  }

  @Test("[GV6] an edge is taken exactly when it closes no cycle, and ranks grow along every edge, whatever comes and goes")
  func random() {
    for seed in 0..<300 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      var order = IncrementalOrder()
      var edges: [Int32: (Int32, Int32)] = [:]
      for edge in 0..<60 as Range<Int32> {
        if random.chance(25), let gone = edges.keys.sorted().randomElement(using: &random) {
          order.remove(gone)
          edges[gone] = nil
        }
        let (source, target) = (Int32.random(in: 0..<12, using: &random), Int32.random(in: 0..<12, using: &random))
        let fits = !reaches(target, source, edges.values)
        #expect(order.insert(edge, from: source, to: target) == fits, "seed \(seed)")
        if fits { edges[edge] = (source, target) }
        #expect(edges.values.allSatisfy { order.rank($0.0) < order.rank($0.1) }, "seed \(seed)")
      }
      for source in 0..<12 as Range<Int32> {
        for target in 0..<12 as Range<Int32> {
          let expected = reaches(source, target, edges.filter { $0.key.isMultiple(of: 2) }.values)
          #expect(order.reaches(source, target) { $0.isMultiple(of: 2) } == expected, "seed \(seed)")
        }
      }
    }
  }

  @Test("[GV6] arranging beforehand changes which edges are cheap and not which are taken")
  func arranged() {
    for seed in 0..<200 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      let edges = (0..<30).map { _ in (source: Int32.random(in: 0..<10, using: &random), target: Int32.random(in: 0..<10, using: &random)) }
      var (plain, arranged) = (IncrementalOrder(), IncrementalOrder())
      arranged.arrange(edges, nodeCount: 10)
      #expect((0..<10).map { arranged.rank($0) }.sorted() == Array(0..<10), "seed \(seed)")
      for (index, edge) in edges.enumerated() {
        let taken = plain.insert(Int32(index), from: edge.source, to: edge.target)
        let takenToo = arranged.insert(Int32(index), from: edge.source, to: edge.target)
        #expect(taken == takenToo, "seed \(seed)")
      }
    }
  }

  @Test("[GV6] two edges between the same nodes come and go each for itself")
  func parallel() {
    var order = IncrementalOrder()
    var taken = [order.insert(0, from: 1, to: 0), order.insert(1, from: 1, to: 0)]
    order.remove(0)
    taken.append(order.insert(2, from: 0, to: 1))
    order.remove(1)
    taken.append(order.insert(2, from: 0, to: 1))
    #expect(taken == [true, true, false, true])
  }

  @Test("[GV6] edge lists tell the edges of a node after any linking and unlinking")
  func lists() {
    var random = SeededRandom(seed: 7)
    var lists = EdgeLists()
    var edges: [Int32: (Int32, Int32)] = [:]
    for _ in 0..<2000 {
      let edge = Int32.random(in: 0..<40, using: &random)
      if edges[edge] == nil {
        let ends = (Int32.random(in: 0..<6, using: &random), Int32.random(in: 0..<6, using: &random))
        lists.link(edge, from: ends.0, to: ends.1)
        edges[edge] = ends
      } else {
        lists.unlink(edge)
        edges[edge] = nil
      }
      let node = Int32.random(in: 0..<6, using: &random)
      var (out, into): (Set<Int32>, Set<Int32>) = ([], [])
      lists.forEachOut(node) { edge, _ in out.insert(edge) }
      lists.forEachIn(node) { edge, _ in into.insert(edge) }
      #expect(out == Set(edges.filter { $0.value.0 == node }.keys))
      #expect(into == Set(edges.filter { $0.value.1 == node }.keys))
      #expect(lists.contains(edge) == (edges[edge] != nil))
    }
  }
}
