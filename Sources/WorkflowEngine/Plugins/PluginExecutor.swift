public import WorkflowGraph

/// Runs nodes of one type of a plug-in: checks the settings before, and the count of inputs.
struct PluginExecutor: WaitingNodeExecutor {
  static let type = "plug-in"

  private let served: (plugin: any NodePlugin, type: PluginType)?

  init() { served = nil }

  init(_ plugin: any NodePlugin, _ type: PluginType) { served = (plugin, type) }

  var description: PluginType? { served?.type }

  /// All of it: by the description, and if that finds nothing, by the plug-in itself.
  func findings(in settings: ObjectValue) -> [PluginFinding] {
    guard let (plugin, type) = served else { return [] }
    let found = type.findings(in: settings)
    return found.isEmpty ? plugin.findings(in: type.completed(settings), type: type.name) : found
  }

  func execute(_ call: NodeCall) async throws(NodeFailure) -> Value {
    guard let (plugin, type) = served else { throw NodeFailure("unknown node type: \(Self.type)") }
    let given = call.settings.value(NodeSettings.plugin)?.object ?? ObjectValue([])
    if let finding = findings(in: given).first { throw NodeFailure(finding.text) }
    let settings = type.completed(given)
    guard call.inputs.count >= type.inputs.min else {
      throw NodeFailure("\(type.name) needs at least \(type.inputs.min) inputs, got \(call.inputs.count)")
    }
    let inputs = type.inputs.max.map { Array(call.inputs.prefix($0)) } ?? call.inputs
    return try await plugin.execute(
      PluginCall(
        node: call.node, type: type.name, settings: settings, inputs: inputs, timeLeft: call.timeLeft, outside: call.outside))
  }
}

/// A type that perhaps somebody knows who cannot be asked.
struct AbsentExecutor: WaitingNodeExecutor {
  static let type = "absent"
  let reason: String

  init() { reason = "" }
  init(_ reason: String) { self.reason = reason }

  func execute(_ call: NodeCall) async throws(NodeFailure) -> Value { throw NodeFailure("unknown node type; \(reason)") }
}

extension ExecutorRegistry {
  /// Takes in all types of a plug-in, or none.
  /// - Throws: when a description cannot be used, or a type has an executor already.
  public mutating func register(_ plugin: any NodePlugin) throws(PluginFault) {
    var names: Set<String> = []
    for type in plugin.types {
      if let fault = type.fault { throw PluginFault("plug-in \(plugin.name): \(fault)") }
      guard self[type.name] == nil, names.insert(type.name).inserted else {
        throw PluginFault("plug-in \(plugin.name): the type \(type.name) is there already")
      }
    }
    for type in plugin.types { register(PluginExecutor(plugin, type), as: type.name) }
  }

  /// Nodes of the type fail with the reason when their turn comes. Nothing is said about their settings: whoever knows them is not here.
  public mutating func register(absent type: String, because reason: String) { register(AbsentExecutor(reason), as: type) }

  /// Whether nodes of the type take their settings as they are, whatever the catalogue's names mean.
  func isPlugin(_ type: String) -> Bool { self[type] is PluginExecutor || self[type] is AbsentExecutor }

  /// What plug-ins have brought, by name: for the palette and for validation.
  public var pluginTypes: [PluginType] {
    types.compactMap { (self[$0] as? PluginExecutor)?.description }.sorted { $0.name < $1.name }
  }
}

extension NodeSettings {
  /// Under this name a plug-in's node keeps all of its `data`, undivided. No key of a document is read into it.
  static let plugin = "\u{0}plug-in"
}

// MARK: - Before a run

extension ExecutorRegistry {
  /// Whether nodes of the type can be run at all as things stand: an `http` node without anything to fetch with cannot.
  func runs(_ type: String) -> Bool {
    switch self[type] {
    case nil, is AbsentExecutor: false
    case let http as HTTPExecutor: http.isOn
    default: true
    }
  }

  /// What rooms are to know of the types that plug-ins have brought. Spec: GV4.
  public var otherTypes: OtherTypes {
    OtherTypes { [self] node, type, fields, inputs in pluginIssues(of: node, type: type, fields: fields, inputs: inputs) }
  }

  /// The catalogue with what plug-ins have brought, as `NodeCatalogue.json`.
  public var catalogue: JSONText { NodeCatalogue.json(with: pluginTypes.map(\.json)) }

  /// What is wrong with a node of a plug-in's type, in the codes of `NodeCheck`; `nil` for a type that no plug-in brings.
  func pluginIssues(of node: NodeID, type: String, fields: [FieldKey: JSONText], inputs: Int) -> [Issue]? {
    func issue(_ code: String, _ field: FieldKey?, _ text: String) -> Issue {
      Issue(code: code, severity: .error, node: node, field: field, text: text)
    }
    if let absent = self[type] as? AbsentExecutor {
      return [issue(NodeCheck.Code.typeUnknown, .type, "No engine knows the type \(type); \(absent.reason).")]
    }
    guard let executor = self[type] as? PluginExecutor, let description = executor.description else { return nil }
    let settings: ObjectValue
    do throws(NodeFailure) { settings = try ObjectValue(data: fields) } catch {
      return [issue(NodeCheck.Code.settingInvalid, nil, "\(error.text).")]
    }
    var issues = executor.findings(in: settings).map { finding in
      issue(
        finding.isMissing ? NodeCheck.Code.settingMissing : NodeCheck.Code.settingInvalid, finding.setting.map { .data($0) },
        "\(finding.text).")
    }
    if inputs < description.inputs.min {
      let needed = description.inputs.min == 1 ? "an input" : "\(description.inputs.min) inputs"
      issues.append(issue(NodeCheck.Code.inputMissing, nil, "A \(type) node needs \(needed) and has \(inputs)."))
    }
    return issues
  }
}
