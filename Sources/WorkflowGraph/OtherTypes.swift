/// Types of nodes beside those of the catalogue, as they are at one moment: what plug-ins bring.
public struct OtherTypes: Sendable {
  /// What is wrong with a node of such a type, in the codes of `NodeCheck`; `nil` for a type that is not among these.
  /// `fields`: all that are set; `inputs`: how many visible edges end at the node.
  public typealias Check = @Sendable (_ node: NodeID, _ type: String, _ fields: [FieldKey: JSONText], _ inputs: Int) -> [Issue]?

  private let check: Check

  public init(_ check: @escaping Check) { self.check = check }

  public func issues(of node: NodeID, type: String, fields: [FieldKey: JSONText], inputs: Int) -> [Issue]? {
    check(node, type, fields, inputs)
  }
}
