import CRDT
public import Webhooks
import WorkflowDocument
import WorkflowGraph

/// How much a store holds before it refuses or forgets. Every implementation keeps the same bounds.
public struct StoreLimits: Hashable, Sendable {
  /// Bytes of queued, not yet durable writes of all workflows together. Beyond it: appends fail with `.unavailable`.
  /// A room stops taking changes long before, so that one busy room cannot fill it.
  public var queueBytesMax = 256 << 20
  /// Ended leases remembered per workflow. Beyond it: the longest untouched are forgotten when the next snapshot is saved,
  /// and a client that comes back with one of those learns only that its lease is unknown. As many as an open room remembers.
  public var endedLeaseCountMax = 4096
  /// Runs kept per workflow. Beyond it: the oldest finished ones go when the next snapshot is saved.
  public var runCountMax = 1000

  /// Changes that the timeline reaches back over, at least: the log behind the snapshots is trimmed to about this many. Beyond it: the oldest go
  /// when a snapshot is saved, and history says where it begins. 0: nothing is kept for history.
  public var historyChangeCountMax = 10_000
  /// Bytes of their bodies. Beyond it: fewer changes.
  public var historyBytesMax = 32 << 20
  /// Named versions of one workflow; beyond it: `.limit`.
  public var versionCountMax = 200
  /// Bytes of their snapshots in one workflow, as they are stored; beyond it: `.limit`.
  public var versionBytesMax = 256 << 20
  /// Automatic versions of one workflow; beyond it: `.limit`. A room thins them out long before.
  public var automaticVersionCountMax = 400
  /// Bytes of their snapshots; beyond it: `.limit`.
  public var automaticVersionBytesMax = 128 << 20
  /// Webhooks and their deliveries.
  public var webhooks = WebhookLimits()

  public init() {}
}

extension StoreWrite {
  /// About how many bytes this write takes while it is queued; never 0. O(ops).
  public var byteCount: Int {
    let fixed = 64
    switch self {
    case .change(let logged):
      var sum = fixed + logged.author.subject.utf8.count + logged.author.name.utf8.count
      for op in logged.change.ops { sum += 48 + op.textByteCount }
      return sum
    case .lease(let lease): return fixed + lease.secretDigest.count
    case .runEvent(let event): return fixed + event.run.utf8.count + event.body.count
    case .version(.renamed(let id, let name, let note)): return fixed + id.utf8.count + name.utf8.count + note.utf8.count
    case .version(.dropped(let id)): return fixed + id.utf8.count
    }
  }
}

extension Op {
  fileprivate var textByteCount: Int {
    switch self {
    case .setMeta(let field, let value): field.rawValue.utf8.count + value.byteCount
    case .setNodeLife(let node, _): node.rawValue.utf8.count
    case .setNodeField(let node, let field, let value): node.rawValue.utf8.count + field.rawValue.utf8.count + value.byteCount
    case .addEdge(let edge): edge.byteCount
    case .removeEdge(let edge, let tags): edge.byteCount + tags.count * MemoryLayout<Stamp>.stride
    case .setEdgeField(let edge, let field, let value): edge.byteCount + field.rawValue.utf8.count + value.byteCount
    case .setCommentLife(let comment, _): comment.rawValue.utf8.count
    case .setCommentField(let comment, let field, let value): comment.rawValue.utf8.count + field.rawValue.utf8.count + value.byteCount
    }
  }
}

extension JSONText? {
  fileprivate var byteCount: Int { self?.text.utf8.count ?? 0 }
}

extension EdgeKey {
  fileprivate var byteCount: Int {
    source.rawValue.utf8.count + target.rawValue.utf8.count + (sourceHandle?.utf8.count ?? 0) + (targetHandle?.utf8.count ?? 0)
  }
}
