/// What is known about one type of node before any node of it exists: for the palette, for validation, for issues.
public struct NodeType: Sendable, Hashable {
  public enum Category: String, Sendable, CaseIterable {
    case basic = "Basic I/O"
    case operation = "Operations"
    case controlFlow = "Control flow"
    case state = "State & memory"
    case advanced = "Advanced control"
    case resilience = "Resilience"
    case context = "Context"
  }

  /// How many inputs a node looks at. Further ones are allowed and ignored.
  public struct Inputs: Sendable, Hashable {
    public var min: Int
    /// `nil`: all that are connected.
    public var max: Int?

    public static let none = Inputs(min: 0, max: 0)
    public static let optional = Inputs(min: 0, max: 1)
    public static let one = Inputs(min: 1, max: 1)
    public static let two = Inputs(min: 2, max: 2)
    public static let oneOrMore = Inputs(min: 1, max: nil)
  }

  /// The name the engine runs: `text_operation`.
  public let engineName: String
  /// The name the canvas draws: `textOpNode`. Documents may hold either.
  public let canvasName: String
  public let category: Category
  /// One sentence for the palette.
  public let summary: String
  /// What comes in by the one unnamed port.
  public let inputs: Inputs
  /// What goes out by the one unnamed port: the shape of a node's value, one sentence.
  public let output: String
  public let settings: [NodeSetting]

  init(
    _ engineName: String, _ canvasName: String, _ category: Category, _ inputs: Inputs, _ summary: String, output: String,
    _ settings: [NodeSetting]
  ) {
    self.engineName = engineName
    self.canvasName = canvasName
    self.category = category
    self.inputs = inputs
    self.summary = summary
    self.output = output
    self.settings = settings
  }

  public func setting(named name: String) -> NodeSetting? { settings.first { $0.name == name } }
}

/// One key of a node's `data` that its type reads.
public struct NodeSetting: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case number
    /// A number written without point and exponent.
    case integer
    case string
    /// A string that is one of these.
    case choice([String])
    /// A string such as `500ms`, `1m30s`, or whole milliseconds.
    case duration
    case bool
    case strings
    /// `[{"when", "value", "output_path"}]` of a switch.
    case cases
    case anything
  }

  public enum Need: Sendable, Hashable {
    case optional
    case always
    /// At least one of the settings that share this group.
    case oneOf(String)
    case when(String, is: String)
  }

  public let name: String
  public let kind: Kind
  public let need: Need
  /// One sentence for the palette.
  public let summary: String
  /// What the palette puts into a new node; `nil`: nothing.
  public let initial: JSONText?
  /// What the engine takes when it is missing or null; `nil`: nothing in particular.
  public let standard: JSONText?
  /// The least number that the engine takes.
  public let min: Int?
  /// The register that holds it.
  public let field: FieldKey

  /// `initial` and `standard` are JSON.
  init(
    _ name: String, _ kind: Kind, _ need: Need, _ summary: String, initial: String? = nil, standard: String? = nil,
    min: Int? = nil
  ) {
    self.name = name
    self.kind = kind
    self.need = need
    self.summary = summary
    self.initial = initial.map { JSONText(unchecked: $0) }
    self.standard = standard.map { JSONText(unchecked: $0) }
    self.min = min
    field = .data(name)
  }
}
