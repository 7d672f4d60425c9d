public import WorkflowGraph

/// One type of node that a plug-in brings, in the terms of the catalogue: `NodeType` says the same about the types that are built in.
public struct PluginType: Sendable, Hashable {
  /// Types' and settings' names: 1 to 64 of `a-z 0-9 _`, a letter first.
  public static let nameBytesMax = 64
  public static let settingCountMax = 64

  /// What documents hold as the node's `type`; for the engine and for the canvas.
  public var name: String
  /// Where the palette shows it.
  public var category: String
  /// One sentence for the palette.
  public var summary: String
  public var inputs: NodeType.Inputs
  public var settings: [PluginSetting]

  public init(
    _ name: String, category: String = "Plug-ins", summary: String, inputs: NodeType.Inputs = .optional, settings: [PluginSetting] = []
  ) {
    self.name = name
    self.category = category
    self.summary = summary
    self.inputs = inputs
    self.settings = settings
  }

  /// - Returns: why the description cannot be used; `nil` when it can.
  public var fault: String? {
    guard Self.isName(name) else { return "\"\(name)\" is no name of a type" }
    guard NodeCatalogue.type(named: name) == nil else { return "the type \(name) is built in" }
    guard settings.count <= Self.settingCountMax else { return "the type \(name) has more than \(Self.settingCountMax) settings" }
    guard inputs.min >= 0, inputs.max.map({ $0 >= inputs.min }) ?? true else {
      return "the type \(name) has less inputs at most than at least"
    }
    var names: Set<String> = []
    for setting in settings {
      guard Self.isName(setting.name) else { return "the type \(name) has a setting \"\(setting.name)\", which is no name" }
      guard names.insert(setting.name).inserted else { return "the type \(name) has the setting \(setting.name) twice" }
      if case .choice(let choices) = setting.kind, choices.isEmpty { return "the setting \(setting.name) of \(name) has nothing to choose" }
      for value in [setting.initial, setting.standard].compactMap({ $0 }) {
        if let text = setting.fault(of: value) { return "the type \(name): \(text)" }
      }
    }
    return nil
  }

  private static func isName(_ text: String) -> Bool {
    (1...nameBytesMax).contains(text.utf8.count) && text.utf8.first.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) } == true
      && text.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || GoFloat.isDigit(byte) || byte == UInt8(ascii: "_")
      }
  }

  // MARK: Checking a node

  /// What is wrong with a node's settings by this description alone: all of it, in the description's order.
  public func findings(in settings: ObjectValue) -> [PluginFinding] {
    self.settings.compactMap { setting in
      guard let value = settings[setting.name], value != .null else {
        guard setting.isRequired, setting.standard == nil else { return nil }
        return PluginFinding(setting: setting.name, "\(name) needs the setting \(setting.name)", isMissing: true)
      }
      return setting.fault(of: value).map { PluginFinding(setting: setting.name, $0) }
    }
  }

  /// With the standard values of what is not set, and without what the description does not name.
  public func completed(_ settings: ObjectValue) -> ObjectValue {
    ObjectValue(
      self.settings.compactMap { setting in
        let value = settings[setting.name].flatMap { $0 == .null ? nil : $0 } ?? setting.standard
        return value.map { ObjectValue.Member(setting.name, $0) }
      })
  }
}

/// One key of `data` that a plug-in's type reads; as `NodeSetting`.
public struct PluginSetting: Sendable, Hashable {
  public var name: String
  public var kind: NodeSetting.Kind
  public var isRequired: Bool
  /// What the palette puts into a new node; `nil`: nothing.
  public var initial: Value?
  /// What counts where nothing is set; `nil`: nothing in particular.
  public var standard: Value?
  /// The least number; of an integer.
  public var min: Int?
  /// One sentence for the person who fills it in.
  public var summary: String

  public init(
    _ name: String, _ kind: NodeSetting.Kind, isRequired: Bool = false, initial: Value? = nil, standard: Value? = nil, min: Int? = nil,
    summary: String = ""
  ) {
    self.name = name
    self.kind = kind
    self.isRequired = isRequired
    self.initial = initial
    self.standard = standard
    self.min = min
    self.summary = summary
  }

  /// - Returns: what is wrong with a value that is there; `nil` when it is of the kind.
  func fault(of value: Value) -> String? {
    func wanted(_ what: String) -> String { "the setting \(name) must be \(what)" }
    switch kind {
    case .number: return value.number == nil ? wanted("a number") : nil
    case .integer:
      guard let number = value.number.flatMap({ Int(exactly: $0) }) else { return wanted("a whole number") }
      return min.flatMap { number < $0 ? wanted("at least \($0)") : nil }
    case .string: return value.text == nil ? wanted("a text") : nil
    case .choice(let choices):
      return value.text.map { choices.contains($0) } == true ? nil : wanted("one of \(choices.joined(separator: ", "))")
    case .duration: return value.text.flatMap { GoDuration.parse($0) } == nil ? wanted("a duration such as 500ms or 1m30s") : nil
    case .bool: if case .bool = value { return nil } else { return wanted("true or false") }
    case .strings: return value.elements?.allSatisfy { $0.text != nil } == true ? nil : wanted("a list of texts")
    case .cases: return value.elements?.allSatisfy { $0.object != nil } == true ? nil : wanted("a list of cases")
    case .anything: return nil
    }
  }
}

/// Something wrong with a node's settings.
public struct PluginFinding: Sendable, Hashable {
  /// `nil`: not one setting alone.
  public var setting: String?
  /// For a person; without the node's name.
  public var text: String
  /// Whether it is wrong by not being there.
  public var isMissing: Bool
  public init(setting: String?, _ text: String, isMissing: Bool = false) {
    self.setting = setting
    self.text = text
    self.isMissing = isMissing
  }
}
