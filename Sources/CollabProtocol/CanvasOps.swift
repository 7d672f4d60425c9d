public import WorkflowDocument
public import WorkflowGraph

/// A canvas document as changes, cut to what a server takes.
public enum CanvasOps {
  /// Meta first, then nodes in file order, then edges in file order: later ops get later stamps, so the edges keep their order. Spec: GV2.
  ///
  /// A node's or an edge's ops stay together in one change unless they alone are too many.
  /// - Complexity: O(fields).
  public static func changes(for canvas: CanvasDocument, limits: Limits = Limits()) -> [[Op]] {
    var cutter = ChangeCutter(opCountMax: Int(limits.opsPerChangeMax), bytesMax: Int(limits.messageBytesMax) / 4)
    cutter.add(canvas.meta.sorted { $0.key < $1.key }.map { .setMeta(field: $0.key, value: $0.value) })
    for node in canvas.nodes {
      var ops: [Op] = [.setNodeLife(node: node.id, alive: true)]
      for (field, value) in node.fields.sorted(by: { $0.key < $1.key }) {
        ops.append(.setNodeField(node: node.id, field: field, value: value))
      }
      cutter.add(ops)
    }
    for edge in canvas.edges {
      var ops: [Op] = [.addEdge(edge.key)]
      for (field, value) in edge.fields.sorted(by: { $0.key < $1.key }) {
        ops.append(.setEdgeField(edge: edge.key, field: field, value: value))
      }
      cutter.add(ops)
    }
    return cutter.finish()
  }
}

/// Fills changes with groups of ops up to the bounds.
public struct ChangeCutter {
  let opCountMax: Int
  let bytesMax: Int
  private var done: [[Op]] = []
  private var open: [Op] = []
  private var openBytes = 0

  public init(opCountMax: Int, bytesMax: Int) {
    self.opCountMax = max(1, opCountMax)
    self.bytesMax = bytesMax
  }

  public mutating func add(_ group: [Op]) {
    var rest = group[...]
    while !rest.isEmpty {
      let part = Array(rest.prefix(opCountMax))
      rest = rest.dropFirst(part.count)
      let bytes = part.reduce(0) { $0 + ChangeSize.bytes($1) }
      if !open.isEmpty, open.count + part.count > opCountMax || openBytes + bytes > bytesMax { cut() }
      if part.count > 1, bytes > bytesMax {
        // One op each: values are bounded, so each fits.
        for op in part {
          open = [op]
          cut()
        }
        continue
      }
      open += part
      openBytes += bytes
    }
  }

  public mutating func finish() -> [[Op]] {
    if !open.isEmpty { cut() }
    return done
  }

  private mutating func cut() {
    done.append(open)
    open = []
    openBytes = 0
  }
}
