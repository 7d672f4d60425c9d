import WorkflowGraph

/// Reads what can be read of a canvas file and notes the rest.
enum ValidationReader {
  private typealias Member = (name: String, value: PayloadJSON)
  private typealias Code = GraphValidation.Code

  /// - Returns: the workflows of the file, and what is wrong with the file itself.
  static func read(_ file: [UInt8]) -> (subjects: [ValidationSubject], faults: [GraphValidation.Finding]) {
    let json: Result<PayloadJSON, PayloadSyntaxError> = file.withUnsafeBufferPointer { bytes in
      do throws(PayloadSyntaxError) { return .success(try PayloadReader.read(bytes)) } catch { return .failure(error) }
    }
    switch json {
    case .failure(let error): return ([], [GraphValidation.Finding(Code.fileInvalid, place: "", "This is no JSON: \(error.text).")])
    case .success(.array(let workflows)):
      var faults: [GraphValidation.Finding] = []
      let subjects = workflows.enumerated().compactMap { workflow(in: $0.element, place: "[\($0.offset)]", &faults) }
      return (subjects, faults)
    case .success(let json):
      var faults: [GraphValidation.Finding] = []
      return (workflow(in: json, place: "", &faults).map { [$0] } ?? [], faults)
    }
  }

  private static func workflow(in json: PayloadJSON, place: String, _ faults: inout [GraphValidation.Finding]) -> ValidationSubject? {
    guard case .object(let members) = json else {
      faults.append(GraphValidation.Finding(Code.fileInvalid, place: place, "A workflow must be an object."))
      return nil
    }
    let prefix = place.isEmpty ? "" : place + "."
    if let nodes = member("nodes", of: members) { return subject(nodes, member("edges", of: members), place: prefix) }
    for name in ["canvas", "data"] {
      if case .object(let inner)? = member(name, of: members), let nodes = member("nodes", of: inner) {
        return subject(nodes, member("edges", of: inner), place: "\(prefix)\(name).")
      }
    }
    faults.append(GraphValidation.Finding(Code.fileInvalid, place: place, "This is no canvas: it has no nodes."))
    return nil
  }

  private static func member(_ name: String, of members: [Member]) -> PayloadJSON? { members.last { $0.name == name }?.value }

  private static func subject(_ nodes: PayloadJSON, _ edges: PayloadJSON?, place: String) -> ValidationSubject {
    var subject = ValidationSubject()
    if case .array(let nodes) = nodes {
      for (index, node) in nodes.enumerated() { read(node: node, place: "\(place)nodes[\(index)]", into: &subject) }
    } else {
      subject.faults.append(GraphValidation.Finding(Code.fileInvalid, place: place + "nodes", "The nodes must be a list."))
    }
    switch edges {
    case nil: break
    case .array(let edges)?:
      for (index, edge) in edges.enumerated() { read(edge: edge, place: "\(place)edges[\(index)]", into: &subject) }
    default: subject.faults.append(GraphValidation.Finding(Code.fileInvalid, place: place + "edges", "The edges must be a list."))
    }
    return subject
  }

  private static func read(node json: PayloadJSON, place: String, into subject: inout ValidationSubject) {
    guard case .object(let members) = json else {
      subject.faults.append(GraphValidation.Finding(Code.fileInvalid, place: place, "A node must be an object."))
      return
    }
    guard case .string(let id)? = member("id", of: members), (1...NodeID.bytesMax).contains(id.utf8.count) else {
      let text = "A node's id must be a text of 1 to \(NodeID.bytesMax) bytes."
      subject.faults.append(GraphValidation.Finding(Code.idInvalid, place: place + ".id", text))
      return
    }
    var node = ValidationSubject.Node(id: NodeID(id), place: place)
    for field: FieldKey in [.type, .parentID] { node.fields[field] = member(field.rawValue, of: members).map(text) }
    switch member("data", of: members) {
    case nil, .null?: break
    case .object(let data)?: for (name, value) in data { node.fields[.data(name)] = text(value) }
    default:
      let fault = GraphValidation.Finding(Code.fileInvalid, place: place + ".data", node: node.id, "The data of a node must be an object.")
      subject.faults.append(fault)
    }
    subject.nodes.append(node)
  }

  private static func read(edge json: PayloadJSON, place: String, into subject: inout ValidationSubject) {
    guard case .object(let members) = json else {
      subject.faults.append(GraphValidation.Finding(Code.fileInvalid, place: place, "An edge must be an object."))
      return
    }
    var id: String?
    if case .string(let text)? = member("id", of: members) { id = text }
    var ends: [String: String] = [:]
    for name in ["source", "target", "sourceHandle", "targetHandle"] {
      let isHandle = name.hasSuffix("Handle")
      switch member(name, of: members) {
      case .string(let text)? where text.utf8.count <= NodeID.bytesMax && (isHandle || !text.isEmpty): ends[name] = text
      case nil where isHandle, .null? where isHandle: break
      default:
        let text = "The \(name) of an edge must be a text of \(isHandle ? "at most" : "1 to") \(NodeID.bytesMax) bytes."
        subject.faults.append(GraphValidation.Finding(Code.fileInvalid, place: "\(place).\(name)", edgeID: id, text))
      }
    }
    guard let source = ends["source"], let target = ends["target"] else { return }
    let key = EdgeKey(
      source: NodeID(source), sourceHandle: ends["sourceHandle"], target: NodeID(target), targetHandle: ends["targetHandle"])
    subject.edges.append(ValidationSubject.Edge(key: key, place: place, id: id))
  }

  /// As it was written, but for spaces and escapes. How a number is spelled matters.
  private static func text(_ json: PayloadJSON) -> JSONText {
    var output: [UInt8] = []
    append(json, to: &output)
    return JSONText(unchecked: String(decoding: output, as: UTF8.self))
  }

  private static func append(_ json: PayloadJSON, to output: inout [UInt8]) {
    switch json {
    case .null: output += "null".utf8
    case .bool(let bool): output += (bool ? "true" : "false").utf8
    case .number(let literal): output += literal.utf8
    case .string(let text): CanonicalJSON.append(text, to: &output)
    case .array(let elements):
      output.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        append(element, to: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let members):
      output.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        CanonicalJSON.append(member.name, to: &output)
        output.append(UInt8(ascii: ":"))
        append(member.value, to: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }
}
