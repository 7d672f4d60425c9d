// Made by `make catalogue` from NodeCatalogue.swift, the only place where node types are described. Not to be edited.

export const nodeTypes = Object.freeze([
  { engineName: "number", canvasName: "numberNode", category: "Basic I/O", summary: "Gives a fixed number.", inputsMin: 0, inputsMax: 0, settings: [
    { name: "value", kind: "number", need: "always", initial: 0 },
  ] },
  { engineName: "text_input", canvasName: "textInputNode", category: "Basic I/O", summary: "Gives a fixed text.", inputsMin: 0, inputsMax: 0, settings: [
    { name: "text", kind: "string", need: "always", initial: "" },
  ] },
  { engineName: "visualization", canvasName: "vizNode", category: "Basic I/O", summary: "Shows its input to people.", inputsMin: 1, inputsMax: 1, settings: [
    { name: "mode", kind: "string", need: "always", initial: "text" },
  ] },
  { engineName: "operation", canvasName: "opNode", category: "Operations", summary: "Calculates with its first two inputs.", inputsMin: 2, inputsMax: 2, settings: [
    { name: "op", kind: "choice", choices: ["add", "subtract", "multiply", "divide"], need: "always", initial: "add" },
  ] },
  { engineName: "text_operation", canvasName: "textOpNode", category: "Operations", summary: "Changes, repeats or joins text.", inputsMin: 1, inputsMax: null, settings: [
    { name: "text_op", kind: "choice", choices: ["uppercase", "lowercase", "titlecase", "camelcase", "inversecase", "concat", "repeat"], need: "always", initial: "uppercase" },
    { name: "separator", kind: "string" },
    { name: "repeat_n", kind: "integer", need: "when", when: ["text_op", "repeat"] },
  ] },
  { engineName: "http", canvasName: "httpNode", category: "Operations", summary: "Fetches a URL and gives its body as text.", inputsMin: 0, inputsMax: 0, settings: [
    { name: "url", kind: "string", need: "always", initial: "" },
  ] },
  { engineName: "condition", canvasName: "conditionNode", category: "Control flow", summary: "Compares its input with a threshold such as >=10.", inputsMin: 1, inputsMax: 1, settings: [
    { name: "condition", kind: "string", need: "always", initial: ">0" },
    { name: "true_path", kind: "string" },
    { name: "false_path", kind: "string" },
  ] },
  { engineName: "for_each", canvasName: "forEachNode", category: "Control flow", summary: "Counts the elements of its input, up to a limit.", inputsMin: 1, inputsMax: 1, settings: [
    { name: "max_iterations", kind: "integer", initial: 1000 },
  ] },
  { engineName: "while_loop", canvasName: "whileLoopNode", category: "Control flow", summary: "Goes on while its input meets a condition, up to a limit.", inputsMin: 1, inputsMax: 1, settings: [
    { name: "condition", kind: "string", need: "always", initial: ">0" },
    { name: "max_iterations", kind: "integer", initial: 100 },
  ] },
  { engineName: "variable", canvasName: "variableNode", category: "State & memory", summary: "Keeps its input under a name, or gives what was kept.", inputsMin: 0, inputsMax: 1, settings: [
    { name: "var_name", kind: "string", need: "always", initial: "" },
    { name: "var_op", kind: "choice", choices: ["get", "set"], need: "always", initial: "get" },
  ] },
  { engineName: "extract", canvasName: "extractNode", category: "State & memory", summary: "Takes one field, or several, out of an object.", inputsMin: 1, inputsMax: 1, settings: [
    { name: "field", kind: "string", need: "oneOf", group: "selection", initial: "" },
    { name: "fields", kind: "strings", need: "oneOf", group: "selection" },
  ] },
  { engineName: "transform", canvasName: "transformNode", category: "State & memory", summary: "Turns its inputs into another shape.", inputsMin: 1, inputsMax: null, settings: [
    { name: "transform_type", kind: "choice", choices: ["to_array", "to_object", "flatten", "keys", "values"], need: "always", initial: "to_array" },
  ] },
  { engineName: "accumulator", canvasName: "accumulatorNode", category: "State & memory", summary: "Collects its inputs over the whole run.", inputsMin: 0, inputsMax: 1, settings: [
    { name: "accum_op", kind: "choice", choices: ["sum", "product", "concat", "array", "count"], need: "always", initial: "sum" },
    { name: "initial_value", kind: "anything" },
  ] },
  { engineName: "counter", canvasName: "counterNode", category: "State & memory", summary: "Counts up or down over the whole run.", inputsMin: 0, inputsMax: 1, settings: [
    { name: "counter_op", kind: "choice", choices: ["increment", "decrement", "reset", "get"], need: "always", initial: "increment" },
    { name: "delta", kind: "number", initial: 1 },
    { name: "initial_value", kind: "anything" },
  ] },
  { engineName: "switch", canvasName: "switchNode", category: "Advanced control", summary: "Picks the first case that its input meets.", inputsMin: 1, inputsMax: 1, settings: [
    { name: "cases", kind: "cases", initial: [] },
    { name: "default_path", kind: "string", initial: "default" },
  ] },
  { engineName: "parallel", canvasName: "parallelNode", category: "Advanced control", summary: "Gathers inputs that may be worked on at once.", inputsMin: 1, inputsMax: null, settings: [
    { name: "max_concurrency", kind: "integer", initial: 10 },
  ] },
  { engineName: "join", canvasName: "joinNode", category: "Advanced control", summary: "Brings several inputs together.", inputsMin: 1, inputsMax: null, settings: [
    { name: "join_strategy", kind: "choice", choices: ["all", "any", "first"], initial: "all" },
    { name: "timeout", kind: "duration" },
  ] },
  { engineName: "split", canvasName: "splitNode", category: "Advanced control", summary: "Gives its input to several named paths.", inputsMin: 1, inputsMax: 1, settings: [
    { name: "paths", kind: "strings", initial: ["path1","path2"] },
  ] },
  { engineName: "delay", canvasName: "delayNode", category: "Advanced control", summary: "Waits, then passes its input on.", inputsMin: 0, inputsMax: 1, settings: [
    { name: "duration", kind: "duration", need: "always", initial: "1s" },
  ] },
  { engineName: "cache", canvasName: "cacheNode", category: "Advanced control", summary: "Keeps a value under a key for a while, gives it or drops it.", inputsMin: 0, inputsMax: 1, settings: [
    { name: "cache_op", kind: "choice", choices: ["get", "set", "delete"], need: "always", initial: "get" },
    { name: "cache_key", kind: "string", need: "always", initial: "" },
    { name: "ttl", kind: "duration" },
  ] },
  { engineName: "retry", canvasName: "retryNode", category: "Resilience", summary: "Tries again, with growing pauses, when its input is an error.", inputsMin: 1, inputsMax: 1, settings: [
    { name: "max_attempts", kind: "integer", initial: 3 },
    { name: "backoff_strategy", kind: "choice", choices: ["exponential", "linear", "constant"], initial: "exponential" },
    { name: "initial_delay", kind: "duration", initial: "1s" },
    { name: "max_delay", kind: "duration" },
    { name: "multiplier", kind: "number" },
    { name: "retry_on_errors", kind: "strings" },
  ] },
  { engineName: "try_catch", canvasName: "tryCatchNode", category: "Resilience", summary: "Gives a fallback when its input is an error.", inputsMin: 1, inputsMax: 1, settings: [
    { name: "fallback_value", kind: "anything" },
    { name: "continue_on_error", kind: "bool", initial: true },
    { name: "error_output_path", kind: "string" },
  ] },
  { engineName: "timeout", canvasName: "timeoutNode", category: "Resilience", summary: "Refuses an input that took longer than allowed.", inputsMin: 1, inputsMax: 1, settings: [
    { name: "timeout", kind: "duration", initial: "30s" },
    { name: "timeout_action", kind: "string", initial: "error" },
  ] },
  { engineName: "context_variable", canvasName: "contextVariableNode", category: "Context", summary: "Defines what {{ variable.name }} stands for in texts.", inputsMin: 0, inputsMax: 0, settings: [
    { name: "context_name", kind: "string", need: "always" },
    { name: "context_value", kind: "anything", need: "always" },
  ] },
  { engineName: "context_constant", canvasName: "contextConstantNode", category: "Context", summary: "Defines what {{ const.name }} stands for in texts.", inputsMin: 0, inputsMax: 0, settings: [
    { name: "context_name", kind: "string", need: "always" },
    { name: "context_value", kind: "anything", need: "always" },
  ] },
]);
