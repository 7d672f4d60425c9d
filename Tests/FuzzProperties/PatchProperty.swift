import CRDT
import WorkflowDocument
import WorkflowGraph

/// What HTTP may want of a workflow without having its document: `{"graph": …, "patch": …, "put": …}`. The ops that are made of it are taken by the
/// document they were made for, and do what they say.
enum PatchProperty {
  static func check(_ input: [UInt8], planted: Bool) throws(PropertyFault) -> FuzzTarget.Reach {
    guard let text = String(validating: input, as: UTF8.self), let value = try? JSONValue(parsing: text), case .object(let members) = value
    else { return .refused }
    func member(_ name: String) -> JSONText? { members.first { $0.name == name }.map { JSONText($0.value) } }
    guard let canvas = member("graph").flatMap({ try? CanvasJSON.parse($0.text) }) else { return .refused }
    var document = WorkflowDocument()
    guard try apply(document.ops(putting: canvas), to: &document) else { return .refused }
    var reach = FuzzTarget.Reach.refused
    if let text = member("patch"), try patch(text, &document, planted: planted) { reach = .taken }
    if let text = member("put"), try put(text, &document) { reach = .taken }
    return reach
  }

  private static func patch(_ text: JSONText, _ document: inout WorkflowDocument, planted: Bool) throws(PropertyFault) -> Bool {
    let patch: GraphPatch
    let ops: [Op]
    do throws(CanvasFault) {
      patch = try GraphPatch(text)
      ops = try document.ops(patching: patch)
    } catch {
      try require(!error.text.isEmpty, "a fault without a reason")
      return false
    }
    // Planted: the last op is forgotten.
    guard try apply(planted ? Array(ops.dropLast()) : ops, to: &document) else { return false }
    // An edge that gets other ends may get another name by that, and is another one the second time.
    guard patch.edges.isEmpty else { return true }
    let again: [Op]
    do throws(CanvasFault) { again = try document.ops(patching: patch) } catch {
      throw PropertyFault("a patch that was applied is refused the second time: \(error)")
    }
    try require(again.isEmpty, "a patch that was applied is not there")
    return true
  }

  private static func put(_ text: JSONText, _ document: inout WorkflowDocument) throws(PropertyFault) -> Bool {
    guard let canvas = try? CanvasJSON.parse(text.text) else { return false }
    guard try apply(document.ops(putting: canvas), to: &document) else { return false }
    let visible = document.graph()
    let typed = canvas.graph.nodes.filter { $0.fields[.type] != nil }
    try require(visible.nodes.map(\.id) == typed.map(\.id), "other nodes than put")
    return true
  }

  /// - Returns: false when the document refuses them, as it may: fields whose shape it knows, and sizes.
  private static func apply(_ ops: [Op], to document: inout WorkflowDocument) throws(PropertyFault) -> Bool {
    guard !ops.isEmpty else { return true }
    let replica = ReplicaID(1)
    let seq = document.version[replica] + 1
    let change = Change(replica: replica, seq: seq, hlc: HybridTime(milliseconds: seq + 1), ops: ops)
    if let fault = document.check(change) {
      try require(!fault.text.isEmpty, "a fault without a reason")
      return false
    }
    try ChangeProperty.apply(change, to: &document)
    return true
  }
}
