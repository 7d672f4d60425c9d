import CRDT
import WorkflowDocument
import WorkflowGraph

/// All that two replicas with the same changes must agree in, taken down without the caches of either.
struct Facts: Equatable {
  var version: Version
  var highestTime: HybridTime
  var nodeCount: Int
  var edgeCount: Int
  var graph: WorkflowGraph
  var parked: [ParkedEdge]
  var issues: [Issue]
  var meta: [FieldKey: JSONText]
  var comments: [CommentID]
  var graphHash: [UInt8]
  var documentHash: [UInt8]

  init(_ document: WorkflowDocument) {
    var document = document
    version = document.version
    highestTime = document.highestTime
    nodeCount = document.nodeCount
    edgeCount = document.edgeCount
    graph = document.graph()
    parked = document.parkedEdges
    issues = document.issues
    meta = document.meta
    comments = document.comments
    graphHash = document.graphHash()
    documentHash = document.documentHash()
  }

  /// - Returns: the first thing that differs.
  func difference(from other: Facts) -> String? {
    if version != other.version { return "version" }
    if highestTime != other.highestTime { return "highest time" }
    if nodeCount != other.nodeCount { return "count of nodes" }
    if edgeCount != other.edgeCount { return "count of edges" }
    if graph != other.graph { return "graph" }
    if parked != other.parked { return "parked edges" }
    if issues != other.issues { return "issues" }
    if meta != other.meta { return "meta" }
    if comments != other.comments { return "comments" }
    if graphHash != other.graphHash { return "graph hash" }
    return documentHash != other.documentHash ? "document hash" : nil
  }
}

func requireSame(_ a: WorkflowDocument, _ b: WorkflowDocument, _ what: String) throws(PropertyFault) {
  if let difference = Facts(a).difference(from: Facts(b)) { throw PropertyFault("\(what): another \(difference)") }
}

extension WorkflowDocument {
  /// Written and read again.
  func throughSnapshot() throws(PropertyFault) -> WorkflowDocument {
    let bytes = encodeSnapshot()
    do throws(SnapshotError) {
      let again = try WorkflowDocument(snapshot: bytes)
      try requireSnapshot(again.encodeSnapshot() == bytes)
      return again
    } catch {
      throw PropertyFault("an own snapshot is refused: \(error)")
    }
  }

  private func requireSnapshot(_ isSame: Bool) throws(SnapshotError) {
    if !isSame { throw .malformed("its own bytes come out differently") }
  }
}
