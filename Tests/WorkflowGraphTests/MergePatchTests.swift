import Testing
import WorkflowGraph

@Suite struct MergePatchTests {
  @Test(
    "what a patch makes of a value",
    arguments: [
      (#"{"a":1,"b":{"c":2,"d":3}}"#, #"{"b":{"c":null,"e":[1]},"a":"x"}"#, #"{"a":"x","b":{"d":3,"e":[1]}}"#),
      // A list is replaced as a whole, nulls inside of it included.
      (#"{"a":[1,2]}"#, #"{"a":[null]}"#, #"{"a":[null]}"#),
      // What is no object is replaced by the patch, without its nulls.
      (#"[1]"#, #"{"a":{"b":null,"c":1}}"#, #"{"a":{"c":1}}"#),
      (#"{"a":1}"#, #""text""#, #""text""#),
      (#"{"a":1}"#, "{}", #"{"a":1}"#),
      (#"{"a":1}"#, #"{"a":null,"b":null}"#, "{}"),
      // A name that goes and comes in one patch cannot be written; one that comes twice is no I-JSON.
      (#"{"":{"":1}}"#, #"{"":{"":2}}"#, #"{"":{"":2}}"#),
    ])
  func table(target: String, patch: String, result: String) throws {
    let made = MergePatch.apply(try JSONText(validating: patch), to: try JSONText(validating: target))
    #expect(made.text == result)
  }

  @Test("a value that is replaced keeps its spelling")
  func spelling() throws {
    #expect(MergePatch.apply(try JSONText(validating: "1.50"), to: JSONText(unchecked: "2")).text == "1.50")
    #expect(MergePatch.apply(try JSONText(validating: #"{"a":{}}"#), to: nil).text == #"{"a":{}}"#)
  }

  @Test(
    "[OW4] what is no patch of a workflow is told with its place",
    arguments: [
      ("[]", ""), (#"{"nodes":[]}"#, "nodes"), (#"{"nodes":{"a":1}}"#, "nodes.a"), (#"{"nodes":{"":{}}}"#, "nodes"),
      (#"{"nodes":{"a":{"data":null}}}"#, "nodes.a.data"), (#"{"nodes":{"a":{"id":"b"}}}"#, "nodes.a.id"),
      (#"{"viewport":{}}"#, "viewport"),
      (#"{"edges":{"e":{"source":1}}}"#, "edges.e.source"), (#"{"edges":{"e":{"targetHandle":1}}}"#, "edges.e.targetHandle"),
      (#"{"nodes":{"a":{"data":{"v":1},"data.v":2}}}"#, "nodes.a"),
    ])
  func faults(text: String, place: String) throws {
    let body = try JSONText(validating: text)
    #expect { try GraphPatch(body) } throws: { ($0 as? CanvasFault)?.place == place }
  }

  @Test("[OW4] a patch is read member by member; what belongs to one person's canvas is passed over")
  func read() throws {
    let patch = try GraphPatch(
      JSONText(
        validating: """
          {"title": null, "nodes": {"a": {"selected": true, "type": "x", "data": {"v": 1.0, "_executionData": 1}}, "b": null},
           "edges": {"e": {"source": "a", "target": "b", "sourceHandle": null, "data": {"w": null}}, "f": null}}
          """))
    #expect(patch.workflow == [GraphPatch.FieldPatch(field: .title, value: nil)])
    #expect(patch.nodes.map(\.node.rawValue) == ["a", "b"] && patch.nodes[1].fields == nil)
    #expect(patch.nodes[0].fields?.map(\.field) == [.type, "data.v"] && patch.nodes[0].fields?[1].value?.text == "1.0")
    #expect(patch.edges.map(\.id) == ["e", "f"] && patch.edges.map(\.isRemoval) == [false, true])
    #expect(patch.edges[0].source == NodeID("a") && patch.edges[0].sourceHandle == .some(nil) && patch.edges[0].targetHandle == nil)
    #expect(patch.edges[0].fields == [GraphPatch.FieldPatch(field: "data.w", value: nil)])
  }
}
