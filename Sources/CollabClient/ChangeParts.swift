import CRDT
import CollabProtocol
import WorkflowDocument

/// Ops that are one thing to the person and may be too many for one change: an undo, a restore.
enum ChangeParts {
  /// The ops of each change, in the order to be made.
  ///
  /// One change where that is within the limits. Else first all that goes, then all that comes: a change is checked as if it only grew, and so
  /// the document never holds both the old and the new. Spec: UN3.
  static func of(_ ops: [Op], _ document: WorkflowDocument, _ rules: DocumentLimits, _ limits: Limits) -> [[Op]] {
    let parts = split(ops, limits)
    guard parts.count > 1 || exceeds(ops, document, rules) else { return parts }
    return split(ops.filter(\.takesAway), limits) + split(ops.filter { !$0.takesAway }, limits)
  }

  private static func exceeds(_ ops: [Op], _ document: WorkflowDocument, _ rules: DocumentLimits) -> Bool {
    let change = Change(replica: ReplicaID(1), seq: 1, hlc: HybridTime(milliseconds: 1), ops: ops)
    return !ops.isEmpty && document.check(change, limits: rules)?.code == .limit
  }

  private static func split(_ ops: [Op], _ limits: Limits) -> [[Op]] {
    var parts: [[Op]] = []
    var bytes = 0
    for op in ops {
      let size = ChangeSize.bytes(op)
      if parts.isEmpty || bytes + size > Int(limits.messageBytesMax) / 2 || parts[parts.count - 1].count >= Int(limits.opsPerChangeMax) {
        parts.append([])
        bytes = 0
      }
      parts[parts.count - 1].append(op)
      bytes += size
    }
    return parts
  }
}

extension Op {
  /// Whether it can only make the document smaller.
  fileprivate var takesAway: Bool {
    switch self {
    case .removeEdge, .setNodeLife(_, alive: false), .setCommentLife(_, alive: false): true
    default: false
    }
  }
}
