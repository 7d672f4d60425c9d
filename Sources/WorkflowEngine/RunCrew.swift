import WorkflowGraph

/// Who executes each node of a plan; looked up once for each type.
struct RunCrew: Sendable {
  struct Post: Sendable {
    var type: String
    /// `nil` for a type that nobody registered.
    var executor: (any NodeExecutor)?
    /// The same, if its nodes wait.
    var waiting: (any WaitingNodeExecutor)?
    var conduct: RunSchedule.Conduct
    /// Its own texts are not filled in, and its value is the last choice for the final output.
    var isContext: Bool
  }

  private var posts: [Post] = []
  /// By plan index.
  private var places: [Int] = []

  init(_ graph: EngineGraph, _ plan: ExecutionPlan, _ registry: ExecutorRegistry) {
    var known: [String: Int] = [:]
    places.reserveCapacity(plan.ids.count)
    for node in plan.nodes {
      let type = node.map { graph.nodes[$0].type } ?? ""
      if let place = known[type] {
        places.append(place)
      } else {
        known[type] = posts.count
        places.append(posts.count)
        posts.append(Post(type, registry))
      }
    }
  }

  subscript(index: Int) -> Post { posts[places[index]] }
}

extension RunCrew.Post {
  fileprivate init(_ type: String, _ registry: ExecutorRegistry) {
    self.type = type
    executor = registry[type]
    waiting = executor as? any WaitingNodeExecutor
    isContext = NodeCatalogue.type(named: type)?.category == .context
    if waiting != nil {
      conduct = .waiting
    } else if let stateful = executor as? any StatefulNodeExecutor {
      conduct = .stateful(Swift.type(of: stateful).part)
    } else {
      conduct = .inline
    }
  }
}
