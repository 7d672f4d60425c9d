import CRDT
import WorkflowGraph

/// A workflow in small: enough to recognise it in a list.
public struct DocumentSketch: Hashable, Sendable {
  public struct Point: Hashable, Sendable {
    public var x: Double
    public var y: Double
    /// As the node says; empty without one.
    public var type: String
  }
  /// Places of its ends among the points.
  public struct Line: Hashable, Sendable {
    public var from: Int
    public var to: Int
  }

  public var title: String?
  /// Of the visible graph.
  public var nodeCount = 0
  public var edgeCount = 0
  /// When the newest op was made, by its author's clock; 0 before the first. Milliseconds since 1970.
  public var changedAtMilliseconds: UInt64 = 0
  /// Of nodes that have a position; of a large workflow every n-th in id order.
  public var points: [Point] = []
  /// Of visible edges between these.
  public var lines: [Line] = []

  public init() {}
}

extension WorkflowDocument {
  /// - Parameters:
  ///   - pointCountMax: at most so many points.
  ///   - lineCountMax: at most so many lines.
  /// - Complexity: O(visible nodes + live edges), with a constant of nanoseconds; only what is shown is read.
  public func sketch(pointCountMax: Int, lineCountMax: Int) -> DocumentSketch {
    precondition(pointCountMax > 0, "a sketch has room for a point")
    var sketch = DocumentSketch()
    sketch.title = meta(.title)?.stringValue
    sketch.nodeCount = projection.visibleNodes.count
    sketch.edgeCount = projection.visibleEdgeCount
    sketch.changedAtMilliseconds = highestTime.milliseconds
    let stride = (sketch.nodeCount + pointCountMax - 1) / pointCountMax
    var places: [NodeID: Int] = [:]
    var index = 0
    projection.visibleNodes.visit { slot in
      defer { index += 1 }
      guard index % stride == 0 else { return }
      let id = state.nodes[Int(slot)].id
      guard let (x, y) = value(node: id, field: .position)?.pointValue else { return }
      places[id] = sketch.points.count
      sketch.points.append(.init(x: x, y: y, type: value(node: id, field: .type)?.stringValue ?? ""))
    }
    projection.live.visit { slot in
      guard sketch.lines.count < lineCountMax, projection.standing(slot) == .taken else { return }
      let key = state.key(of: slot)
      if let from = places[key.source], let to = places[key.target] { sketch.lines.append(.init(from: from, to: to)) }
    }
    return sketch
  }
}
