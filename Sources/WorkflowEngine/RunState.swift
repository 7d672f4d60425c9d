import WorkflowGraph

/// What the nodes of one run share.
public struct RunState: Sendable {
  /// A text compared by its bytes, as a name of something.
  struct Name: Hashable {
    let text: String
    init(_ text: String) { self.text = text }
    static func == (a: Self, b: Self) -> Bool { Bytewise.equal(a.text, b.text) }
    func hash(into hasher: inout Hasher) { hasher.combine(text) }
  }

  /// Who works on one part of it does so in the order of the plan. Parts do not see each other.
  enum Part: Sendable {
    case variables
    case accumulator
    case counter
    /// Also looks at the clock, which runs as if one node ran after the other.
    case cache
    /// Seen by all nodes that come later in the order, in their texts.
    case context
  }

  /// What a cache node keeps, and until when on the run's clock.
  struct CacheEntry {
    var value: Value
    var expiry: Duration
  }

  /// What `{{ variable.name }}` stands for.
  var contextVariables: [Name: Value] = [:]
  /// What `{{ const.name }}` stands for.
  var contextConstants: [Name: Value] = [:]
  /// What variable nodes keep; not what templates name.
  var variables: [Name: Value] = [:]
  var cache: [Name: CacheEntry] = [:]
  /// One for the whole run; `nil` until the first accumulator node.
  var accumulator: Value?
  /// One for the whole run.
  var counter = 0.0

  public init() {}

  var hasContext: Bool { !contextVariables.isEmpty || !contextConstants.isEmpty }
}
