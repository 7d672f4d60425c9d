import WorkflowDocument
import WorkflowGraph

/// The whole server over loopback, client and server sharing the machine, its peers beside it.
enum NetworkBench {
  /// - Parameter part: `nil` for all.
  static func run(_ table: inout Table, part: String? = nil) throws {
    for (name, run) in parts where part == nil || part == name { try run(&table) }
  }

  /// `fanout 1500`: that many observers only.
  private static var numbers: [Int] { CommandLine.arguments.dropFirst(2).compactMap { Int($0) } }

  private static var parts: [(name: String, run: (inout Table) throws -> Void)] {
    [
      ("fanout", { try FanOutBench.run(&$0, observers: numbers.isEmpty ? [100, 500, 1500] : numbers) }),
      ("cursors", { try CursorBench.run(&$0) }), ("durable", { try DurableBench.run(&$0) }),
      ("joining", { try JoinBench.run(&$0) }),
    ]
  }

  /// A node is dragged about, as in most edits.
  static func drag(_ index: Int) -> [Op] {
    [
      .setNodeField(
        node: NodeID("n\(index % 50)"), field: .position, value: JSONText(unchecked: "{\"x\":\(index % 2000),\"y\":\(index % 700)}"))
    ]
  }
}
