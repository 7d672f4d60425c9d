import WorkflowEngine
import WorkflowGraph

/// The embedded engine alone: what it takes to run graphs of three shapes, from the graph of a document to the bytes of the result.
enum EngineBench {
  private static let counts = [1000, 10_000, 100_000]
  private static let rounds = 7

  static func run(_ table: inout Table) async {
    for shape in Shape.allCases {
      var times: [Double] = []
      var perNode: [Double] = []
      for count in counts {
        let graph = shape.graph(count)
        let wall = await median { await execute(graph) }
        times.append(wall / 1e6)
        perNode.append(wall / Double(count))
      }
      table.add(
        "Engine", "run \(shape.rawValue), 1 000 / 10 000 / 100 000 nodes", times.map(short).joined(separator: " / ") + " ms",
        target: "10 000 in 30 ms")
      table.add(
        "Engine", "\(shape.rawValue), each node of it", perNode.map { short($0) }.joined(separator: " / ") + " ns",
        target: "the same for all sizes")
    }
    let file = Array(CanvasJSON.write(Shape.tree.graph(10_000)).utf8)
    let validation = await median { check(WorkflowEngine().validate(file: file).isEmpty) }
    table.add("Engine", "validate the file of a tree of 10 000 nodes, \(file.count) bytes", "\(short(validation / 1e6)) ms")
    let graph = delays(1000)
    let waits = await median { await execute(graph) }
    table.add("Engine", "1 000 nodes that wait for nothing, 64 at a time, each a task", "\(short(waits / 1000 / 1000)) µs each")
  }

  private enum Shape: String, CaseIterable {
    case chain = "a chain of text operations"
    case wide = "numbers side by side and a join"
    case tree = "a tree of additions"

    func graph(_ count: Int) -> WorkflowGraph {
      var nodes: [WorkflowGraph.Node] = []
      var edges: [WorkflowGraph.Edge] = []
      for index in 0..<count {
        switch self {
        case .chain where index == 0: nodes.append(node(index, "text_input", "text", "\"A line of text\""))
        case .chain:
          nodes.append(node(index, "text_operation", "text_op", index % 2 == 0 ? "\"uppercase\"" : "\"lowercase\""))
          edges.append(edge(index - 1, index))
        case .wide where index == count - 1: nodes.append(node(index, "join", "join_strategy", "\"all\""))
        case .wide:
          nodes.append(node(index, "number", "value", String(index)))
          edges.append(edge(index, count - 1))
        // Node i adds nodes 2i + 1 and 2i + 2, as in a heap.
        case .tree where 2 * index + 2 < count:
          nodes.append(node(index, "operation", "op", "\"add\""))
          edges += [edge(2 * index + 1, index), edge(2 * index + 2, index)]
        case .tree: nodes.append(node(index, "number", "value", String(index)))
        }
      }
      return WorkflowGraph(nodes: nodes, edges: edges)
    }
  }

  private static func delays(_ count: Int) -> WorkflowGraph {
    WorkflowGraph(nodes: (0..<count).map { node($0, "delay", "duration", "\"1ns\"") })
  }

  private static func node(_ index: Int, _ type: String, _ setting: String, _ value: String) -> WorkflowGraph.Node {
    WorkflowGraph.Node(id: id(index), fields: [.type: .string(type), .data(setting): JSONText(unchecked: value)])
  }

  private static func edge(_ source: Int, _ target: Int) -> WorkflowGraph.Edge {
    WorkflowGraph.Edge(key: EdgeKey(source: id(source), target: id(target)))
  }

  private static func id(_ index: Int) -> NodeID { NodeID("node-\(index)") }

  private static func execute(_ graph: WorkflowGraph) async {
    let start = ContinuousClock.now
    let result = await WorkflowEngine().run(graph, clock: { ContinuousClock.now - start }, sleep: { _ in await Task.yield() })
    check(result.isSuccess)
  }

  private static func check(_ isRight: Bool) { precondition(isRight, "the run is not what is to be measured") }

  /// Nanoseconds.
  private static func median(_ body: () async -> Void) async -> Double {
    var times: [Double] = []
    await body()  // The first in a process is about tables that are made once.
    for _ in 0..<rounds {
      let start = Stopwatch.nanoseconds
      await body()
      times.append(Double(Stopwatch.nanoseconds - start))
    }
    return Median.of(times) ?? 0
  }
}
