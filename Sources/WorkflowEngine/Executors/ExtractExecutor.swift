/// Takes one field out of an object, or several into a new one. A name is a name, not a path.
struct ExtractExecutor: NodeExecutor {
  static let type = "extract"

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let input = try call.firstInput("extract node requires input")
    guard let object = input.object else {
      throw NodeFailure("extract node requires object input, got \(GoFormat.typeName(of: input))")
    }
    if let field = call.settings.text("field") {
      guard let value = object[field] else { throw NodeFailure("field '\(field)' not found in input object") }
      return .object(["field": .text(field), "value": value])
    }
    guard let fields = call.settings.texts("fields"), !fields.isEmpty else {
      throw NodeFailure("extract node requires 'field' or 'fields' configuration")
    }
    // Fields that are not there are left out.
    return .object(ObjectValue(fields.compactMap { field in object[field].map { ObjectValue.Member(field, $0) } }))
  }
}
