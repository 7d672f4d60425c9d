extension NodeCatalogue {
  /// The catalogue for those who do not speak Swift: the palette, the description of the API, editors in other languages.
  ///
  /// `{"types":[{"type","canvas_type","category","description","inputs","outputs","settings","schema"}]}` in palette order. Ports have the
  /// name null: there is one of each kind. `schema` is a JSON Schema (2020-12) of a node's `data`, from the same settings.
  public static var json: JSONText { json(with: []) }

  /// With types of others behind its own, in the same form.
  public static func json(with others: [JSONValue]) -> JSONText { JSONText(.object([member("types", .array(types.map(\.json) + others))])) }

  fileprivate static func member(_ name: String, _ value: JSONValue) -> JSONValue.Member { JSONValue.Member(name, value) }
}

extension NodeType {
  fileprivate var json: JSONValue {
    let input: [JSONValue.Member] = [
      NodeCatalogue.member("name", .null), NodeCatalogue.member("min", .number(Double(inputs.min))),
      NodeCatalogue.member("max", inputs.max.map { .number(Double($0)) } ?? .null),
    ]
    let output: [JSONValue.Member] = [NodeCatalogue.member("name", .null), NodeCatalogue.member("description", .string(self.output))]
    return .object([
      NodeCatalogue.member("type", .string(engineName)), NodeCatalogue.member("canvas_type", .string(canvasName)),
      NodeCatalogue.member("category", .string(category.rawValue)), NodeCatalogue.member("description", .string(summary)),
      NodeCatalogue.member("inputs", .array(inputs == .none ? [] : [.object(input)])),
      NodeCatalogue.member("outputs", .array([.object(output)])), NodeCatalogue.member("settings", .array(settings.map(\.json))),
      NodeCatalogue.member("schema", schema),
    ])
  }

  private var schema: JSONValue {
    var members = [
      NodeCatalogue.member("type", .string("object")),
      NodeCatalogue.member("properties", .object(settings.map { NodeCatalogue.member($0.name, $0.schema) })),
      NodeCatalogue.member("required", .array(settings.filter { $0.need == .always }.map { .string($0.name) })),
    ]
    var groups: [String: [String]] = [:]
    var conditions: [JSONValue] = []
    for setting in settings {
      switch setting.need {
      case .optional, .always: break
      case .oneOf(let group): groups[group, default: []].append(setting.name)
      case .when(let name, let value):
        let test = JSONValue.object([
          NodeCatalogue.member(
            "properties", .object([NodeCatalogue.member(name, .object([NodeCatalogue.member("const", .string(value))]))])),
          NodeCatalogue.member("required", .array([.string(name)])),
        ])
        conditions.append(.object([NodeCatalogue.member("if", test), NodeCatalogue.member("then", Self.required([setting.name]))]))
      }
    }
    for (_, names) in groups.sorted(by: { $0.key < $1.key }) {
      conditions.append(.object([NodeCatalogue.member("anyOf", .array(names.map { Self.required([$0]) }))]))
    }
    if !conditions.isEmpty { members.append(NodeCatalogue.member("allOf", .array(conditions))) }
    return .object(members)
  }

  private static func required(_ names: [String]) -> JSONValue {
    .object([NodeCatalogue.member("required", .array(names.map { .string($0) }))])
  }
}

extension NodeSetting {
  fileprivate var json: JSONValue {
    var members = [
      NodeCatalogue.member("name", .string(name)), NodeCatalogue.member("type", .string(kind.name)),
      NodeCatalogue.member("description", .string(summary)), NodeCatalogue.member("required", .bool(need == .always)),
    ]
    switch need {
    case .optional, .always: break
    case .oneOf(let group): members.append(NodeCatalogue.member("required_one_of", .string(group)))
    case .when(let other, let value):
      let condition: JSONValue = .object([
        NodeCatalogue.member("setting", .string(other)), NodeCatalogue.member("is", .string(value)),
      ])
      members.append(NodeCatalogue.member("required_when", condition))
    }
    if case .choice(let choices) = kind { members.append(NodeCatalogue.member("values", .array(choices.map { .string($0) }))) }
    if let min { members.append(NodeCatalogue.member("min", .number(Double(min)))) }
    if let value = try? standard?.value() { members.append(NodeCatalogue.member("default", value)) }  // A test reads each of them.
    if let value = try? initial?.value() { members.append(NodeCatalogue.member("initial", value)) }
    return .object(members)
  }

  fileprivate var schema: JSONValue {
    func typed(_ type: String, _ more: [JSONValue.Member] = []) -> [JSONValue.Member] {
      [NodeCatalogue.member("type", .string(type))] + more
    }
    let text = NodeCatalogue.member("items", .object(typed("string")))
    let item: [JSONValue.Member] = ["when", "output_path"].map { NodeCatalogue.member($0, .object(typed("string"))) }
    var members: [JSONValue.Member]
    switch kind {
    case .number: members = typed("number")
    case .integer: members = typed("integer", min.map { [NodeCatalogue.member("minimum", .number(Double($0)))] } ?? [])
    case .string, .duration: members = typed("string")
    case .choice(let choices): members = typed("string", [NodeCatalogue.member("enum", .array(choices.map { .string($0) }))])
    case .bool: members = typed("boolean")
    case .strings: members = typed("array", [text])
    case .cases:
      let properties = NodeCatalogue.member("properties", .object(item + [NodeCatalogue.member("value", .object([]))]))
      members = typed("array", [NodeCatalogue.member("items", .object(typed("object", [properties])))])
    case .anything: members = []
    }
    members.append(NodeCatalogue.member("description", .string(summary)))
    if let value = try? standard?.value() { members.append(NodeCatalogue.member("default", value)) }
    return .object(members)
  }
}

extension NodeSetting.Kind {
  /// As the JSON form calls it.
  public var name: String {
    switch self {
    case .number: "number"
    case .integer: "integer"
    case .string: "string"
    case .choice: "choice"
    case .duration: "duration"
    case .bool: "boolean"
    case .strings: "strings"
    case .cases: "cases"
    case .anything: "any"
    }
  }
}
