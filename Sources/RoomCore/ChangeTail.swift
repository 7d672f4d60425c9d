import CRDT
import DequeModule
import WorkflowDocument
import WorkflowGraph

/// The newest durable changes of a workflow, without gaps, kept to bring others up to date without a snapshot. Spec: ME3.
///
/// Bounded by count and bytes: what falls off the front raises `versionBefore`.
struct ChangeTail: Sendable {
  private(set) var changes: Deque<LoggedChange> = []
  /// What the document held before the first of `changes`.
  private(set) var versionBefore: Version
  /// Position of the last change before `changes`.
  private(set) var positionBefore: UInt64
  private var bytes = 0
  private let countMax: Int
  private let bytesMax: Int

  /// - Parameter position: of the last change there is.
  init(_ recent: [LoggedChange], versionBefore: Version, position: UInt64, countMax: Int, bytesMax: Int) {
    self.versionBefore = versionBefore
    positionBefore = position - UInt64(recent.count)
    self.countMax = countMax
    self.bytesMax = bytesMax
    for change in recent { append(change) }
  }

  mutating func append(_ change: LoggedChange) {
    changes.append(change)
    bytes += change.estimatedBytes
    while changes.count > countMax || bytes > bytesMax, let oldest = changes.popFirst() {
      bytes -= oldest.estimatedBytes
      positionBefore = oldest.position
      versionBefore.raise(oldest.change.replica, to: oldest.change.seq)
    }
  }

  /// Changes after `position`, oldest first; `nil` when they are not all here. O(result).
  func after(_ position: UInt64) -> [LoggedChange]? {
    guard position >= positionBefore, position - positionBefore <= UInt64(changes.count) else { return nil }
    return Array(changes[(changes.startIndex + Int(position - positionBefore))...])
  }

  /// Everything from the first change on that a replica at `version` lacks, so that positions have no gap; `nil` when it is not all here.
  ///
  /// O(tail), bounded by its count.
  func missing(from version: Version) -> [LoggedChange]? {
    guard version.covers(versionBefore) else { return nil }
    guard let first = changes.firstIndex(where: { version[$0.change.replica] < $0.change.seq }) else { return [] }
    return Array(changes[first...])
  }

  /// What the document held at `position`; `nil` when that is further back than the tail. O(tail).
  func version(at position: UInt64) -> Version? {
    guard position >= positionBefore else { return nil }
    var version = versionBefore
    for change in changes.prefix(Int(position - positionBefore)) { version.raise(change.change.replica, to: change.change.seq) }
    return version
  }
}

extension LoggedChange {
  /// Roughly what it takes in memory and on the wire. O(ops).
  var estimatedBytes: Int { 64 + change.estimatedBytes }
}

extension Change {
  var estimatedBytes: Int { ops.reduce(32) { $0 + $1.estimatedBytes } }
}

extension Op {
  var estimatedBytes: Int {
    switch self {
    case .setMeta(let field, let value): 16 + field.rawValue.utf8.count + (value?.text.utf8.count ?? 0)
    case .setNodeLife(let node, _): 16 + node.rawValue.utf8.count
    case .setNodeField(let node, let field, let value):
      24 + node.rawValue.utf8.count + field.rawValue.utf8.count + (value?.text.utf8.count ?? 0)
    case .addEdge(let edge): 16 + edge.estimatedBytes
    case .removeEdge(let edge, let tags): 16 + edge.estimatedBytes + 24 * tags.count
    case .setEdgeField(let edge, let field, let value):
      24 + edge.estimatedBytes + field.rawValue.utf8.count + (value?.text.utf8.count ?? 0)
    case .setCommentLife(let comment, _): 16 + comment.rawValue.utf8.count
    case .setCommentField(let comment, let field, let value):
      24 + comment.rawValue.utf8.count + field.rawValue.utf8.count + (value?.text.utf8.count ?? 0)
    }
  }
}

extension EdgeKey {
  var estimatedBytes: Int {
    24 + source.rawValue.utf8.count + target.rawValue.utf8.count + (sourceHandle?.utf8.count ?? 0) + (targetHandle?.utf8.count ?? 0)
  }
}
