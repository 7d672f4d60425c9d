public import CRDT
public import WorkflowGraph

/// One write to the document. A `nil` value unsets the field; the register keeps the stamp. Spec: DO1, DO2, DO4, DO7.
public enum Op: Hashable, Sendable {
  case setMeta(field: FieldKey, value: JSONText?)
  case setNodeLife(node: NodeID, alive: Bool)
  case setNodeField(node: NodeID, field: FieldKey, value: JSONText?)
  case addEdge(EdgeKey)
  /// Removes the adds that its author saw; a concurrent add survives. Tags in any order, at least one.
  case removeEdge(EdgeKey, tags: [Stamp])
  case setEdgeField(edge: EdgeKey, field: FieldKey, value: JSONText?)
  case setCommentLife(comment: CommentID, alive: Bool)
  case setCommentField(comment: CommentID, field: FieldKey, value: JSONText?)
}

/// The unit of atomicity, of acknowledgement and of undo: applied whole or refused whole.
///
/// `seq` starts at 1 and has no gaps per replica. All ops share `hlc`; their place in `ops` is the last part of their stamp. Spec: CR1, CR2.
public struct Change: Hashable, Sendable {
  public var replica: ReplicaID
  public var seq: UInt64
  public var hlc: HybridTime
  public var ops: [Op]

  public init(replica: ReplicaID, seq: UInt64, hlc: HybridTime, ops: [Op]) {
    self.replica = replica
    self.seq = seq
    self.hlc = hlc
    self.ops = ops
  }

  /// The stamp of the op at `index`.
  public func stamp(_ index: Int) -> Stamp { Stamp(hlc: hlc, replica: replica, seq: seq, index: UInt32(truncatingIfNeeded: index)) }
}

/// Who made a change: a person, a bot, or an agent acting for somebody.
public struct Author: Hashable, Sendable {
  public enum Kind: UInt8, Sendable, CaseIterable {
    case person = 1
    case bot = 2
    case agent = 3
  }
  /// The authenticated subject, or "" in open mode.
  public var subject: String
  /// The name shown to others.
  public var name: String
  public var kind: Kind

  public init(subject: String = "", name: String, kind: Kind) {
    self.subject = subject
    self.name = name
    self.kind = kind
  }
}

/// A change at its place in the workflow's one order, with who made it and when the server took it.
public struct LoggedChange: Hashable, Sendable {
  /// 1 for the first change of the workflow, no gaps.
  public var position: UInt64
  public var author: Author
  /// Milliseconds since 1970, the server's clock.
  public var takenAtMilliseconds: UInt64
  public var change: Change

  public init(position: UInt64, author: Author, takenAtMilliseconds: UInt64, change: Change) {
    self.position = position
    self.author = author
    self.takenAtMilliseconds = takenAtMilliseconds
    self.change = change
  }
}
