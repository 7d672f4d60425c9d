import CRDT
import WorkflowDocument
import WorkflowGraph

extension WireWriter {
  @inline(__always) mutating func changeFields(_ change: Change) {
    uint32(1, "replica", change.replica.rawValue)
    uint64(2, "seq", change.seq)
    uint64(3, "hlc", change.hlc.rawValue)
    messages(4, "ops", change.ops) { $0.opFields($1) }
  }
}

extension Change: WireReadable {
  static let fieldNames = FieldNames("replica", "seq", "hlc", "ops")
  var names: FieldNames { Self.fieldNames }

  static var blank: Change { Change(replica: .none, seq: 0, hlc: .zero, ops: []) }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: replica = ReplicaID(try reader.uint32())
    case 2: seq = try reader.uint64()
    case 3: hlc = HybridTime(rawValue: try reader.uint64())
    case 4:
      try reader.elements { reader throws(DecodeError) in
        try readOp(&reader)
      }
    default: try reader.skip()
    }
  }

  /// After the first fault the rest of the ops is passed over: the change is refused whole.
  private mutating func readOp(_ reader: inout some WireReader) throws(DecodeError) {
    guard !reader.context.isFaulty else { return try reader.skip() }
    guard ops.count < reader.limits.opsPerChangeMax else {
      reader.fault(.tooLarge, "more than \(reader.limits.opsPerChangeMax) ops in one change")
      return try reader.skip()
    }
    var draft = OpDraft()
    try reader.message(&draft)
    // Most changes have a few ops: one allocation for them instead of three.
    if ops.isEmpty { ops.reserveCapacity(4) }
    if let op = draft.op(&reader) { ops.append(op) }
  }
}

extension WireReader {
  /// A change as a server takes it: what is wrong with it alone is told beside it, and then it has no ops. Spec: RF2.
  mutating func changeOrFault() throws(DecodeError) -> (change: Change, fault: DecodeContext.Fault?) {
    _ = context.takeFault()
    var change = Change.blank
    try message(&change)
    guard change.seq > 0 else { throw .malformed("a change without seq") }
    if change.ops.isEmpty { fault(.invalid, "a change without ops") }
    guard let fault = context.takeFault() else { return (change, nil) }
    change.ops = []
    return (change, fault)
  }

  /// A change as a client takes it from its server: nothing may be wrong with it.
  mutating func soundChange(or present: Change) throws(DecodeError) -> Change {
    _ = context.takeFault()
    let change = try message(or: present)
    if let fault = context.takeFault() { throw .malformed(fault.text) }
    return change
  }

  /// An op of a refusal's `revert`. Spec: RF3.
  mutating func stateOp() throws(DecodeError) -> Op {
    _ = context.takeFault()
    let op = try message(or: OpDraft()).op(&self, isState: true)
    let fault = context.takeFault()
    guard let op else { throw .malformed(fault?.text ?? "an op without kind") }
    if let fault { throw .malformed(fault.text) }
    return op
  }
}
