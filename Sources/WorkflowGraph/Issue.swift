/// A finding about the graph: derived from it, never stored in it. Spec: GV4.
public struct Issue: Hashable, Sendable {
  public enum Severity: String, Sendable, CaseIterable { case error, warning }
  /// A stable name such as `edge_orphan`; `protocol/SPEC.md` lists all.
  public var code: String
  public var severity: Severity
  public var node: NodeID?
  public var edge: EdgeKey?
  public var field: FieldKey?
  /// One English sentence for a person.
  public var text: String

  public init(code: String, severity: Severity, node: NodeID? = nil, edge: EdgeKey? = nil, field: FieldKey? = nil, text: String) {
    self.code = code
    self.severity = severity
    self.node = node
    self.edge = edge
    self.field = field
    self.text = text
  }

  /// By what it is about. The words follow from that nearly always.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(code)
    hasher.combine(node)
    hasher.combine(edge)
  }
}
