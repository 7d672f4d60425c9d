import CRDT
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import CollabProtocol

/// What is wrong with one change concerns this change only.
@Suite struct FaultTests {
  private func batch(_ ops: String, limits: DecodeLimits = DecodeLimits()) throws(DecodeError) -> ChangeBatch {
    let good = #"{"replica":1,"seq":"1","ops":[{"setNodeLife":{"node":"a","alive":true}}]}"#
    let text = #"{"change":{"batch":"1","changes":[\#(good),{"replica":1,"seq":"2","hlc":"9","ops":\#(ops)},\#(good)]}}"#
    guard case .change(let batch) = try MessageCodec.client(json: text, limits: limits) else { throw .malformed("another kind") }
    return batch
  }
  private static func long(_ count: Int) -> String { String(repeating: "x", count: count) }

  @Test(
    "[RF2] a change with a fault is named, the others are untouched",
    arguments: [
      (#"[]"#, RefusalCode.invalid), (#"[{}]"#, .invalid), (#"[{"paint":{}}]"#, .invalid), (#"[{"setMeta":{"value":"1"}}]"#, .invalid),
      (#"[{"setMeta":{"field":"t","value":""}}]"#, .invalid), (#"[{"setMeta":{"field":"t","value":"{"}}]"#, .invalid),
      (#"[{"setMeta":{"field":"t","value":"1 2"}}]"#, .invalid), (#"[{"setMeta":{"field":"t","value":"NaN"}}]"#, .invalid),
      (#"[{"setMeta":{"field":"t","value":"{\"a\":1,\"a\":2}"}}]"#, .invalid),
      (#"[{"setMeta":{"field":"t","value":"\"\\ud800\""}}]"#, .invalid),
      (#"[{"setNodeLife":{}}]"#, .invalid), (#"[{"setNodeField":{"node":"a"}}]"#, .invalid),
      (#"[{"setNodeField":{"field":"type"}}]"#, .invalid),
      (#"[{"addEdge":{}}]"#, .invalid), (#"[{"addEdge":{"edge":{"source":"a"}}}]"#, .invalid),
      (#"[{"removeEdge":{"edge":{"source":"a","target":"b"}}}]"#, .invalid),
      (#"[{"removeEdge":{"edge":{"source":"a","target":"b"},"tags":[{"replica":1}]}}]"#, .invalid),
      (#"[{"setCommentField":{"comment":"c"}}]"#, .invalid), (#"[{"setNodeLife":{"node":"\#(long(257))"}}]"#, .tooLarge),
      (#"[{"setMeta":{"field":"\#(long(257))"}}]"#, .tooLarge), (#"[{"setMeta":{"field":"t","value":"\"\#(long(65))\""}}]"#, .tooLarge),
      (#"[{"addEdge":{"edge":{"source":"a","sourceHandle":"\#(long(257))","target":"b"}}}]"#, .tooLarge),
      (
        #"[{"setNodeLife":{"node":"a"}},{"setNodeLife":{"node":"b"}},{"setNodeLife":{"node":"c"}},{"setNodeLife":{"node":"d"}}]"#, .tooLarge
      ),
      (#"[{"removeEdge":{"edge":{"source":"a","target":"b"},"tags":[\#(tags(3))]}}]"#, .tooLarge),
    ])
  func faults(ops: String, code: RefusalCode) throws {
    var limits = DecodeLimits()
    (limits.valueBytesMax, limits.opsPerChangeMax, limits.tagsPerOpMax) = (64, 3, 2)
    let batch = try batch(ops, limits: limits)
    #expect(batch.changes.count == 3)
    #expect(batch.faults.map(\.index) == [1])
    #expect(batch.faults.first?.code == code)
    #expect(batch.changes[1] == Change(replica: ReplicaID(1), seq: 2, hlc: HybridTime(rawValue: 9), ops: []))
    #expect(batch.changes[0].ops.count == 1 && batch.changes[2].ops.count == 1)
  }
  private static func tags(_ count: Int) -> String {
    Array(repeating: #"{"hlc":"1","replica":1,"seq":"1"}"#, count: count).joined(separator: ",")
  }

  @Test("[RF2] at the bound is not beyond it")
  func bounds() throws {
    var limits = DecodeLimits()
    (limits.valueBytesMax, limits.opsPerChangeMax, limits.tagsPerOpMax) = (64, 1, 2)
    #expect(try batch(#"[{"setMeta":{"field":"\#(Self.long(256))","value":"\"\#(Self.long(62))\""}}]"#, limits: limits).faults.isEmpty)
    #expect(try batch(#"[{"removeEdge":{"edge":{"source":"a","target":"b"},"tags":[\#(Self.tags(2))]}}]"#, limits: limits).faults.isEmpty)
    #expect(try batch(#"[{"setNodeLife":{"node":"\#(Self.long(256))"}}]"#, limits: limits).faults.isEmpty)
  }

  @Test("[WP6] a fault does not hide that the message itself is malformed")
  func malformedAfterFault() {
    #expect(failure { () throws(DecodeError) in try batch(#"[{},{"setMeta":{"field":"t"}]"#) }?.closeCode == .badRequest)
  }

  @Test("[RF2] in the binary form as well")
  func binary() throws {
    let bad = Change(replica: ReplicaID(1), seq: 2, hlc: .zero, ops: [.setMeta(field: "t", value: JSONText(unchecked: "{"))])
    let good = Change(replica: ReplicaID(1), seq: 1, hlc: .zero, ops: [.setMeta(field: "t", value: JSONText(unchecked: "1"))])
    let bytes = MessageCodec.bytes(.change(ChangeBatch(batch: 1, changes: [good, bad], seen: 0)), as: .proto)
    guard case .change(let batch) = try MessageCodec.client(bytes, as: .proto) else { return #expect(Bool(false), "another kind") }
    #expect(batch.faults.map(\.index) == [1] && batch.faults.first?.code == .invalid)
    #expect(batch.changes[0] == good && batch.changes[1].ops.isEmpty)
  }

  @Test("[LM1] more changes than a batch may have close with 4413")
  func tooManyChanges() {
    var limits = DecodeLimits()
    limits.changesPerBatchMax = 2
    let error = failure { () throws(DecodeError) in try batch(#"[{"setNodeLife":{"node":"a"}}]"#, limits: limits) }
    #expect(error?.closeCode == .tooLarge && error?.code == .tooLarge)
  }

  @Test("[LM1] a message beyond the bound is not read: 1009", arguments: WireEncoding.allCases)
  func tooManyBytes(encoding: WireEncoding) {
    var limits = DecodeLimits()
    limits.messageBytesMax = 10
    let error = failure { () throws(DecodeError) in
      try MessageCodec.client([UInt8](repeating: 0x20, count: 11), as: encoding, limits: limits)
    }
    #expect(error?.closeCode == .messageTooBig && error?.code == .tooLarge)
  }

  @Test("[ER1] messages that are refused keep the connection")
  func refused() {
    func error(_ text: String) -> DecodeError? { failure { () throws(DecodeError) in try MessageCodec.client(json: text) } }
    let policy = error(#"{"run":{"policy":"TWICE","request":"5"}}"#)
    #expect(policy?.code == .refused && policy?.closeCode == nil && policy?.refusal == .invalid && policy?.request == 5)
    let presence = error(#"{"presence":{"state":{"extra":"\#(Self.long(5000))"}}}"#)
    #expect(presence?.code == .refused && presence?.refusal == .tooLarge)
    let extra = error(#"{"presence":{"state":{"extra":"{"}}}"#)
    #expect(extra?.code == .refused && extra?.refusal == .invalid)
  }

  @Test(
    "[LM2] texts beyond a fixed length close with 4400",
    arguments: [
      #"{"hello":{"name":"\#(long(65))"}}"#, #"{"hello":{"client":"\#(long(65))"}}"#, #"{"hello":{"colour":"\#(long(33))"}}"#,
      #"{"hello":{"token":"\#(long(16 << 10 | 1))"}}"#, #"{"hello":{"lease":{"secret":"\#(long(88))"}}}"#,
      #"{"run":{"idempotencyKey":"\#(long(129))"}}"#,
      #"{"cancelRun":{"run":"\#(long(129))"}}"#, #"{"resync":{"graphHash":"\#(long(88))"}}"#,
      #"{"presence":{"state":{"editing":"\#(long(514))"}}}"#,
    ])
  func longTexts(text: String) {
    #expect(failure { () throws(DecodeError) in try MessageCodec.client(json: text) }?.closeCode == .badRequest)
  }

  @Test("[WP5] a frame of the wrong type closes with 1003")
  func wrongFrame() { #expect(WireEncoding.allCases.map { DecodeError.wrongFrame($0).closeCode } == [.unsupportedData, .unsupportedData]) }

  @Test("[WP2] a client takes no faulty change from its server")
  func serverFaults() {
    let bad = #"{"changes":{"authors":[{}],"changes":[{"position":"1","change":{"replica":1,"seq":"1","ops":[{"paint":{}}]}}]}}"#
    #expect(failure { () throws(DecodeError) in try MessageCodec.server(json: bad) }?.closeCode == .badRequest)
    for change in [#"{"replica":1,"ops":[{"setNodeLife":{"node":"a"}}]}"#, #"{"replica":1,"seq":"1"}"#, "{}"] {
      let text = #"{"changes":{"authors":[{}],"changes":[{"position":"1","change":\#(change)}]}}"#
      #expect(failure { () throws(DecodeError) in try MessageCodec.server(json: text) }?.closeCode == .badRequest, "\(change)")
    }
    let author = #"{"changes":{"changes":[{"position":"1","change":{"replica":1,"seq":"1"}}]}}"#
    #expect(failure { () throws(DecodeError) in try MessageCodec.server(json: author) }?.closeCode == .badRequest)
  }

  @Test("[WP2] values that a newer server may send are read as the safest that is known")
  func newerServer() throws {
    #expect(try MessageCodec.server(json: #"{"role":{"role":"GOD"}}"#) == .role(RoleChanged(.viewer)))
    #expect(try MessageCodec.server(json: #"{"runEvent":{"run":"r","kind":"NODE_DREAMT"}}"#) == .unknown)
    #expect(
      try MessageCodec.server(json: #"{"error":{"code":"TIRED","request":1}}"#) == .error(ErrorReport(request: 1, code: .invalid, text: ""))
    )
    #expect(
      failure { () throws(DecodeError) in try MessageCodec.server(json: #"{"welcome":{"catchup":"DANCE"}}"#) }?.closeCode == .badRequest)
  }
}
