import CRDT
import CollabProtocol
import WorkflowDocument
import WorkflowGraph

/// A canvas file that is read writes itself and reads back the same, and what is imported of it is what it says.
enum CanvasProperty {
  static func check(_ input: [UInt8], planted: Bool) throws(PropertyFault) -> FuzzTarget.Reach {
    guard let text = String(validating: input, as: UTF8.self) else { return .refused }
    let documents: [CanvasDocument]
    do throws(CanvasFault) {
      documents = try CanvasJSON.parseAll(text)
    } catch {
      try require(!error.text.isEmpty, "a fault without a reason")
      return .refused
    }
    for document in documents {
      try checkRoundTrip(document, planted: planted)
      try checkImport(document)
    }
    return documents.isEmpty ? .refused : .taken
  }

  private static func checkRoundTrip(_ document: CanvasDocument, planted: Bool) throws(PropertyFault) {
    var text = CanvasJSON.write(document.graph, meta: document.meta)
    // Planted: an escaped letter is written as the escape of another.
    if planted { text = text.replacing("\\u0041", with: "\\u0042") }
    do throws(CanvasFault) {
      let again = try CanvasJSON.parse(text)
      try check(again, document)
      if CanvasJSON.write(again.graph, meta: again.meta) != text { throw CanvasFault(place: "", text: "it has two forms") }
    } catch {
      throw PropertyFault("what was written does not read back: \(error)")
    }
  }

  private static func check(_ again: CanvasDocument, _ document: CanvasDocument) throws(CanvasFault) {
    func require(_ condition: Bool, _ text: String) throws(CanvasFault) { if !condition { throw CanvasFault(place: "", text: text) } }
    try require(again.meta == document.meta, "another meta")
    try require(again.graph.nodes == document.graph.nodes, "other nodes")
    try require(again.edges.map(\.key) == document.edges.map(\.key), "other edges")
    for (new, old) in zip(again.edges, document.edges) {
      // React Flow needs an id: an edge without one gets it.
      try require(old.fields[.id] == nil || new.fields[.id] == old.fields[.id], "another id of an edge")
      try require(new.fields.filter { $0.key != .id } == old.fields.filter { $0.key != .id }, "other fields of an edge")
      try require(new.fields[.id] != nil, "an edge without an id")
    }
  }

  private static func checkImport(_ canvas: CanvasDocument) throws(PropertyFault) {
    var document = WorkflowDocument()
    let replica = ReplicaID(1)
    for (index, ops) in CanvasOps.changes(for: canvas).enumerated() {
      let change = Change(replica: replica, seq: UInt64(index) + 1, hlc: HybridTime(milliseconds: UInt64(index) + 1), ops: ops)
      if let fault = document.check(change) {
        // The three fields whose shape the document knows, and the canvas does not.
        return try require(fault.code == .invalid && fault.text.contains("of a node is"), "an import is refused: \(fault.text)")
      }
      try ChangeProperty.apply(change, to: &document)
    }
    let graph = document.graph()
    let typed = canvas.graph.nodes.filter { $0.fields[.type] != nil }
    try require(graph.nodes.map(\.id) == typed.map(\.id), "other nodes than imported")
    for (new, old) in zip(graph.nodes, typed) {
      try require(new.fields.filter { $0.key != .parentID } == old.fields.filter { $0.key != .parentID }, "other fields than imported")
    }
    let parked = Set(document.parkedEdges.map(\.key))
    try require(graph.edges.map(\.key) == canvas.edges.map(\.key).filter { !parked.contains($0) }, "other edges than imported")
    let fields = Dictionary(uniqueKeysWithValues: canvas.edges.map { ($0.key, $0.fields) })
    try require(graph.edges.allSatisfy { $0.fields == fields[$0.key] }, "other fields of an edge than imported")
    try require(document.meta == canvas.meta, "another meta than imported")
    try requireSame(try document.throughSnapshot(), document, "a snapshot of an import")
  }
}
