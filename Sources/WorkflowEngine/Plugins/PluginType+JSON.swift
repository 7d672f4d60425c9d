public import WorkflowGraph

extension PluginType {
  /// As the catalogue says it of a built-in type (`NodeCatalogue.json`), for the palette: without a schema.
  public var json: JSONValue {
    func member(_ name: String, _ value: JSONValue) -> JSONValue.Member { JSONValue.Member(name, value) }
    let input = JSONValue.object([
      member("name", .null), member("min", .number(Double(inputs.min))), member("max", inputs.max.map { .number(Double($0)) } ?? .null),
    ])
    return .object([
      member("type", .string(name)), member("canvas_type", .string(name)), member("category", .string(category)),
      member("description", .string(summary)), member("inputs", .array(inputs == .none ? [] : [input])),
      member("outputs", .array([.object([member("name", .null)])])), member("settings", .array(settings.map(\.json))),
    ])
  }
}

extension PluginSetting {
  fileprivate var json: JSONValue {
    func member(_ name: String, _ value: JSONValue) -> JSONValue.Member { JSONValue.Member(name, value) }
    var members = [
      member("name", .string(name)), member("type", .string(kind.name)), member("description", .string(summary)),
      member("required", .bool(isRequired)),
    ]
    if case .choice(let choices) = kind { members.append(member("values", .array(choices.map { .string($0) }))) }
    if let min { members.append(member("min", .number(Double(min)))) }
    // Values that were read from JSON can be said in it.
    if let value = try? standard?.displayJSON.value() { members.append(member("default", value)) }
    if let value = try? initial?.displayJSON.value() { members.append(member("initial", value)) }
    return .object(members)
  }
}
