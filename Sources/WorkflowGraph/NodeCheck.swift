/// What the catalogue says about one node: the findings that need no look at the rest of the graph. Spec: GV4.
public enum NodeCheck {
  /// The codes this gives; `protocol/SPEC.md` lists them with their meaning.
  public enum Code {
    public static let typeUnknown = "type_unknown"
    public static let settingMissing = "setting_missing"
    public static let settingInvalid = "setting_invalid"
    public static let inputMissing = "input_missing"
  }

  public static func issues(of node: NodeID, fields: [FieldKey: JSONText], inputs: Int) -> [Issue] {
    issues(of: node, inputs: inputs) { fields[$0] }
  }

  /// - Parameters:
  ///   - inputs: how many visible edges end at the node.
  ///   - field: asked for the type and for what the type looks at, so that nobody needs to collect the rest.
  /// - Returns: errors first by setting order; empty for a node that can run. O(settings of the type).
  public static func issues(of node: NodeID, inputs: Int, field: (FieldKey) -> JSONText?) -> [Issue] {
    guard let name = field(.type)?.stringValue else {
      return [Issue(code: Code.typeUnknown, severity: .error, node: node, field: .type, text: "The node's type is no text.")]
    }
    guard let type = NodeCatalogue.type(named: name) else {
      return [Issue(code: Code.typeUnknown, severity: .error, node: node, field: .type, text: "No engine knows the type \(name).")]
    }
    var issues: [Issue] = []
    for setting in type.settings {
      if let value = field(setting.field), !value.isNull {
        if let text = fault(of: value, for: setting) {
          issues.append(Issue(code: Code.settingInvalid, severity: .error, node: node, field: setting.field, text: text))
        }
      } else if isMissing(setting, type: type, field: field) {
        let text = "A \(type.engineName) node needs the setting \(setting.name)."
        issues.append(Issue(code: Code.settingMissing, severity: .error, node: node, field: setting.field, text: text))
      }
    }
    if inputs < type.inputs.min {
      let text = "A \(type.engineName) node needs \(type.inputs.min == 1 ? "an input" : "\(type.inputs.min) inputs") and has \(inputs)."
      issues.append(Issue(code: Code.inputMissing, severity: .error, node: node, text: text))
    }
    return issues
  }

  /// Whether `data` lacks a setting that it needs. Of a group only the first setting is reported.
  private static func isMissing(_ setting: NodeSetting, type: NodeType, field: (FieldKey) -> JSONText?) -> Bool {
    func isSet(_ other: NodeSetting) -> Bool { field(other.field).map { !$0.isNull } ?? false }
    switch setting.need {
    case .optional: return false
    case .always: return true
    case .oneOf:
      let group = type.settings.filter { $0.need == setting.need }
      return group.first == setting && !group.contains(where: isSet)
    case .when(let name, let value): return field(.data(name))?.stringValue == value
    }
  }

  /// One sentence about what is wrong with the value, `nil` when nothing is.
  private static func fault(of text: JSONText, for setting: NodeSetting) -> String? {
    if isPlainlyRight(text, for: setting.kind) { return nil }
    guard let value = try? text.value() else { return "\(setting.name) is no JSON." }  // Only an unchecked text can be.
    switch (setting.kind, value) {
    case (.anything, _), (.string, .string), (.duration, .string), (.bool, .bool), (.number, .number): return nil
    case (.integer, .number(let number)):
      // The engine reads an integer by its spelling: 1e2 and 1.0 are refused.
      let isSpelledAsInteger = text.text.utf8.allSatisfy { $0 != UInt8(ascii: ".") && $0 | 0x20 != UInt8(ascii: "e") }
      guard isSpelledAsInteger, Int64(exactly: number) != nil else { return "\(setting.name) must be a whole number." }
      if let min = setting.min, number < Double(min) { return "\(setting.name) must be at least \(min)." }
      return nil
    case (.choice(let choices), .string(let chosen)):
      return choices.contains(chosen) ? nil : "\(setting.name) must be one of \(choices.joined(separator: ", "))."
    case (.strings, .array(let elements)):
      return elements.allSatisfy { $0.stringValue != nil } ? nil : "\(setting.name) must be a list of texts."
    case (.cases, .array(let cases)):
      let isWellFormed = cases.allSatisfy { item in
        guard case .object = item else { return false }
        return ["when", "output_path"].allSatisfy { item[$0] == nil || item[$0] == .null || item[$0]?.stringValue != nil }
      }
      return isWellFormed ? nil : "\(setting.name) must be a list of cases with the texts when and output_path."
    default: return "\(setting.name) must be \(name(of: setting.kind))."
    }
  }

  /// Whether the kind is seen from the first byte of a value in its usual spelling, as that of nearly every setting is. No is no answer.
  private static func isPlainlyRight(_ text: JSONText, for kind: NodeSetting.Kind) -> Bool {
    guard let first = text.text.utf8.first, text.isCanonical else { return false }
    let isString = first == UInt8(ascii: "\"")
    return switch kind {
    case .anything: true
    case .string, .duration: isString
    case .choice(let choices): isString && (text.stringValue.map { choices.contains($0) } ?? false)
    case .number: first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
    case .bool: first == UInt8(ascii: "t") || first == UInt8(ascii: "f")
    case .integer, .strings, .cases: false
    }
  }

  private static func name(of kind: NodeSetting.Kind) -> String {
    switch kind {
    case .number: "a number"
    case .integer: "a whole number"
    case .string, .choice: "a text"
    case .duration: "a duration such as 500ms"
    case .bool: "true or false"
    case .strings: "a list of texts"
    case .cases: "a list of cases"
    case .anything: "a value"
    }
  }
}
