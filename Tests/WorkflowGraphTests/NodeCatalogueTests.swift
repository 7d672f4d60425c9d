import Testing
import WorkflowGraph

@Suite struct NodeCatalogueTests {
  @Test("the catalogue has 23 types and 2 context types, each found by both of its names")
  func complete() {
    #expect(NodeCatalogue.types.count == 25)
    #expect(NodeCatalogue.types.count { $0.category == .context } == 2)
    #expect(Set(NodeCatalogue.types.flatMap { [$0.engineName, $0.canvasName] }).count == 50)
    for type in NodeCatalogue.types {
      #expect(NodeCatalogue.type(named: type.engineName) == type)
      #expect(NodeCatalogue.type(named: type.canvasName) == type)
      #expect(type.summary.hasSuffix("."))
      #expect(Set(type.settings.map(\.name)).count == type.settings.count)
    }
    #expect(NodeCatalogue.engineName(of: "textOpNode") == "text_operation")
    #expect(NodeCatalogue.engineName(of: "number") == "number")
    #expect(NodeCatalogue.engineName(of: "Number") == "Number")
  }

  @Test("[GV4] what the palette puts into a new node has no invalid setting")
  func initialValues() {
    for type in NodeCatalogue.types {
      var fields: [FieldKey: JSONText] = [.type: .string(type.canvasName)]
      for setting in type.settings { fields[setting.field] = setting.initial }
      let codes = Set(NodeCheck.issues(of: NodeID("n"), fields: fields, inputs: 2).map(\.code))
      #expect(codes.subtracting([NodeCheck.Code.settingMissing]).isEmpty, "\(type.engineName)")
      if type.category != .context { #expect(codes.isEmpty, "\(type.engineName)") }
      for setting in type.settings where setting.initial != nil {
        #expect(throws: Never.self) { try JSONText(validating: setting.initial?.text ?? "") }
      }
    }
  }

  @Test("what the catalogue says in JSON is all of it, and valid")
  func json() throws {
    let json = try JSONValue(parsing: NodeCatalogue.json.text)
    let types = try #require(json["types"]?.arrayValue)
    #expect(types.map { $0["type"]?.stringValue } == NodeCatalogue.types.map(\.engineName))
    for (item, type) in zip(types, NodeCatalogue.types) {
      #expect(item["category"]?.stringValue == type.category.rawValue)
      let settings = try #require(item["settings"]?.arrayValue)
      #expect(settings.map { $0["name"]?.stringValue } == type.settings.map(\.name))
      for (item, setting) in zip(settings, type.settings) {
        #expect(item["default"] == (try setting.standard?.value()), "\(setting.name)")
        #expect(item["initial"] == (try setting.initial?.value()), "\(setting.name)")
        #expect(item["description"]?.stringValue?.hasSuffix(".") == true)
        #expect(item["required"]?.boolValue == (setting.need == .always))
      }
    }
    let repeated = try #require(types.first { $0["type"]?.stringValue == "parallel" })
    #expect(
      JSONText(repeated).text
        == #"{"canvas_type":"parallelNode","category":"Advanced control","description":"Gathers inputs that may be worked on at once.","#
        + #""inputs":[{"max":null,"min":1,"name":null}],"outputs":[{"description":"An object: results, count, concurrency.","name":null}],"#
        + #""schema":{"properties":{"max_concurrency":{"default":10,"description":"How many at once; only shown.","minimum":1,"type":"integer"}},"#
        + #""required":[],"type":"object"},"settings":[{"default":10,"description":"How many at once; only shown.","initial":10,"min":1,"#
        + #""name":"max_concurrency","required":false,"type":"integer"}],"type":"parallel"}"#)
    let text = try #require(types.first { $0["type"]?.stringValue == "text_operation" })
    #expect(
      text["schema"]?["allOf"].map { JSONText($0).text }
        == #"[{"if":{"properties":{"text_op":{"const":"repeat"}},"required":["text_op"]},"then":{"required":["repeat_n"]}}]"#)
    let extract = try #require(types.first { $0["type"]?.stringValue == "extract" })
    #expect(
      extract["schema"]?["allOf"].map { JSONText($0).text } == #"[{"anyOf":[{"required":["field"]},{"required":["fields"]}]}]"#)
    #expect(text["settings"]?.arrayValue?.last?["required_when"].map { JSONText($0).text } == #"{"is":"repeat","setting":"text_op"}"#)
  }

  static func codes(_ type: String, _ settings: [String: String], inputs: Int = 2) -> [String] {
    var fields: [FieldKey: JSONText] = [.type: .string(type)]
    for (name, value) in settings { fields[.data(name)] = JSONText(unchecked: value) }
    return NodeCheck.issues(of: NodeID("n"), fields: fields, inputs: inputs).map { "\($0.code) \($0.field?.rawValue ?? "")" }
  }

  @Test("[GV4] findings about one node")
  func issues() {
    #expect(Self.codes("numberNode", ["value": "1"]) == [])
    #expect(Self.codes("numberNode", ["value": "\"1\""]) == ["setting_invalid data.value"])
    #expect(Self.codes("numberNode", ["value": "null"]) == ["setting_missing data.value"])
    #expect(Self.codes("nobody", [:]) == ["type_unknown type"])
    #expect(NodeCheck.issues(of: NodeID("n"), fields: [.type: "7".json], inputs: 0).map(\.code) == ["type_unknown"])
    #expect(Self.codes("operation", ["op": "\"add\""], inputs: 1) == ["input_missing "])
    #expect(Self.codes("operation", ["op": "\"power\""]) == ["setting_invalid data.op"])
    #expect(Self.codes("text_operation", ["text_op": "\"repeat\""]) == ["setting_missing data.repeat_n"])
    #expect(Self.codes("text_operation", ["text_op": "\"repeat\"", "repeat_n": "1e2"]) == ["setting_invalid data.repeat_n"])
    #expect(Self.codes("text_operation", ["text_op": "\"repeat\"", "repeat_n": "2"]) == [])
    #expect(Self.codes("extract", [:]) == ["setting_missing data.field"])
    #expect(Self.codes("extract", ["fields": "[\"a\"]"]) == [])
    #expect(Self.codes("extract", ["fields": "[1]"]) == ["setting_invalid data.fields"])
    #expect(Self.codes("switch", ["cases": "[{\"when\":\">1\",\"value\":null}]"]) == [])
    #expect(Self.codes("switch", ["cases": "[{\"when\":1}]"]) == ["setting_invalid data.cases"])
    #expect(Self.codes("switch", ["cases": "[1]"]) == ["setting_invalid data.cases"])
    #expect(Self.codes("tryCatchNode", ["continue_on_error": "1"]) == ["setting_invalid data.continue_on_error"])
  }
}
