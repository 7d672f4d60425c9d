import WorkflowGraph

/// The one place where the codec asks whether a text is I-JSON. Spec: DO2.
enum ValueText {
  static func check(_ text: String) -> Result<JSONText, JSONFault> {
    do throws(JSONFault) { return .success(try JSONText(validating: text)) } catch { return .failure(error) }
  }
}
