/// Turns its inputs into another shape.
struct TransformExecutor: NodeExecutor {
  static let type = "transform"

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let transform = try call.requiredText("transform_type", "transform node missing transform_type")
    let input = try call.firstInput("transform node requires input")
    switch transform {
    case "to_array": return .array(call.inputs)
    case "to_object": return try object(input, call)
    case "flatten":
      guard let elements = input.elements else {
        throw NodeFailure("flatten requires array input, got \(GoFormat.typeName(of: input))")
      }
      var flat: [Value] = []
      var meter = call.meter()
      try flatten(elements, into: &flat, &meter, limit: call.limits.valueBytesMax)
      return flat.isEmpty ? .nilArray : .array(flat)
    case "keys", "values":
      guard let object = input.object else {
        throw NodeFailure("\(transform) transform requires object input, got \(GoFormat.typeName(of: input))")
      }
      // The outside engine gives them in any order; here it is that of the names.
      return .array(object.members.map { transform == "keys" ? .text($0.name) : $0.value })
    default: throw NodeFailure("unsupported transform type: \(transform)")
    }
  }

  /// Names and values by turns; a name at the end without a value is left out.
  private func object(_ input: Value, _ call: NodeCall) throws(NodeFailure) -> Value {
    guard let elements = input.elements else {
      throw NodeFailure("to_object requires array input, got \(GoFormat.typeName(of: input))")
    }
    var members: [ObjectValue.Member] = []
    var meter = call.meter()
    for index in stride(from: 0, to: elements.count - 1, by: 2) {
      guard let name = elements[index].text else { throw NodeFailure("to_object requires string keys at index \(index)") }
      members.append(ObjectValue.Member(name, elements[index + 1]))
      try meter.step()
    }
    return .object(ObjectValue(members))
  }

  /// Depth is bounded by the limit on values. Parts that are shared count as often as they are there, hence the check on the way.
  private func flatten(
    _ elements: [Value], into flat: inout [Value], _ meter: inout WorkMeter, limit: Int
  ) throws(NodeFailure) {
    for element in elements {
      try meter.step()
      if let inner = element.elements { try flatten(inner, into: &flat, &meter, limit: limit) } else { flat.append(element) }
      guard flat.count <= limit else { throw NodeFailure("value too large: more than \(limit) elements") }
    }
  }
}
