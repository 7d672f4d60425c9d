import CRDT
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import CollabProtocol

/// What the JSON form takes and what it does not.
@Suite struct JSONFormTests {
  private func change(_ op: String) throws -> ChangeBatch {
    let text = #"{"change":{"batch":"1","changes":[{"replica":1,"seq":"1","hlc":"65536","ops":[\#(op)]}]}}"#
    guard case .change(let batch) = try MessageCodec.client(json: text) else { throw Unexpected() }
    return batch
  }
  struct Unexpected: Error {}

  @Test("[WP7] one message in its exact spelling")
  func spelling() throws {
    let key = EdgeKey(source: NodeID("a"), sourceHandle: "", target: NodeID("b"))
    let batch = ChangeBatch(
      batch: 7,
      changes: [
        Change(
          replica: ReplicaID(3), seq: 2, hlc: HybridTime(milliseconds: 1, counter: 5),
          ops: [
            .setNodeField(node: NodeID("a"), field: .position, value: JSONText(unchecked: #"{"x":1,"y":2}"#)),
            .setNodeField(node: NodeID("a"), field: .data("label"), value: nil), .addEdge(key),
            .setNodeLife(node: NodeID("b"), alive: false),
          ])
      ], seen: 40)
    let text =
      #"{"change":{"batch":"7","changes":[{"replica":3,"seq":"2","hlc":"65541","ops":["#
      + #"{"setNodeField":{"node":"a","field":"position","value":"{\"x\":1,\"y\":2}"}},"#
      + #"{"setNodeField":{"node":"a","field":"data.label"}},"#
      + #"{"addEdge":{"edge":{"source":"a","sourceHandle":"","target":"b"}}},{"setNodeLife":{"node":"b"}}]}],"seen":"40"}}"#
    #expect(String(decoding: MessageCodec.bytes(.change(batch), as: .json), as: UTF8.self) == text)
    #expect(try MessageCodec.client(json: text) == .change(batch))
  }

  @Test(
    "[WP7] spellings that mean the same",
    arguments: [
      #"{"ping":{"id":"12"}}"#, #"{"ping":{"id":12}}"#, #" { "ping" : { "id" : 12.0 , "seen" : null } } "#, #"{"ping":{"id":1.2e1}}"#,
      #"{"ping":{"id":"1","id":"12"}}"#, #"{"\u0070ing":{"i\u0064":12}}"#,
      #"{"ping":{"id":12,"new":[{"deep":[1,-2.5e+9,"\ud83d\ude42",true,null]}]}}"#,
      #"{"later":{"id":1},"ping":{"id":12}}"#, #"{"hello":null,"ping":{"id":12}}"#, "\t{\n\"ping\":{\r\"id\":12}}\n",
    ])
  func same(text: String) throws { #expect(try MessageCodec.client(json: text) == .ping(Ping(id: 12))) }

  @Test("[WP7] names in snake_case, enums by number, base64 in either alphabet")
  func otherSpellings() throws {
    let text = #"{"run":{"idempotency_key":"k","policy":2,"parked":"PRUNE"}}"#
    guard case .run(let run) = try MessageCodec.client(json: text) else { throw Unexpected() }
    #expect(run.idempotencyKey == "k" && run.policy == .parallel && run.parked == .prune)
    for base64 in ["+/8=", "-_8", "-_8=", "+/8"] {
      let resync = try MessageCodec.client(json: #"{"resync":{"graphHash":"\#(base64)"}}"#)
      #expect(resync == .resync(Resync(version: Version(), graphHash: [0xfb, 0xff])))
    }
  }

  @Test(
    "[WP2] kinds and members of a newer minor version are ignored", arguments: ["{}", #"{"dance":{"with":["whom"]}}"#, #"{"a":1,"b":{}}"#])
  func unknown(text: String) throws { #expect(try MessageCodec.client(json: text) == .unknown) }

  @Test("[WP2] a name that is only nearly one of ours is not ours")
  func nearlyTheName() throws {
    let near = "reconnec" + String(repeating: "x", count: 10) + "iseconds"
    #expect(near.utf8.count == "reconnectAfterMilliseconds".utf8.count)
    let goodbye = Goodbye(code: .draining, text: "", reconnectAfterMilliseconds: 7)
    #expect(
      try MessageCodec.server(json: #"{"goodbye":{"code":4503,"\#(near)":9,"reconnect_after_milliseconds":7}}"#) == .goodbye(goodbye))
    #expect(try MessageCodec.client(json: #"{"ping":{"i":3,"ids":4,"ID":5,"id":6}}"#) == .ping(Ping(id: 6)))
  }

  @Test(
    "[WP6] text that is no message closes with 4400",
    arguments: [
      "", " ", "x", "[]", "null", "{", "{}x", "{}{}", #"{"ping"}"#, #"{"ping":}"#, #"{"ping":1}"#, #"{"ping":{"id":}}"#,
      #"{"ping":{"id":1,}}"#,
      #"{"ping":{"id":01}}"#, #"{"ping":{"id":-1}}"#, #"{"ping":{"id":1.5}}"#, #"{"ping":{"id":"x"}}"#, #"{"ping":{"id":""}}"#,
      #"{"ping":{"id":" 1"}}"#, #"{"ping":{"id":"1}}"#, #"{"ping":{"id":18446744073709551616}}"#, #"{"ping":{"id":1e30}}"#,
      #"{"ping":{"id":true}}"#, #"{"ping":{"id":1}"#, #"{"ping":{"id":1}}}"#, #"{"ping":{"id":1},"resync":{}}"#, #"{"ping":{},"ping":{}}"#,
      #"{"hello":{"name":"\ud800"}}"#, #"{"hello":{"name":"\ud800\u0041"}}"#, #"{"hello":{"name":"\x"}}"#,
      "{\"hello\":{\"name\":\"\u{1}\"}}",
      #"{"hello":{"name":"\u00g0"}}"#, #"{"hello":{"create":"true"}}"#, #"{"hello":{"create":tru}}"#,
      #"{"hello":{"lease":{"replica":4294967296}}}"#,
      #"{"hello":{"lease":{"secret":"a"}}}"#, #"{"hello":{"lease":{"secret":"ab*="}}}"#, #"{"hello":{"lease":{"secret":"+_8="}}}"#,
      #"{"hello":{"version":{"replica":[1],"seq":[]}}}"#, #"{"hello":{"version":{"replica":[2,1],"seq":[1,1]}}}"#,
      #"{"hello":{"version":{"replica":[1],"seq":[0]}}}"#, #"{"hello":{"version":{"replica":[0],"seq":[1]}}}"#,
      #"{"hello":{"version":{"replica":[null],"seq":[1]}}}"#, #"{"presence":{"state":{"cursor":{"x":"NaN"}}}}"#,
      #"{"presence":{"state":{"cursor":{"x":"Infinity"}}}}"#, #"{"presence":{"state":{"cursor":{"x":1e999}}}}"#,
      #"{"presence":{"state":{"cursor":{"x":NaN}}}}"#, #"{"presence":{"state":{"selectedNodes":{}}}}"#, #"{"other":[1,]}"#,
      #"{"other":"\q"}"#,
      #"{"other":nul}"#, #"{"other":- 1}"#, #"{"other":1.}"#, #"{"other":.5}"#, #"{"other":1e}"#,
      #"{"change":{"changes":[{"seq":1,"ops":[{"addEdge":{},"setMeta":{}}]}]}}"#, #"{"change":{"changes":[{}]}}"#,
    ])
  func malformed(text: String) {
    let error = failure { () throws(DecodeError) in try MessageCodec.client(json: text) }
    #expect(error?.closeCode == .badRequest, "\(text) gave \(error?.text ?? "a message")")
  }

  @Test("[WP6] a text that is not UTF-8 closes with 1007")
  func notUnicode() {
    let bytes = Array(#"{"hello":{"name":""#.utf8) + [0xc3, 0x28] + Array(#""}}"#.utf8)
    #expect(failure { () throws(DecodeError) in try MessageCodec.client(bytes, as: .json) }?.closeCode == .invalidPayload)
  }

  @Test("[WP6] nesting beyond the bound is malformed, not a deep recursion")
  func deep() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(failure { () throws(DecodeError) in try MessageCodec.client(json: "{\"x\":\(deep)") }?.closeCode == .badRequest)
    let allowed = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
    #expect(try MessageCodec.client(json: "{\"x\":\(allowed)}") == .unknown)
  }

  @Test("[DO2] values come back byte for byte, escapes undone")
  func values() throws {
    let batch = try change(#"{"setMeta":{"field":"title","value":" \"a\\u00e9\\n\\ud83d\\ude42\" "}}"#)
    #expect(batch.faults.isEmpty)
    guard case .setMeta(_, let value) = batch.changes[0].ops[0] else { throw Unexpected() }
    #expect(value?.text == #" "a\u00e9\n\ud83d\ude42" "#)
  }
}
