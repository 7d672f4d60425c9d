import CRDT
import CollabProtocol
import Hashing
import NIOCore
import WorkflowDocument
import WorkflowGraph

/// Applies histories made elsewhere and compares what comes of them.
///
/// A line is `{"seed", "change", "graphHash", "documentHash", "snapshot"}`: `change` holds a batch of all changes in the order in which they were
/// made, `snapshot` the document as bytes in hexadecimal.
enum Verifier {
  static func run() -> (count: Int, wrong: Int) {
    var count = 0
    var wrong = 0
    while let line = readLine() {
      count += 1
      if let fault = fault(in: line) {
        wrong += 1
        print(fault)
      }
    }
    return (count, wrong)
  }

  private static func fault(in line: String) -> String? {
    guard let value = try? JSONText(validating: line).value() else { return "a line that is no JSON" }  // Which byte is of no interest.
    let seed = value["seed"]?.numberValue ?? -1
    do {
      let batch = try MessageCodec.decodeClient(ByteBuffer(string: line), as: .json)
      guard case .change(let changes) = batch else { return "SEED=\(seed): no changes" }
      if let fault = changes.faults.first { return "SEED=\(seed): change \(fault.index): \(fault.text)" }
      var document = WorkflowDocument()
      for change in changes.changes {
        if let fault = document.check(change) { return "SEED=\(seed): \(change.replica):\(change.seq) is refused: \(fault.text)" }
        guard try document.apply(change) == .applied else { return "SEED=\(seed): \(change.replica):\(change.seq) is there twice" }
      }
      return difference(&document, value).map { "SEED=\(seed): \($0)" }
    } catch {
      return "SEED=\(seed): \(error)"
    }
  }

  private static func difference(_ document: inout WorkflowDocument, _ value: JSONValue) -> String? {
    if value["graphHash"]?.stringValue != Hex.encode(document.graphHash()) { return "the graph hash differs" }
    if value["documentHash"]?.stringValue != Hex.encode(document.documentHash()) { return "the document hash differs" }
    guard let bytes = value["snapshot"]?.stringValue.flatMap({ Hex.decode($0) }) else { return "there is no snapshot" }
    do {
      var loaded = try WorkflowDocument(snapshot: bytes)
      if loaded.documentHash() != document.documentHash() { return "the snapshot is of another document" }
      if loaded.version != document.version || loaded.highestTime != document.highestTime { return "the snapshot is of another version" }
      if bytes != document.encodeSnapshot() { return "the snapshot's bytes differ" }
    } catch {
      return "the snapshot is refused: \(error)"
    }
    return nil
  }
}
