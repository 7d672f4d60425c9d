import WorkflowGraph

/// A setting of the wrong kind, in Go's words.
struct SettingTypeError: Error, Hashable {
  /// What was found: `string`, `number 1.5`.
  var found: String
  /// The Go struct the field belongs to.
  var owner = "NodeData"
  /// The path below `data`, such as `cases.when`.
  var path: String
  /// The Go type that was wanted.
  var wanted: String

  /// - Parameter prefix: the path to `data`.
  func text(prefix: String) -> String { "json: cannot unmarshal \(found) into Go struct field \(owner).\(prefix)\(path) of type \(wanted)" }
}

/// Reads one key of `data` by the kind that the catalogue gives it, whatever the node's type is: Go decodes all nodes into one struct.
enum SettingDecoder {
  /// The kind of a setting; `nil` for keys that no type reads.
  static func kind(of name: String) -> NodeSetting.Kind? { kinds[name] }

  /// The setting that a field of a document holds, `nil` for fields that no type reads. O(1).
  static func setting(of field: FieldKey) -> (name: String, kind: NodeSetting.Kind)? { settings[field] }

  /// As Go matches names: exactly, else without regard to case (with the two letters that fold to ASCII).
  static func name(matching key: String) -> String? {
    if kinds[key] != nil { return key }
    let folded = String(
      String.UnicodeScalarView(
        key.unicodeScalars.map { scalar in
          switch scalar {
          case "\u{17f}": "s"
          case "\u{212a}": "k"
          default: SimpleCase.lower(scalar)
          }
        }))
    return kinds[folded] == nil ? nil : folded
  }

  private static let kinds: [String: NodeSetting.Kind] = {
    var kinds: [String: NodeSetting.Kind] = ["label": .string]
    for setting in NodeCatalogue.types.flatMap(\.settings) { kinds[setting.name] = setting.kind }
    return kinds
  }()

  private static let settings: [FieldKey: (name: String, kind: NodeSetting.Kind)] = Dictionary(
    uniqueKeysWithValues: kinds.map { (.data($0.key), (name: $0.key, kind: $0.value)) })

  /// - Returns: `nil` for null: not set.
  static func decode(_ json: PayloadJSON, name: String, kind: NodeSetting.Kind) throws(SettingTypeError) -> NodeSettings.Setting? {
    if case .null = json { return nil }
    switch kind {
    case .number: return .number(try number(json, path: name))
    case .integer: return .integer(try integer(json, path: name))
    case .string, .choice, .duration: return .text(try text(json, path: name))
    case .bool:
      guard case .bool(let bool) = json else { throw SettingTypeError(found: json.kindName, path: name, wanted: "bool") }
      return .bool(bool)
    case .strings:
      guard case .array(let elements) = json else { throw SettingTypeError(found: json.kindName, path: name, wanted: "[]string") }
      var texts: [String] = []
      for element in elements {
        if case .null = element { texts.append("") } else { texts.append(try text(element, path: name)) }
      }
      return .texts(texts)
    case .cases: return .cases(try cases(json, path: name))
    case .anything: return .anything(try value(json, path: name))
    }
  }

  private static func text(_ json: PayloadJSON, path: String, owner: String = "NodeData") throws(SettingTypeError) -> String {
    guard case .string(let text) = json else { throw SettingTypeError(found: json.kindName, owner: owner, path: path, wanted: "string") }
    return text
  }

  private static func number(_ json: PayloadJSON, path: String, wanted: String = "float64") throws(SettingTypeError) -> Double {
    guard case .number(let literal) = json else { throw SettingTypeError(found: json.kindName, path: path, wanted: wanted) }
    guard let number = Double(literal), number.isFinite else {
      throw SettingTypeError(found: "number \(literal)", path: path, wanted: wanted)
    }
    return number
  }

  private static func integer(_ json: PayloadJSON, path: String) throws(SettingTypeError) -> Int {
    guard case .number(let literal) = json else { throw SettingTypeError(found: json.kindName, path: path, wanted: "int") }
    guard let integer = GoFloat.parseInteger(literal.utf8) else {
      throw SettingTypeError(found: "number \(literal)", path: path, wanted: "int")
    }
    return integer
  }

  private static func cases(_ json: PayloadJSON, path: String) throws(SettingTypeError) -> [SwitchCase] {
    guard case .array(let elements) = json else {
      throw SettingTypeError(found: json.kindName, path: path, wanted: "[]workflow.SwitchCase")
    }
    var cases: [SwitchCase] = []
    for element in elements {
      var item = SwitchCase()
      switch element {
      case .null: break
      case .object(let members):
        for (name, value) in members {
          switch name.lowercased() {
          case "when": if case .null = value {} else { item.when = try text(value, path: path + ".when", owner: "SwitchCase") }
          case "value": item.value = try nonNull(value, path: path + ".value")
          case "output_path":
            if case .null = value {
              item.outputPath = nil
            } else {
              item.outputPath = try text(value, path: path + ".output_path", owner: "SwitchCase")
            }
          default: break
          }
        }
      default: throw SettingTypeError(found: element.kindName, path: path, wanted: "workflow.SwitchCase")
      }
      cases.append(item)
    }
    return cases
  }

  private static func nonNull(_ json: PayloadJSON, path: String) throws(SettingTypeError) -> Value? {
    if case .null = json { return nil }
    return try value(json, path: path)
  }

  static func value(_ json: PayloadJSON, path: String) throws(SettingTypeError) -> Value {
    switch json {
    case .null: return .null
    case .bool(let bool): return .bool(bool)
    case .number: return .number(try number(json, path: path))
    case .string(let text): return .text(text)
    case .array(let elements):
      var values: [Value] = []
      for element in elements { values.append(try value(element, path: path)) }
      return .array(values)
    case .object(let members):
      var values: [ObjectValue.Member] = []
      for (name, member) in members { values.append(ObjectValue.Member(name, try value(member, path: path))) }
      return .object(ObjectValue(values))
    }
  }
}
