import CRDT
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct TimelineTests {
  static let ada = Author(name: "Ada", kind: .person)
  static let bot = Author(name: "sync", kind: .bot)

  /// Newest first, as the store reads them.
  static func log(_ steps: [(Author, seconds: UInt64, [Op])]) -> [LoggedChange] {
    steps.enumerated().map { index, step in
      LoggedChange(
        position: UInt64(index + 1), author: step.0, takenAtMilliseconds: step.seconds * 1000,
        change: Change(
          replica: ReplicaID(1), seq: UInt64(index + 1), hlc: HybridTime(milliseconds: UInt64(index)), ops: step.2))
    }.reversed()
  }

  @Test("[HI2] what one author did in a sitting is one line, also when others work at the same time")
  func sittings() {
    let entries = Timeline.entries(
      of: Self.log([
        (Self.ada, 0, make("a")), (Self.ada, 10, [set("a", "data.url", "1")]),
        (Self.bot, 20, [set("b", "data.value", "1")]), (Self.ada, 30, [set("b", "position", "{}"), set("c", "position", "{}")]),
        (Self.ada, 200, [set("b", "data.label", "\"B\"")]), (Self.bot, 201, [.setMeta(field: .title, value: nil)]),
      ]))
    #expect(
      entries.map { $0.sentence() } == [
        "sync set title of the workflow", "Ada renamed b", "Ada added a, moved 2 nodes", "sync set value of b",
      ])
    #expect(entries.map(\.position) == [6, 5, 4, 3])
    #expect(entries.map(\.firstPosition) == [6, 5, 1, 3])
    #expect(entries.map(\.changeCount) == [1, 1, 3, 1])
    #expect(entries[2].fromMilliseconds == 0 && entries[2].throughMilliseconds == 30_000)
  }

  @Test("[HI2] what came and went is not told; names and fields are bounded, counts are not")
  func bounds() {
    let tag = Stamp(hlc: HybridTime(milliseconds: 1), replica: ReplicaID(1), seq: 1, index: 0)
    let many = (0..<9).map { set("n\($0)", .data("f\($0)"), "1") }
    let entries = Timeline.entries(
      of: Self.log([
        (Self.ada, 0, make("x") + [.addEdge(edge("a", "b")), .setEdgeField(edge: edge("a", "b"), field: "data.w", value: nil)]),
        (Self.ada, 1, [.setNodeLife(node: node("x"), alive: false), .removeEdge(edge("a", "b"), tags: [tag])]),
        (Self.ada, 2, many + [.removeEdge(edge("c", "d"), tags: [tag])]),
      ]))
    #expect(entries.count == 1)
    #expect(entries[0].effects.map(\.kind) == [.nodesConfigured, .edgesRemoved])
    #expect(entries[0].effects[0].count == 9)
    #expect(entries[0].effects[0].names == ["n0", "n1", "n2", "n3", "n4"])
    #expect(entries[0].effects[0].fields.count == HistoryEffect.namesMax)
    #expect(entries[0].sentence { $0 + "!" } == "Ada set settings of 9 nodes, disconnected c → d")
  }

  @Test("[HI2] a long sitting ends in the middle, a clock set back ends none early")
  func long() {
    let steps = (0..<20 as Range<UInt64>).map { (Self.ada, seconds: $0 * 60, [set("a", "position", "{}")]) }
    let entries = Timeline.entries(of: Self.log(steps))
    #expect(entries.map(\.changeCount) == [16, 4])
    #expect(Timeline.entries(of: Self.log([(Self.ada, 100, make("a")), (Self.ada, 90, make("b"))])).count == 1)
    #expect(Timeline.entries(of: [LoggedChange]()).isEmpty)
  }

  @Test("[HI5] a difference in words of the person who edits, as JSON")
  func difference() throws {
    var ann = Writer(1)
    try ann.write(make("a") + make("b") + [set("a", .data("url"), #""x""#), .setMeta(field: .title, value: .string("t"))])
    let before = ann.document
    try ann.write(
      make("c", "http") + [
        set("a", .data("url"), #""y""#), set("a", .label, #""A""#), set("a", .position, #"{"x":1,"y":2}"#), .addEdge(edge("a", "c")),
        .setNodeLife(node: node("b"), alive: false), .setCommentLife(comment: CommentID("k"), alive: true),
        .setMeta(field: .title, value: nil),
      ])
    var json: [UInt8] = []
    DocumentDiff(from: before, to: ann.document).json.canonical(into: &json)
    #expect(
      String(decoding: json, as: UTF8.self)
        == #"{"comments":{"added":["k"],"changed":[],"removed":[]},"edges":{"added":[{"source":"a","target":"c"}],"changed":[],"removed":[]},"#
        + #""nodes":{"added":[{"id":"c","type":"http"}],"moved":[{"fields":[{"field":"position","to":{"x":1,"y":2}}],"node":"a"}],"#
        + #""reconfigured":[{"fields":[{"field":"data.url","from":"x","to":"y"}],"node":"a"}],"relabelled":[{"node":"a","to":"A"}],"#
        + #""removed":[{"id":"b","type":"number"}],"rewired":[]},"workflow":[{"field":"title","from":"t"}]}"#)
    #expect(DocumentDiff(from: before, to: before).isEmpty)
  }
}
