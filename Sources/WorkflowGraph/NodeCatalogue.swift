/// All types of nodes that the first engine knows, the only place where they are described.
public enum NodeCatalogue {
  /// In palette order.
  public static let types: [NodeType] = basic + operations + controlFlow + state + advanced + resilience + context

  /// The type an engine name or a canvas name means; `nil` for a name nobody knows. O(1).
  public static func type(named name: String) -> NodeType? { byName[name].map { types[$0] } }

  /// The name to give the engine for a `type` found in a document: mapped when the canvas made it, else unchanged.
  public static func engineName(of name: String) -> String { type(named: name)?.engineName ?? name }

  private static let byName: [String: Int] = {
    var byName: [String: Int] = [:]
    for (index, type) in types.enumerated() {
      byName[type.engineName] = index
      byName[type.canvasName] = index
    }
    return byName
  }()

  private static let basic = [
    NodeType(
      "number", "numberNode", .basic, .none, "Gives a fixed number.",
      [NodeSetting("value", .number, .always, initial: JSONText(unchecked: "0"))]),
    NodeType(
      "text_input", "textInputNode", .basic, .none, "Gives a fixed text.",
      [NodeSetting("text", .string, .always, initial: JSONText(unchecked: "\"\""))]),
    NodeType(
      "visualization", "vizNode", .basic, .one, "Shows its input to people.",
      [NodeSetting("mode", .string, .always, initial: JSONText(unchecked: "\"text\""))]),
  ]

  private static let operations = [
    NodeType(
      "operation", "opNode", .operation, .two, "Calculates with its first two inputs.",
      [NodeSetting("op", .choice(["add", "subtract", "multiply", "divide"]), .always, initial: JSONText(unchecked: "\"add\""))]),
    NodeType(
      "text_operation", "textOpNode", .operation, .oneOrMore, "Changes, repeats or joins text.",
      [
        NodeSetting(
          "text_op", .choice(["uppercase", "lowercase", "titlecase", "camelcase", "inversecase", "concat", "repeat"]), .always,
          initial: JSONText(unchecked: "\"uppercase\"")),
        NodeSetting("separator", .string),
        NodeSetting("repeat_n", .integer, .when("text_op", is: "repeat")),
      ]),
    NodeType(
      "http", "httpNode", .operation, .none, "Fetches a URL and gives its body as text.",
      [NodeSetting("url", .string, .always, initial: JSONText(unchecked: "\"\""))]),
  ]

  private static let controlFlow = [
    NodeType(
      "condition", "conditionNode", .controlFlow, .one, "Compares its input with a threshold such as >=10.",
      [
        NodeSetting("condition", .string, .always, initial: JSONText(unchecked: "\">0\"")), NodeSetting("true_path", .string),
        NodeSetting("false_path", .string),
      ]),
    NodeType(
      "for_each", "forEachNode", .controlFlow, .one, "Counts the elements of its input, up to a limit.",
      [NodeSetting("max_iterations", .integer, initial: JSONText(unchecked: "1000"))]),
    NodeType(
      "while_loop", "whileLoopNode", .controlFlow, .one, "Goes on while its input meets a condition, up to a limit.",
      [
        NodeSetting("condition", .string, .always, initial: JSONText(unchecked: "\">0\"")),
        NodeSetting("max_iterations", .integer, initial: JSONText(unchecked: "100")),
      ]),
  ]

  private static let state = [
    NodeType(
      "variable", "variableNode", .state, .optional, "Keeps its input under a name, or gives what was kept.",
      [
        NodeSetting("var_name", .string, .always, initial: JSONText(unchecked: "\"\"")),
        NodeSetting("var_op", .choice(["get", "set"]), .always, initial: JSONText(unchecked: "\"get\"")),
      ]),
    NodeType(
      "extract", "extractNode", .state, .one, "Takes one field, or several, out of an object.",
      [
        NodeSetting("field", .string, .oneOf("selection"), initial: JSONText(unchecked: "\"\"")),
        NodeSetting("fields", .strings, .oneOf("selection")),
      ]),
    NodeType(
      "transform", "transformNode", .state, .oneOrMore, "Turns its inputs into another shape.",
      [
        NodeSetting(
          "transform_type", .choice(["to_array", "to_object", "flatten", "keys", "values"]), .always,
          initial: JSONText(unchecked: "\"to_array\""))
      ]),
    NodeType(
      "accumulator", "accumulatorNode", .state, .optional, "Collects its inputs over the whole run.",
      [
        NodeSetting("accum_op", .choice(["sum", "product", "concat", "array", "count"]), .always, initial: JSONText(unchecked: "\"sum\"")),
        NodeSetting("initial_value", .anything),
      ]),
    NodeType(
      "counter", "counterNode", .state, .optional, "Counts up or down over the whole run.",
      [
        NodeSetting(
          "counter_op", .choice(["increment", "decrement", "reset", "get"]), .always, initial: JSONText(unchecked: "\"increment\"")),
        NodeSetting("delta", .number, initial: JSONText(unchecked: "1")), NodeSetting("initial_value", .anything),
      ]),
  ]

  private static let advanced = [
    NodeType(
      "switch", "switchNode", .advanced, .one, "Picks the first case that its input meets.",
      [
        NodeSetting("cases", .cases, initial: JSONText(unchecked: "[]")),
        NodeSetting("default_path", .string, initial: JSONText(unchecked: "\"default\"")),
      ]),
    NodeType(
      "parallel", "parallelNode", .advanced, .oneOrMore, "Gathers inputs that may be worked on at once.",
      [NodeSetting("max_concurrency", .integer, initial: JSONText(unchecked: "10"))]),
    NodeType(
      "join", "joinNode", .advanced, .oneOrMore, "Brings several inputs together.",
      [
        NodeSetting("join_strategy", .choice(["all", "any", "first"]), initial: JSONText(unchecked: "\"all\"")),
        NodeSetting("timeout", .duration),
      ]),
    NodeType(
      "split", "splitNode", .advanced, .one, "Gives its input to several named paths.",
      [NodeSetting("paths", .strings, initial: JSONText(unchecked: "[\"path1\",\"path2\"]"))]),
    NodeType(
      "delay", "delayNode", .advanced, .optional, "Waits, then passes its input on.",
      [NodeSetting("duration", .duration, .always, initial: JSONText(unchecked: "\"1s\""))]),
    NodeType(
      "cache", "cacheNode", .advanced, .optional, "Keeps a value under a key for a while, gives it or drops it.",
      [
        NodeSetting("cache_op", .choice(["get", "set", "delete"]), .always, initial: JSONText(unchecked: "\"get\"")),
        NodeSetting("cache_key", .string, .always, initial: JSONText(unchecked: "\"\"")), NodeSetting("ttl", .duration),
      ]),
  ]

  private static let resilience = [
    NodeType(
      "retry", "retryNode", .resilience, .one, "Tries again, with growing pauses, when its input is an error.",
      [
        NodeSetting("max_attempts", .integer, initial: JSONText(unchecked: "3")),
        NodeSetting("backoff_strategy", .choice(["exponential", "linear", "constant"]), initial: JSONText(unchecked: "\"exponential\"")),
        NodeSetting("initial_delay", .duration, initial: JSONText(unchecked: "\"1s\"")), NodeSetting("max_delay", .duration),
        NodeSetting("multiplier", .number), NodeSetting("retry_on_errors", .strings),
      ]),
    NodeType(
      "try_catch", "tryCatchNode", .resilience, .one, "Gives a fallback when its input is an error.",
      [
        NodeSetting("fallback_value", .anything), NodeSetting("continue_on_error", .bool, initial: JSONText(unchecked: "true")),
        NodeSetting("error_output_path", .string),
      ]),
    NodeType(
      "timeout", "timeoutNode", .resilience, .one, "Refuses an input that took longer than allowed.",
      [
        NodeSetting("timeout", .duration, initial: JSONText(unchecked: "\"30s\"")),
        NodeSetting("timeout_action", .string, initial: JSONText(unchecked: "\"error\"")),
      ]),
  ]

  private static let context = [
    NodeType(
      "context_variable", "contextVariableNode", .context, .none, "Defines what {{ variable.name }} stands for in texts.",
      [NodeSetting("context_name", .string, .always), NodeSetting("context_value", .anything, .always)]),
    NodeType(
      "context_constant", "contextConstantNode", .context, .none, "Defines what {{ const.name }} stands for in texts.",
      [NodeSetting("context_name", .string, .always), NodeSetting("context_value", .anything, .always)]),
  ]
}
