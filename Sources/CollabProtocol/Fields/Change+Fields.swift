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
    guard reader.context.fault == nil else { return try reader.skip() }
    guard ops.count < reader.limits.opsPerChangeMax else {
      reader.fault(.tooLarge, "more than \(reader.limits.opsPerChangeMax) ops in one change")
      return try reader.skip()
    }
    var draft = OpDraft()
    try reader.message(&draft)
    if let op = draft.op(&reader) { ops.append(op) }
  }
}

extension WireReader {
  /// A change as a server takes it: what is wrong with it alone is told beside it, and then it has no ops. Spec: RF2.
  mutating func changeOrFault() throws(DecodeError) -> (change: Change, fault: DecodeContext.Fault?) {
    context.fault = nil
    var change = try message(or: Change.blank)
    guard change.seq > 0 else { throw .malformed("a change without seq") }
    if change.ops.isEmpty { fault(.invalid, "a change without ops") }
    guard let fault = context.fault else { return (change, nil) }
    context.fault = nil
    change.ops = []
    return (change, fault)
  }

  /// A change as a client takes it from its server: nothing may be wrong with it.
  mutating func soundChange(or present: Change) throws(DecodeError) -> Change {
    context.fault = nil
    let change = try message(or: present)
    if let fault = context.fault { throw .malformed(fault.text) }
    return change
  }

  /// An op of a refusal's `revert`. Spec: RF3.
  mutating func stateOp() throws(DecodeError) -> Op {
    context.fault = nil
    let op = try message(or: OpDraft()).op(&self, isState: true)
    guard let op else { throw .malformed(context.fault?.text ?? "an op without kind") }
    if let fault = context.fault { throw .malformed(fault.text) }
    return op
  }
}
