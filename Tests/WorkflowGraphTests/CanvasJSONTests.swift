import Foundation
import Testing
import WorkflowGraph

@Suite struct CanvasJSONTests {
  static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func fixture(_ name: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent("fixtures/canvas/\(name).json"), encoding: .utf8)
  }

  @Test("[DO3] React Flow's JSON: durable fields are kept as they are spelled, state of one person's canvas is left out")
  func reactFlow() throws {
    let document = try CanvasJSON.parse(Self.fixture("react-flow"))
    #expect(document.title == "Price of a cart – with \"rebate\"")
    #expect(Set(document.meta.keys) == [.title, "description"])
    #expect(document.nodes.map(\.id.rawValue) == ["price", "10", "2", "group", "show"])
    #expect(
      document.nodes[0].fields == [
        .type: "\"numberNode\"".json, .position: "{\"x\":12.25,\"y\":-40}".json, .data("value"): "19.90".json,
        .label: "\"Price\"".json, .width: "152".json, .height: "66".json,
      ])
    #expect(
      document.nodes[1].fields == [.type: "\"number\"".json, .position: "{\"x\":0,\"y\":1e2}".json, .data("value"): "3".json])
    #expect(document.nodes[2].fields[.data("nested.key")] == "{\"a\":[1,{\"b\":null}]}".json)
    #expect(document.nodes[3].fields["zIndex"] == "-1".json)
    #expect(document.nodes[4].fields[.parentID] == "\"group\"".json)
    #expect(
      document.edges.map(\.key) == [
        EdgeKey(source: NodeID("10"), target: NodeID("2")), EdgeKey(source: NodeID("price"), target: NodeID("2")),
        EdgeKey(source: NodeID("2"), sourceHandle: "", target: NodeID("show"), targetHandle: "in"),
      ])
    #expect(document.edges[0].fields == [.id: "\"e2\"".json, .type: "\"smoothstep\"".json])
    #expect(document.edges[1].fields == [.id: "\"e1\"".json, "animated": "true".json, .data("note"): "\"second input\"".json])
    #expect(document.edges[2].fields.isEmpty)
    #expect(document.notices.isEmpty)
  }

  @Test("[DO2] a wrapped canvas and the browser's list of workflows are read too")
  func otherShapes() throws {
    let wrapped = try CanvasJSON.parse(Self.fixture("wrapped"))
    #expect(wrapped.meta == [.title: "\"Wrapped\"".json])
    #expect(wrapped.nodes.count == 1)
    var stored = try CanvasJSON.parseAll(Self.fixture("local-storage"))
    #expect(stored.map(\.sourceID) == ["wf-1", "wf-2"])
    #expect(stored.map(\.title) == ["First", "Empty"])
    #expect(stored[0].nodes.count == 2 && stored[0].edges.count == 1 && stored[1].nodes.isEmpty)
    stored[0].fillMissingPositions()
    #expect(stored[0].nodes[1].fields[.position] == "{\"x\":250,\"y\":150}".json)
    #expect(throws: CanvasFault(place: "", text: "the file holds 2 workflows, not one")) {
      try CanvasJSON.parse(Self.fixture("local-storage"))
    }
  }

  @Test("[DO2] what is written reads back the same, and equal graphs give equal bytes")
  func roundTrip() throws {
    let document = try CanvasJSON.parse(Self.fixture("react-flow"))
    let written = CanvasJSON.write(document.graph, meta: document.meta)
    let again = try CanvasJSON.parse(written)
    #expect(again.meta == document.meta)
    #expect(again.graph.nodes == document.graph.nodes)
    #expect(again.edges.map(\.key) == document.edges.map(\.key))
    #expect(again.edges[2].fields == [.id: "\"reactflow__edge-2-showin\"".json])
    #expect(CanvasJSON.write(again.graph, meta: again.meta) == written)
    #expect(written.hasPrefix("{\n\"title\":"))
    #expect(written.contains("{\"id\":\"10\",\"type\":\"number\",\"position\":{\"x\":0,\"y\":1e2},\"data\":{\"value\":3}}"))
    #expect(CanvasJSON.write(WorkflowGraph()) == "{\n\"nodes\":[\n],\n\"edges\":[\n]\n}\n")
  }

  @Test("[DO4] edges that would share a made-up id get different ones")
  func edgeIDs() throws {
    let edges = [("a", "b", "c"), ("ab", nil, "c"), ("a", nil, "c")].map { (source: String, handle: String?, target: String) in
      WorkflowGraph.Edge(key: EdgeKey(source: NodeID(source), sourceHandle: handle, target: NodeID(target)))
    }
    var named = edges
    named[2].fields[.id] = .string("reactflow__edge-ab-c")
    let ids = try CanvasJSON.parse(CanvasJSON.write(WorkflowGraph(edges: named))).edges.map { $0.fields[.id]?.stringValue }
    #expect(ids == ["reactflow__edge-ab-c-2", "reactflow__edge-ab-c-3", "reactflow__edge-ab-c"])
  }

  @Test("[DO4] a connection drawn twice is one edge, and the reader says so")
  func doubledEdge() throws {
    let text = #"{"nodes":[],"edges":[{"source":"a","target":"b","id":"1"},{"source":"a","target":"b","id":"2"}]}"#
    let document = try CanvasJSON.parse(text)
    #expect(document.edges.map { $0.fields[.id] } == ["\"1\"".json])
    #expect(document.notices == ["edges[1] draws the same connection as edges[0]; the first is kept"])
  }

  @Test(
    "faults name the place",
    arguments: [
      ("{\"nodes\": [\n  {\"id\": 01}]}", "line 2, column 10: JSON: malformed number at byte 21"),
      ("7", "this is no canvas: it must be an object or a list of workflows"), ("{}", "this is no canvas: it has no nodes"),
      ("[{\"title\":\"x\"}]", "[0]: this is no canvas: it has no nodes"), ("[1]", "[0]: must be a workflow"),
      ("{\"canvas\":{\"canvas\":{\"nodes\":[]}}}", "canvas: has no nodes"), ("{\"nodes\":{}}", "nodes: must be a list"),
      ("{\"nodes\":[1]}", "nodes[0]: must be an object"), ("{\"nodes\":[{}]}", "nodes[0]: has no id"),
      ("{\"nodes\":[{\"id\":1}]}", "nodes[0].id: must be a text of 1 to 256 bytes"),
      ("{\"nodes\":[{\"id\":\"\"}]}", "nodes[0].id: must be a text of 1 to 256 bytes"),
      ("{\"nodes\":[{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"a\"}]}", "nodes[2].id: \"a\" is the id of nodes[0] too"),
      ("{\"nodes\":[{\"id\":\"a\",\"data\":[]}]}", "nodes[0].data: must be an object"),
      (
        "{\"nodes\":[{\"id\":\"a\",\"data.x\":1,\"data\":{\"x\":2}}]}",
        "nodes[0].data.x: data.x is there twice, once inside data and once beside it"
      ),
      ("{\"nodes\":[{\"id\":\"a\",\"\":1}]}", "nodes[0].: a field's name has 1 to 256 bytes and is none of the reserved ones"),
      ("{\"nodes\":[],\"edges\":[{\"source\":\"a\"}]}", "edges[0]: has no target"),
      ("{\"nodes\":[],\"edges\":[{\"source\":\"a\",\"target\":null}]}", "edges[0].target: must be a text of at most 256 bytes"),
      ("[{\"nodes\":[]},{\"data\":{\"nodes\":[{}]}}]", "[1].data.nodes[0]: has no id"),
    ])
  func faults(text: String, description: String) throws {
    let fault = #expect(throws: CanvasFault.self) { try CanvasJSON.parseAll(text) }
    #expect(fault?.description == description)
  }

  /// Sample documents beside the repository, where somebody has put them.
  static let shared = root.deletingLastPathComponent().appendingPathComponent("shared/canvas")
  static let samples = ((try? FileManager.default.contentsOfDirectory(atPath: shared.path)) ?? []).filter { $0.hasSuffix(".json") }.sorted()

  /// Foundation's reader is the oracle: what it sees in the file, without the ephemeral keys, is what it must see in what we write.
  @Test(
    "[DO2] every sample document comes back with each durable field unchanged", .enabled(if: !samples.isEmpty, "no sample documents here"),
    arguments: samples)
  func sampleRoundTrips(name: String) throws {
    let data = try Data(contentsOf: Self.shared.appendingPathComponent(name))
    let documents = try CanvasJSON.parseAll(String(decoding: data, as: UTF8.self))
    let root = try JSONSerialization.jsonObject(with: data)
    let originals = (root as? [[String: Any]]) ?? [root as? [String: Any] ?? [:]]
    try #require(documents.count == originals.count)
    for (document, original) in zip(documents, originals) {
      let canvas = try #require((original["canvas"] ?? original["data"] ?? original) as? [String: Any])
      let written = CanvasJSON.write(document.graph, meta: document.meta)
      let copy = try #require(try JSONSerialization.jsonObject(with: Data(written.utf8)) as? [String: Any])
      #expect(copy["title"] as? String == original["title"] as? String)
      let nodes = try #require(canvas["nodes"] as? [[String: Any]]).map(Self.durable)
      let copies = try #require(copy["nodes"] as? [[String: Any]])
      let sorted = nodes.sorted { Self.id($0).utf8.lexicographicallyPrecedes(Self.id($1).utf8) }
      #expect((sorted as NSArray).isEqual(copies))
      let edges = try #require(canvas["edges"] as? [[String: Any]]).map(Self.durable)
      let edgeCopies = try #require(copy["edges"] as? [[String: Any]])
      #expect((edges as NSArray).isEqual(edgeCopies.map { copy in copy.filter { !($0.value is NSNull) } }))
    }
  }

  private static func id(_ node: [String: Any]) -> String { node["id"] as? String ?? "" }

  private static func durable(_ element: [String: Any]) -> [String: Any] {
    var kept = element
    for key in ["selected", "dragging", "resizing", "measured", "positionAbsolute", "dragHandle"] { kept[key] = nil }
    for key in ["sourceHandle", "targetHandle"] where kept[key] is NSNull { kept[key] = nil }
    return kept
  }
}

extension String {
  var json: JSONText { JSONText(unchecked: self) }
}
