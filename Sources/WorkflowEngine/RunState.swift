/// What the nodes of one run share.
public struct RunState: Sendable {
  /// What `{{ variable.name }}` stands for.
  public internal(set) var contextVariables: [String: Value] = [:]
  /// What `{{ const.name }}` stands for.
  public internal(set) var contextConstants: [String: Value] = [:]

  public init() {}

  var hasContext: Bool { !contextVariables.isEmpty || !contextConstants.isEmpty }
}
