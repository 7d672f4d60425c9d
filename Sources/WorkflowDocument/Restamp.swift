public import CRDT
import WorkflowGraph

/// Gives changes that the server has not taken new numbers, and new times if need be.
///
/// After a refusal the changes behind it close the gap under the same replica and keep their times; a client whose lease ran out sends
/// its changes under another replica with new stamps. Removals that name an add among these changes follow it to its new stamp.
/// Spec: CR5, RF1.
public enum Restamp {
  /// - Parameters:
  ///   - pending: oldest first, of one replica.
  ///   - dropped: changes that will never be sent. Removals forget the adds of these; an op or a change of which nothing is left goes.
  ///   - clock: `nil` keeps the times; else a later reading for each change.
  /// - Returns: the changes with seqs `firstSeq`, `firstSeq` + 1 and so on; fewer when some went.
  public static func restamp(
    _ pending: [Change], replica: ReplicaID, firstSeq: UInt64, dropping dropped: [Change] = [], clock: (() -> HybridTime)? = nil
  ) -> [Change] {
    trace(pending, replica: replica, firstSeq: firstSeq, dropping: dropped, clock: clock).changes
  }

  /// As `restamp`, with the new stamp of each op that is left: what `UndoStack.rename` takes.
  public static func trace(
    _ pending: [Change], replica: ReplicaID, firstSeq: UInt64, dropping dropped: [Change] = [], clock: (() -> HybridTime)? = nil
  ) -> (changes: [Change], stamps: [Stamp: Stamp]) {
    var stamps: [Stamp: Stamp] = [:]
    let gone = Set(dropped.flatMap { change in change.ops.indices.map { change.stamp($0) } })
    var changes: [Change] = []
    for old in pending {
      var new = Change(
        replica: replica, seq: firstSeq + UInt64(changes.count), hlc: clock?() ?? old.hlc, ops: [])
      for (index, op) in old.ops.enumerated() {
        guard let op = renamed(op, stamps, gone) else { continue }
        stamps[old.stamp(index)] = new.stamp(new.ops.count)
        new.ops.append(op)
      }
      if !new.ops.isEmpty { changes.append(new) }
    }
    return (changes, stamps)
  }

  private static func renamed(_ op: Op, _ stamps: [Stamp: Stamp], _ gone: Set<Stamp>) -> Op? {
    guard case .removeEdge(let edge, let tags) = op else { return op }
    let left = tags.filter { !gone.contains($0) }.map { stamps[$0] ?? $0 }
    return left.isEmpty ? nil : .removeEdge(edge, tags: left)
  }
}
