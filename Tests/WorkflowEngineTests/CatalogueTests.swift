import Testing
import WorkflowGraph

@testable import WorkflowEngine

/// What the catalogue says is what the executors do: for every type and every setting.
@Suite struct CatalogueTests {
  /// Inputs to try, each by the node that gives it in `run`.
  static let kinds = ["number", "text", "list", "object", "error", "kept"]

  /// The settings a type needs, and the input that suits them.
  static let needs: [String: (settings: [String: String], inputs: [String])] = [
    "number": (["value": "1"], []), "text_input": (["text": "\"x\""], []), "visualization": (["mode": "\"m\""], ["number"]),
    "operation": (["op": "\"add\""], ["number", "number"]), "text_operation": (["text_op": "\"uppercase\""], ["text"]),
    "condition": (["condition": "\">0\""], ["number"]), "for_each": ([:], ["list"]), "while_loop": (["condition": "\"<0\""], ["number"]),
    "variable": (["var_name": "\"x\"", "var_op": "\"set\""], ["kept"]), "extract": (["field": "\"k\""], ["object"]),
    "transform": (["transform_type": "\"to_array\""], ["list"]), "accumulator": (["accum_op": "\"sum\""], ["number"]),
    "counter": (["counter_op": "\"increment\""], ["number"]), "switch": ([:], ["number"]), "parallel": ([:], ["number"]),
    "join": ([:], ["number"]), "split": ([:], ["number"]), "delay": (["duration": "\"1s\""], ["number"]),
    "cache": (["cache_op": "\"get\"", "cache_key": "\"k\""], ["number"]), "retry": ([:], ["number"]), "try_catch": ([:], ["number"]),
    "timeout": ([:], ["number"]), "context_variable": (["context_name": "\"n\"", "context_value": "1"], []),
    "context_constant": (["context_name": "\"n\"", "context_value": "1"], []),
  ]

  /// Where an executor is known to say less than the catalogue, with the reason.
  static let lenient: [String: String] = [
    "retry.backoff_strategy": "recorded: any other word is constant", "cache.ttl": "the value shows the ttl as it was given, or null",
  ]

  static let types = NodeCatalogue.types.filter { ExecutorRegistry.standard[$0.engineName] != nil }

  struct Outcome: Hashable {
    var value: Value?
    var failure: String?
    var isPayload = false
    var passed: Duration
  }

  /// The node `t` with these settings and inputs, in a graph that has one node of each kind.
  static func run(_ type: NodeType, _ settings: [String: String], _ inputs: [String]) -> Outcome {
    let data = settings.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
    let payload =
      #"{"nodes":[{"id":"text","data":{"text":"k"}},{"id":"number","data":{"value":7}},{"id":"list","type":"transform","data":{"transform_type":"to_array"}},"#
      + #"{"id":"object","data":{"transform_type":"to_object"}},{"id":"name","data":{"text":"error"}},{"id":"pair","data":{"transform_type":"to_array"}},"#
      + #"{"id":"error","data":{"transform_type":"to_object"}},{"id":"kept","data":{"var_name":"x","var_op":"set"}},"#
      + "{\"id\":\"t\",\"type\":\"\(type.engineName)\",\"data\":{\(data)}}],\"edges\":["
      + ([
        ("text", "list"), ("number", "list"), ("list", "object"), ("name", "pair"), ("text", "pair"), ("pair", "error"), ("number", "kept"),
      ]
      + inputs.map { ($0, "t") }).map { "{\"source\":\"\($0.0)\",\"target\":\"\($0.1)\"}" }.joined(separator: ",") + "]}"
    let run = VirtualRun(payload)
    return Outcome(
      value: run.result.isSuccess ? run.result.values.first { $0.node == NodeID("t") }?.value : nil, failure: run.result.failure?.text,
      isPayload: run.result.failure?.kind == .payload, passed: run.passed)
  }

  static func codes(_ type: NodeType, _ settings: [String: String], inputs: Int = 2) -> [String] {
    var fields: [FieldKey: JSONText] = [.type: .string(type.canvasName)]
    for (name, value) in settings { fields[.data(name)] = value.json }
    return NodeCheck.issues(of: NodeID("t"), fields: fields, inputs: inputs).map { "\($0.code) \($0.field?.rawValue ?? "")" }
  }

  @Test("[EN3, GV4] a node with the settings and inputs that the catalogue asks for runs, and has no issue", arguments: types)
  func enough(type: NodeType) throws {
    let (settings, inputs) = try #require(Self.needs[type.engineName])
    #expect(Set(type.settings.filter { $0.need == .always }.map(\.name)).isSubset(of: settings.keys))
    let outcome = Self.run(type, settings, inputs)
    #expect(outcome.failure == nil)
    #expect(Self.codes(type, settings, inputs: inputs.count) == [])
    if let object = outcome.value?.object, type.output.hasPrefix("An object: ") {
      let words = Set(type.output.dropFirst(11).split { " ,;.".contains($0) }.map(String.init))
      #expect(type.engineName == "extract" || Set(object.members.map(\.name)).isSubset(of: words), "\(type.output)")
    } else {
      #expect(outcome.value?.object == nil || !type.output.hasPrefix("An object"))
    }
  }

  @Test("[EN3, GV4] what it needs, it needs: without it, the run fails and the issue says so", arguments: types)
  func required(type: NodeType) throws {
    let (base, inputs) = try #require(Self.needs[type.engineName])
    for setting in type.settings {
      var settings = base
      switch setting.need {
      case .optional: continue
      case .always: settings[setting.name] = nil
      case .when(let name, let value):
        #expect(base[name] != "\"\(value)\"" && base[setting.name] == nil, "not needed otherwise")
        settings[name] = "\"\(value)\""
      case .oneOf:
        let group = type.settings.filter { $0.need == setting.need }
        for other in group { settings[other.name] = nil }
        var alone = settings
        alone[setting.name] = setting.kind == .strings ? "[\"k\"]" : "\"k\""
        #expect(Self.run(type, alone, inputs).failure == nil)
        #expect(Self.codes(type, alone) == [])
        guard setting == group.first else { continue }
      }
      let failure = Self.run(type, settings, inputs).failure ?? ""
      #expect(failure.hasPrefix("error executing node t: ") && failure.contains(setting.name), "\(setting.name): \(failure)")
      #expect(Self.codes(type, settings) == ["setting_missing data.\(setting.name)"])
    }
  }

  @Test("[EN3] what is missing is as if the catalogue's standard were there", arguments: types)
  func standards(type: NodeType) throws {
    let base = try #require(Self.needs[type.engineName]).settings
    for setting in type.settings {
      guard let standard = setting.standard, Self.lenient["\(type.engineName).\(setting.name)"] == nil else { continue }
      #expect(setting.need == .optional)
      var settings = base
      settings[setting.name] = standard.text
      if setting.name == "separator" { settings["text_op"] = "\"concat\"" }
      var without = settings
      without[setting.name] = nil
      for kind in Self.kinds {
        let inputs = [kind, kind]
        #expect(Self.run(type, without, inputs) == Self.run(type, settings, inputs), "\(setting.name) \(kind)")
      }
    }
  }

  @Test("[EN3] a cache keeps for five minutes when nobody says how long")
  func cacheStandard() {
    func get(after delay: String) -> Value? {
      let payload =
        #"{"nodes":[{"id":"a","data":{"value":1}},{"id":"b","data":{"cache_op":"set","cache_key":"k"}},{"id":"c","data":{"duration":"\#(delay)"}},"#
        + #"{"id":"d","data":{"cache_op":"get","cache_key":"k"}}],"edges":[{"source":"a","target":"b"},{"source":"b","target":"c"},{"source":"c","target":"d"}]}"#
      return VirtualRun(payload, limits: RunLimits(duration: .seconds(3600))).result.finalOutput.object?["found"]
    }
    #expect(get(after: "299s") == .bool(true))
    #expect(get(after: "5m") == .bool(false))
  }

  @Test("[EN3, GV4] a choice is one of those in the catalogue, a number no less than its bound", arguments: types)
  func choicesAndBounds(type: NodeType) throws {
    let base = try #require(Self.needs[type.engineName]).settings
    for setting in type.settings {
      var settings = base
      if let min = setting.min {
        if case .when(let name, let value) = setting.need { settings[name] = "\"\(value)\"" }
        for (number, isRight) in [(min, true), (min - 1, false)] {
          settings[setting.name] = String(number)
          #expect(Self.kinds.contains { Self.run(type, settings, [$0, $0]).failure == nil } == isRight, "\(setting.name) \(number)")
          #expect((Self.codes(type, settings) == []) == isRight)
        }
      }
      guard case .choice(let choices) = setting.kind else { continue }
      if choices.contains("repeat") { settings["repeat_n"] = "2" }
      for choice in choices + ["nonsense"] {
        settings[setting.name] = "\"\(choice)\""
        let isKnown = choice != "nonsense"
        let isRun = Self.kinds.contains { Self.run(type, settings, [$0, $0]).failure == nil }
        #expect(isRun == (isKnown || Self.lenient["\(type.engineName).\(setting.name)"] != nil), "\(setting.name) \(choice)")
        #expect((Self.codes(type, settings) == []) == isKnown, "\(setting.name) \(choice)")
      }
    }
  }

  static let samples = [
    "5", "-5", "1.5", "1e2", "\"x\"", "\"1s\"", "\"\"", "true", "[]", "[\"a\"]", "[1]", "{}", "[{\"when\":\">1\",\"value\":[1]}]",
    "[{\"when\":1}]",
  ]

  @Test("[EN2, GV4] a setting of the wrong kind is refused by the engine exactly where it is an issue", arguments: types)
  func settingKinds(type: NodeType) throws {
    let (base, inputs) = try #require(Self.needs[type.engineName])
    for setting in type.settings {
      for sample in Self.samples {
        var settings = base
        settings[setting.name] = sample
        let isIssue = Self.codes(type, settings).contains("setting_invalid data.\(setting.name)")
        let isRefused = Self.run(type, settings, inputs).isPayload
        // A wrong choice and a number below its bound are read, and refused when the node's turn comes.
        let isLater = sample.hasPrefix("\"") || sample == "-5"
        #expect(isIssue == isRefused || isIssue && isLater, "\(setting.name) \(sample)")
      }
    }
  }

  @Test("[EN3, GV4] a node looks at as many inputs as the catalogue says", arguments: types)
  func inputCounts(type: NodeType) throws {
    let (settings, inputs) = try #require(Self.needs[type.engineName])
    #expect(inputs.count >= type.inputs.min)
    if type.inputs.min > 0 {
      let fewer = Array(inputs.prefix(type.inputs.min - 1))
      #expect(Self.run(type, settings, fewer).failure?.hasPrefix("error executing node t: ") == true)
      #expect(Self.codes(type, settings, inputs: fewer.count) == ["input_missing "])
    } else if type.engineName != "variable" {  // Whether a variable needs its input is a matter of var_op.
      #expect(Self.run(type, settings, []).failure == nil)
    }
    if let max = type.inputs.max {
      let given = Array(repeating: inputs.first ?? "number", count: max)
      #expect(Self.run(type, settings, given) == Self.run(type, settings, given + ["object", "text"]))
    } else {
      let choices: [JSONText?] = type.settings.flatMap { setting -> [JSONText?] in
        if case .choice(let choices) = setting.kind { choices.map { .string($0) } } else { [nil] }
      }
      let isMoreSeen = choices.contains { choice in
        var settings = settings
        if let choice, let name = type.settings.first?.name { settings[name] = choice.text }
        return Self.run(type, settings, ["text"]) != Self.run(type, settings, ["text", "text"])
      }
      #expect(isMoreSeen)
    }
  }
}
