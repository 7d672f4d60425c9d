import WorkflowGraph

/// The catalogue of node types as a JavaScript module: what the SDK checks settings with, and a palette is drawn from.
enum Catalogue {
  static var module: String {
    let types = NodeCatalogue.types.map(type).joined(separator: ",\n")
    return """
      // Made by `make catalogue` from NodeCatalogue.swift, the only place where node types are described. Not to be edited.

      export const nodeTypes = Object.freeze([
      \(types),
      ]);
      """
  }

  private static func type(_ type: NodeType) -> String {
    let head = [
      ("engineName", text(type.engineName)), ("canvasName", text(type.canvasName)), ("category", text(type.category.rawValue)),
      ("summary", text(type.summary)), ("inputsMin", "\(type.inputs.min)"), ("inputsMax", type.inputs.max.map { "\($0)" } ?? "null"),
    ]
    let settings = type.settings.map { "    \(object(setting($0)))" }.joined(separator: ",\n")
    let list = settings.isEmpty ? "[]" : "[\n\(settings),\n  ]"
    return "  { \(head.map { "\($0.0): \($0.1)" }.joined(separator: ", ")), settings: \(list) }"
  }

  private static func setting(_ setting: NodeSetting) -> [(String, String)] {
    var parts = [("name", text(setting.name))]
    switch setting.kind {
    case .number: parts.append(("kind", text("number")))
    case .integer: parts.append(("kind", text("integer")))
    case .string: parts.append(("kind", text("string")))
    case .duration: parts.append(("kind", text("duration")))
    case .bool: parts.append(("kind", text("bool")))
    case .strings: parts.append(("kind", text("strings")))
    case .cases: parts.append(("kind", text("cases")))
    case .anything: parts.append(("kind", text("anything")))
    case .choice(let choices):
      parts += [("kind", text("choice")), ("choices", "[\(choices.map(text).joined(separator: ", "))]")]
    }
    switch setting.need {
    case .optional: break
    case .always: parts.append(("need", text("always")))
    case .oneOf(let group): parts += [("need", text("oneOf")), ("group", text(group))]
    case .when(let name, let value): parts += [("need", text("when")), ("when", "[\(text(name)), \(text(value))]")]
    }
    if let initial = setting.initial { parts.append(("initial", initial.text)) }
    return parts
  }

  private static func object(_ parts: [(String, String)]) -> String { "{ \(parts.map { "\($0.0): \($0.1)" }.joined(separator: ", ")) }" }

  private static func text(_ text: String) -> String { JSONText.string(text).text }
}
