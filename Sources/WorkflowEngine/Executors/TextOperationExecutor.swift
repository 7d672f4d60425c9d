/// Changes, repeats or joins text.
struct TextOperationExecutor: NodeExecutor {
  static let type = "text_operation"

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let operation = try call.requiredText("text_op", "text operation node missing text_op")
    let first = try call.firstInput("text operation needs at least 1 input")
    switch operation {
    case "concat": return .text(try concatenated(call))
    case "repeat": return .text(try repeated(first, call))
    default:
      guard let text = first.text else { throw NodeFailure("text operation input must be text/string") }
      switch operation {
      case "uppercase": return .text(GoText.uppercased(text))
      case "lowercase": return .text(GoText.lowercased(text))
      case "titlecase": return .text(GoText.titlecased(text))
      case "camelcase": return .text(GoText.camelcased(text))
      case "inversecase": return .text(GoText.caseInverted(text))
      default: throw NodeFailure("unknown text operation: \(operation)")
      }
    }
  }

  private func concatenated(_ call: NodeCall) throws(NodeFailure) -> String {
    let separator = call.settings.text("separator") ?? ""
    var texts: [String] = []
    var bytes = 0
    var meter = call.meter()
    for (index, input) in call.inputs.enumerated() {
      guard let text = input.text else { throw NodeFailure("concat operation input \(index) must be text/string") }
      texts.append(text)
      bytes += text.utf8.count + separator.utf8.count
      try call.checkValue(bytes: bytes)
      try meter.step()
    }
    return texts.joined(separator: separator)
  }

  private func repeated(_ input: Value, _ call: NodeCall) throws(NodeFailure) -> String {
    guard let text = input.text else { throw NodeFailure("repeat operation input must be text/string") }
    guard let count = call.settings.integer("repeat_n") else { throw NodeFailure("repeat operation requires repeat_n field") }
    guard count >= 0 else { throw NodeFailure("repeat_n must be non-negative, got \(count)") }
    let (bytes, overflow) = text.utf8.count.multipliedReportingOverflow(by: count)
    try call.checkValue(bytes: overflow ? Int.max : bytes)
    guard !text.isEmpty else { return "" }
    var output = ""
    output.reserveCapacity(bytes)
    var meter = call.meter()
    for _ in 0..<count {
      output += text
      try meter.step(1 + text.utf8.count / 64)
    }
    return output
  }
}
