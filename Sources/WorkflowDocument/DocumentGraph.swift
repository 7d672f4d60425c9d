import CRDT
public import WorkflowGraph

/// An edge that is in the document and not in the graph. It comes back by itself when the reason goes. Spec: GV1, GV3.
public struct ParkedEdge: Hashable, Sendable {
  public enum Reason: String, Hashable, Sendable, CaseIterable {
    /// One of its ends is not visible.
    case orphan
    /// It would close a cycle.
    case cycle
  }
  public var key: EdgeKey
  public var reason: Reason

  public init(key: EdgeKey, reason: Reason) {
    self.key = key
    self.reason = reason
  }
}

extension WorkflowDocument {
  /// The visible graph: nodes in id order, edges in edge order, unset fields and a `parentId` that does not count left out. O(document).
  public func graph() -> WorkflowGraph {
    var nodes: [WorkflowGraph.Node] = []
    nodes.reserveCapacity(projection.visibleNodes.count)
    projection.visibleNodes.visit { slot in
      let record = state.nodes[Int(slot)]
      var fields = values(record.fields.entries)
      if let standing = projection.parents.standing(of: slot), standing != .held { fields[.parentID] = nil }
      nodes.append(WorkflowGraph.Node(id: record.id, fields: fields))
    }
    var edges: [WorkflowGraph.Edge] = []
    edges.reserveCapacity(projection.visibleEdgeCount)
    projection.live.visit { slot in
      guard projection.standing(slot) == .taken else { return }
      edges.append(WorkflowGraph.Edge(key: state.key(of: slot), fields: values(state.edges[Int(slot)].presentFields)))
    }
    return WorkflowGraph(nodes: nodes, edges: edges)
  }

  /// In edge order. O(edges).
  public var parkedEdges: [ParkedEdge] {
    var parked: [ParkedEdge] = []
    projection.live.visit { slot in
      switch projection.standing(slot) {
      case .orphan: parked.append(ParkedEdge(key: state.key(of: slot), reason: .orphan))
      case .cyclic: parked.append(ParkedEdge(key: state.key(of: slot), reason: .cycle))
      case .gone, .undecided, .taken: break
      }
    }
    return parked
  }

  /// The workflow's own fields that are set.
  public var meta: [FieldKey: JSONText] { values(state.meta.entries) }

  func values(_ fields: [FieldMap.Entry]) -> [FieldKey: JSONText] {
    var values: [FieldKey: JSONText] = [:]
    values.reserveCapacity(fields.count)
    for entry in fields { if let value = entry.register.value { values[state.names[entry.key]] = value } }
    return values
  }
}
