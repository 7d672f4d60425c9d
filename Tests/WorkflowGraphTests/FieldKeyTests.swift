import Testing
import WorkflowGraph

@Suite struct FieldKeyTests {
  @Test(
    "[DO3] state of one person's canvas is no field of anything",
    arguments: [
      "selected", "dragging", "resizing", "measured", "positionAbsolute", "dragHandle", "data._executionData",
    ])
  func ephemeral(name: String) {
    let key = FieldKey(name)
    #expect(key.isEphemeral && !key.isValidForNode && !key.isValidForEdge && !key.isValidForMeta)
  }

  @Test("[DO2] `data` is a field per key and never one field; a name has 1 to 256 bytes")
  func wellFormed() {
    #expect(FieldKey.data("value").rawValue == "data.value")
    #expect(FieldKey.data("a.b").dataKey == "a.b")
    #expect(FieldKey.position.dataKey == nil)
    #expect(!FieldKey("data").isValidForNode && !FieldKey("data").isValidForEdge && !FieldKey("data").isValidForMeta)
    #expect(!FieldKey("").isValidForNode && !FieldKey(String(repeating: "é", count: 129)).isValidForNode)
    #expect(FieldKey(String(repeating: "é", count: 128)).isValidForNode)
    #expect(FieldKey.data("selected").isValidForNode)
  }

  @Test("[DO4] the ends of an edge are its key and no fields; its canvas id is one, a node's is not")
  func ends() {
    for name in ["source", "sourceHandle", "target", "targetHandle"] { #expect(!FieldKey(name).isValidForEdge) }
    #expect(FieldKey.id.isValidForEdge && !FieldKey.id.isValidForNode && !FieldKey.id.isValidForMeta)
    #expect(FieldKey.type.isValidForEdge && FieldKey.type.isValidForNode)
    #expect(FieldKey.title.isValidForMeta && !FieldKey("viewport").isValidForMeta && !FieldKey("nodes").isValidForMeta)
  }

  @Test("[GV5] layout is everything but a node's type and data")
  func layout() {
    for key: FieldKey in [.position, .width, .height, .parentID, .style, "className", "zIndex", "hidden", "anything"] {
      #expect(key.isLayout)
    }
    #expect(!FieldKey.type.isLayout && !FieldKey.data("value").isLayout)
    #expect(FieldKey.type.isLayoutOfEdge && !FieldKey.data("label").isLayoutOfEdge)
  }
}
