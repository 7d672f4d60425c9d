import CRDT
import WorkflowDocument
import WorkflowGraph

extension Author.Kind: WireEnum {
  var wireName: StaticString {
    switch self {
    case .person: "PERSON"
    case .bot: "BOT"
    case .agent: "AGENT"
    }
  }
}

extension Role: WireEnum {
  var wireName: StaticString {
    switch self {
    case .viewer: "VIEWER"
    case .commenter: "COMMENTER"
    case .editor: "EDITOR"
    case .runner: "RUNNER"
    case .owner: "OWNER"
    }
  }
}

extension RunRequest.Policy: WireEnum {
  var wireName: StaticString {
    switch self {
    case .coalesce: "COALESCE"
    case .queue: "QUEUE"
    case .parallel: "PARALLEL"
    case .reject: "REJECT"
    }
  }
}

extension RunRequest.Parked: WireEnum {
  var wireName: StaticString {
    switch self {
    case .refuse: "REFUSE"
    case .prune: "PRUNE"
    }
  }
}

extension Welcome.Catchup: WireEnum {
  var wireName: StaticString {
    switch self {
    case .nothing: "NOTHING"
    case .changes: "CHANGES"
    case .snapshot: "SNAPSHOT"
    }
  }
}

extension RefusalCode: WireEnum {
  var wireName: StaticString {
    switch self {
    case .forbidden: "FORBIDDEN"
    case .invalid: "INVALID"
    case .tooLarge: "TOO_LARGE"
    case .limit: "LIMIT"
    case .rateLimited: "RATE_LIMITED"
    case .clockSkew: "CLOCK_SKEW"
    case .staleLease: "STALE_LEASE"
    case .conflict: "CONFLICT"
    case .unavailable: "UNAVAILABLE"
    }
  }
}

extension RunEvent.Kind: WireEnum {
  var wireName: StaticString {
    switch self {
    case .runStarted: "RUN_STARTED"
    case .nodeStarted: "NODE_STARTED"
    case .nodeSucceeded: "NODE_SUCCEEDED"
    case .nodeFailed: "NODE_FAILED"
    case .nodeSkipped: "NODE_SKIPPED"
    case .runFinished: "RUN_FINISHED"
    case .runCancelled: "RUN_CANCELLED"
    case .runFailed: "RUN_FAILED"
    }
  }
}

extension HistoryEffect.Kind: WireEnum {
  var wireName: StaticString {
    switch self {
    case .nodesAdded: "NODES_ADDED"
    case .nodesRemoved: "NODES_REMOVED"
    case .nodesMoved: "NODES_MOVED"
    case .nodesConfigured: "NODES_CONFIGURED"
    case .nodesRelabelled: "NODES_RELABELLED"
    case .nodesArranged: "NODES_ARRANGED"
    case .edgesAdded: "EDGES_ADDED"
    case .edgesRemoved: "EDGES_REMOVED"
    case .edgesChanged: "EDGES_CHANGED"
    case .workflowChanged: "WORKFLOW_CHANGED"
    case .commentsAdded: "COMMENTS_ADDED"
    case .commentsRemoved: "COMMENTS_REMOVED"
    case .commentsChanged: "COMMENTS_CHANGED"
    }
  }
}
