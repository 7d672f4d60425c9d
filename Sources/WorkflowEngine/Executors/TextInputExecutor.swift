/// Gives its `text`. Inputs are ignored.
struct TextInputExecutor: NodeExecutor {
  static let type = "text_input"

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    .text(try call.requiredText("text", "text input node missing text"))
  }
}
