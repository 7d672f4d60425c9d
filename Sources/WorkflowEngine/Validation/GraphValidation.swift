public import WorkflowGraph

/// What is wrong with a graph before it runs: all of it at once, each with its place.
///
/// Where a document has an issue about the same thing, code, node, field and words are the same. What is set aside in a document and only
/// warned of, an edge without an end, refuses a run and is an error here.
public enum GraphValidation {
  /// The codes that documents do not have; for the others see `NodeCheck.Code` and `GraphIssue.Code`.
  public enum Code {
    /// No JSON, no canvas, or a part of it is not what it should be.
    public static let fileInvalid = "file_invalid"
    public static let idInvalid = "id_invalid"
    public static let idDuplicate = "id_duplicate"
    /// The type is known, and this engine does not run it.
    public static let typeUnavailable = "type_unavailable"
    /// The node is on a loop.
    public static let nodeCycle = "node_cycle"
    /// The same connection is there before; it counts once.
    public static let edgeDuplicate = "edge_duplicate"
  }

  public struct Finding: Hashable, Sendable {
    public var issue: Issue
    /// Where in the file: `nodes[3].data`, `edges[2]`, `line 3, column 7`; `nil` for a graph that came from no file.
    public var place: String?
    /// The id that the file gives the edge.
    public var edgeID: String?

    init(_ issue: Issue, place: String? = nil, edgeID: String? = nil) {
      self.issue = issue
      self.place = place
      self.edgeID = edgeID
    }

    init(_ code: String, place: String, node: NodeID? = nil, field: FieldKey? = nil, edgeID: String? = nil, _ text: String) {
      self.init(Issue(code: code, severity: .error, node: node, field: field, text: text), place: place, edgeID: edgeID)
    }
  }
}

extension WorkflowEngine {
  /// Whether the graph would run, as far as can be told before: nothing of severity error means that neither its shape nor a setting
  /// refuses it. O(nodes + edges + bytes of settings).
  /// - Returns: findings about nodes in id order, then about edges in edge order.
  public func validate(_ graph: WorkflowGraph) -> [GraphValidation.Finding] {
    var checks = ValidationChecks(registry)
    return checks.findings(in: ValidationSubject(graph))
  }

  /// The same of a file, read as far as it can be: React Flow's `{nodes, edges}`, a file that wraps it, or a list of such.
  ///
  /// Node ids that are there twice, values of the wrong kind and edges without ends, which keep a file from being read elsewhere, are
  /// findings here, in the order of the file. A file without errors can be imported and run.
  public func validate(file: [UInt8]) -> [GraphValidation.Finding] {
    let (subjects, faults) = ValidationReader.read(file)
    var findings = faults
    for subject in subjects {
      var checks = ValidationChecks(registry)
      findings += checks.findings(in: subject)
    }
    if findings.contains(where: { $0.issue.severity == .error }) { return findings }
    // The strict reader has the last word, so that no file passes here which cannot be imported.
    do throws(CanvasFault) {
      guard let text = String(validating: file, as: UTF8.self) else { throw CanvasFault(place: "", text: "this is no UTF-8") }
      _ = try CanvasJSON.parseAll(text)
    } catch {
      findings.append(GraphValidation.Finding(GraphValidation.Code.fileInvalid, place: error.place, "\(error.text)."))
    }
    return findings
  }
}
