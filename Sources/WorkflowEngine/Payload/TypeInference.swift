/// The type of a node that names none, found from its settings. The first match wins, in exactly this order.
enum TypeInference {
  private enum Need {
    case all([String])
    case any([String])
    /// Set and not an empty list.
    case filled(String)
  }

  private static let rules: [(Need, String)] = [
    (.all(["value"]), "number"), (.all(["text"]), "text_input"), (.all(["mode"]), "visualization"), (.all(["op"]), "operation"),
    (.all(["text_op"]), "text_operation"), (.all(["url"]), "http"), (.all(["condition"]), "condition"),
    (.all(["var_name", "var_op"]), "variable"), (.all(["field"]), "extract"), (.filled("fields"), "extract"),
    (.all(["transform_type"]), "transform"), (.all(["accum_op"]), "accumulator"), (.all(["counter_op"]), "counter"),
    (.filled("cases"), "switch"), (.all(["join_strategy"]), "join"), (.filled("paths"), "split"), (.all(["duration"]), "delay"),
    (.all(["cache_op", "cache_key"]), "cache"), (.all(["context_name", "context_value"]), "context_variable"),
    (.any(["max_attempts", "backoff_strategy"]), "retry"), (.any(["fallback_value", "continue_on_error"]), "try_catch"),
    (.all(["timeout", "timeout_action"]), "timeout"),
  ]

  /// - Returns: "" when no rule matches; such a node fails when its turn comes.
  static func type(of settings: NodeSettings) -> String {
    for (need, type) in rules {
      let matches =
        switch need {
        case .all(let names): names.allSatisfy(settings.isSet)
        case .any(let names): names.contains(where: settings.isSet)
        case .filled(let name): settings.texts(name)?.isEmpty == false || settings.cases(name)?.isEmpty == false
        }
      if matches { return type }
    }
    return ""
  }
}
