extension NodeCatalogue {
  static let basic = [
    NodeType(
      "number", "numberNode", .basic, .none, "Gives a fixed number.", output: "The number.",
      [NodeSetting("value", .number, .always, "The number.", initial: "0")]),
    NodeType(
      "text_input", "textInputNode", .basic, .none, "Gives a fixed text.", output: "The text.",
      [NodeSetting("text", .string, .always, "The text; templates are filled in.", initial: "\"\"")]),
    NodeType(
      "visualization", "vizNode", .basic, .one, "Shows its input to people.", output: "An object: mode, value.",
      [NodeSetting("mode", .string, .always, "How to show it; any word will do.", initial: "\"text\"")]),
  ]

  static let operations = [
    NodeType(
      "operation", "opNode", .operation, .two, "Calculates with its first two inputs.", output: "A number.",
      [NodeSetting("op", .choice(["add", "subtract", "multiply", "divide"]), .always, "What to calculate.", initial: "\"add\"")]),
    NodeType(
      "text_operation", "textOpNode", .operation, .oneOrMore, "Changes, repeats or joins text.", output: "A text.",
      [
        NodeSetting(
          "text_op", .choice(["uppercase", "lowercase", "titlecase", "camelcase", "inversecase", "concat", "repeat"]), .always,
          "What to do. Only concat looks at more than the first input.", initial: "\"uppercase\""),
        NodeSetting("separator", .string, .optional, "What stands between texts that are joined.", standard: "\"\""),
        NodeSetting("repeat_n", .integer, .when("text_op", is: "repeat"), "How often to repeat the text.", min: 0),
      ]),
    NodeType(
      "http", "httpNode", .operation, .none, "Fetches a URL and gives its body as text.", output: "The body, a text.",
      [NodeSetting("url", .string, .always, "What to fetch; templates are filled in.", initial: "\"\"")]),
  ]

  static let controlFlow = [
    NodeType(
      "condition", "conditionNode", .controlFlow, .one, "Compares its input with a threshold such as >=10.",
      output: "An object: value, condition_met, condition.",
      [
        NodeSetting("condition", .string, .always, "An operator and a number, or true or false.", initial: "\">0\""),
        NodeSetting("true_path", .string, .optional, "A note; the engine does not look at it."),
        NodeSetting("false_path", .string, .optional, "A note; the engine does not look at it."),
      ]),
    NodeType(
      "for_each", "forEachNode", .controlFlow, .one, "Counts the elements of its input, up to a limit.",
      output: "An object: items, count, iterations.",
      [
        NodeSetting(
          "max_iterations", .integer, .optional, "How many elements are allowed; 0 and less is as if missing.", initial: "1000",
          standard: "1000")
      ]),
    NodeType(
      "while_loop", "whileLoopNode", .controlFlow, .one, "Goes on while its input meets a condition, up to a limit.",
      output: "An object: final_value, iterations, condition.",
      [
        NodeSetting("condition", .string, .always, "An operator and a number, or true or false.", initial: "\">0\""),
        NodeSetting(
          "max_iterations", .integer, .optional, "How many turns are allowed; 0 and less is as if missing.", initial: "100", standard: "100"
        ),
      ]),
  ]

  static let state = [
    NodeType(
      "variable", "variableNode", .state, .optional, "Keeps its input under a name, or gives what was kept.",
      output: "An object: var_name, operation, value.",
      [
        NodeSetting("var_name", .string, .always, "The name; templates are filled in.", initial: "\"\""),
        NodeSetting("var_op", .choice(["get", "set"]), .always, "Whether to give or to keep.", initial: "\"get\""),
      ]),
    NodeType(
      "extract", "extractNode", .state, .one, "Takes one field, or several, out of an object.",
      output: "An object: field, value; or the fields by their names.",
      [
        NodeSetting("field", .string, .oneOf("selection"), "One field, which must be there; goes before fields.", initial: "\"\""),
        NodeSetting("fields", .strings, .oneOf("selection"), "Several fields; those that are not there are left out."),
      ]),
    NodeType(
      "transform", "transformNode", .state, .oneOrMore, "Turns its inputs into another shape.", output: "A list or an object.",
      [
        NodeSetting(
          "transform_type", .choice(["to_array", "to_object", "flatten", "keys", "values"]), .always,
          "The shape. Only to_array looks at more than the first input.", initial: "\"to_array\"")
      ]),
    NodeType(
      "accumulator", "accumulatorNode", .state, .optional, "Collects its inputs over the whole run.",
      output: "An object: operation, value.",
      [
        NodeSetting(
          "accum_op", .choice(["sum", "product", "concat", "array", "count"]), .always, "How to collect.", initial: "\"sum\""),
        NodeSetting("initial_value", .anything, .optional, "What the run's accumulator begins with, if this node is the first at it."),
      ]),
    NodeType(
      "counter", "counterNode", .state, .optional, "Counts up or down over the whole run.", output: "An object: operation, value.",
      [
        NodeSetting(
          "counter_op", .choice(["increment", "decrement", "reset", "get"]), .always, "What to do.", initial: "\"increment\""),
        NodeSetting("delta", .number, .optional, "By how much to count.", initial: "1", standard: "1"),
        NodeSetting("initial_value", .anything, .optional, "A number that the run's counter is set to before this node does anything."),
      ]),
  ]

  static let advanced = [
    NodeType(
      "switch", "switchNode", .advanced, .one, "Picks the first case that its input meets.",
      output: "An object: value, matched, case, output_path.",
      [
        NodeSetting("cases", .cases, .optional, "In the order in which they are tried.", initial: "[]", standard: "[]"),
        NodeSetting(
          "default_path", .string, .optional, "The output_path when no case is met.", initial: "\"default\"", standard: "\"default\""),
      ]),
    NodeType(
      "parallel", "parallelNode", .advanced, .oneOrMore, "Gathers inputs that may be worked on at once.",
      output: "An object: results, count, concurrency.",
      [NodeSetting("max_concurrency", .integer, .optional, "How many at once; only shown.", initial: "10", standard: "10", min: 1)]),
    NodeType(
      "join", "joinNode", .advanced, .oneOrMore, "Brings several inputs together.",
      output: "An object: strategy, and values and count, or value.",
      [
        NodeSetting(
          "join_strategy", .choice(["all", "any", "first"]), .optional, "Which of them to give.", initial: "\"all\"", standard: "\"all\""),
        NodeSetting("timeout", .duration, .optional, "A note; the engine does not look at it."),
      ]),
    NodeType(
      "split", "splitNode", .advanced, .one, "Gives its input to several named paths.", output: "An object: value, paths, outputs.",
      [
        NodeSetting(
          "paths", .strings, .optional, "The names; templates are filled in. None is as if missing.", initial: "[\"path1\",\"path2\"]",
          standard: "[\"path1\",\"path2\"]")
      ]),
    NodeType(
      "delay", "delayNode", .advanced, .optional, "Waits, then passes its input on.", output: "An object: value, duration, delayed.",
      [NodeSetting("duration", .duration, .always, "How long.", initial: "\"1s\"")]),
    NodeType(
      "cache", "cacheNode", .advanced, .optional, "Keeps a value under a key for a while, gives it or drops it.",
      output: "An object: operation, key, and value, found, ttl, expired or deleted.",
      [
        NodeSetting("cache_op", .choice(["get", "set", "delete"]), .always, "What to do.", initial: "\"get\""),
        NodeSetting("cache_key", .string, .always, "The key; templates are filled in.", initial: "\"\""),
        NodeSetting("ttl", .duration, .optional, "How long to keep it.", standard: "\"5m\""),
      ]),
  ]

  static let resilience = [
    NodeType(
      "retry", "retryNode", .resilience, .one, "Tries again, with growing pauses, when its input is an error.",
      output: "An object: value, attempts, success.",
      [
        NodeSetting("max_attempts", .integer, .optional, "How often to try.", initial: "3", standard: "3", min: 1),
        NodeSetting(
          "backoff_strategy", .choice(["exponential", "linear", "constant"]), .optional, "How pauses grow.", initial: "\"exponential\"",
          standard: "\"exponential\""),
        NodeSetting("initial_delay", .duration, .optional, "The first pause.", initial: "\"1s\"", standard: "\"1s\""),
        NodeSetting("max_delay", .duration, .optional, "The longest pause.", standard: "\"30s\""),
        NodeSetting("multiplier", .number, .optional, "By what exponential pauses grow.", standard: "2"),
        NodeSetting(
          "retry_on_errors", .strings, .optional, "Only errors that contain one of these are tried again; none: all.", standard: "[]"),
      ]),
    NodeType(
      "try_catch", "tryCatchNode", .resilience, .one, "Gives a fallback when its input is an error.",
      output: "An object: value, error_caught, error_message, error_output_path.",
      [
        NodeSetting("fallback_value", .anything, .optional, "What to give then; templates are filled in.", standard: "null"),
        NodeSetting("continue_on_error", .bool, .optional, "No: the run ends with the error.", initial: "true", standard: "true"),
        NodeSetting("error_output_path", .string, .optional, "A name that is passed on with the fallback.", standard: "\"\""),
      ]),
    NodeType(
      "timeout", "timeoutNode", .resilience, .one, "Refuses an input that took longer than allowed.",
      output: "An object: value, timeout_duration, execution_time, timed_out.",
      [
        NodeSetting(
          "timeout", .duration, .optional, "How long the input may have taken by its execution_time.", initial: "\"30s\"",
          standard: "\"30s\""),
        NodeSetting(
          "timeout_action", .string, .optional, "error ends the run when it took longer; any other word passes it on.",
          initial: "\"error\"",
          standard: "\"error\""),
      ]),
  ]

  static let context = [
    NodeType(
      "context_variable", "contextVariableNode", .context, .none, "Defines what {{ variable.name }} stands for in texts.",
      output: "An object: type, name, value.",
      [
        NodeSetting("context_name", .string, .always, "The name."),
        NodeSetting("context_value", .anything, .always, "What it stands for."),
      ]),
    NodeType(
      "context_constant", "contextConstantNode", .context, .none, "Defines what {{ const.name }} stands for in texts.",
      output: "An object: type, name, value.",
      [
        NodeSetting("context_name", .string, .always, "The name."),
        NodeSetting("context_value", .anything, .always, "What it stands for."),
      ]),
  ]
}
