import WorkflowGraph

extension WireWriter {
  @inline(__always) mutating func point(_ number: UInt32, _ name: StaticString, _ point: Point) {
    message(number, name) { writer in
      writer.double(1, "x", point.x)
      writer.double(2, "y", point.y)
    }
  }

  @inline(__always) mutating func presenceFields(_ state: PresenceState) {
    if let cursor = state.cursor { point(1, "cursor", cursor) }
    strings(2, "selectedNodes", state.selectedNodes) { $0.rawValue }
    messages(3, "selectedEdges", state.selectedEdges) { $0.edgeFields($1) }
    if let viewport = state.viewport {
      message(4, "viewport") { writer in
        writer.double(1, "x", viewport.x)
        writer.double(2, "y", viewport.y)
        writer.double(3, "zoom", viewport.zoom)
      }
    }
    messages(5, "dragging", state.dragging) { writer, dragging in
      writer.string(1, "node", dragging.node.rawValue)
      writer.point(2, "position", dragging.position)
    }
    string(6, "editing", state.editing)
    string(7, "extra", state.extra)
  }
}

extension Point: WireReadable {
  static let fieldNames = FieldNames("x", "y")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: x = try reader.double()
    case 2: y = try reader.double()
    default: try reader.skip()
    }
  }
}

extension PresenceState.Viewport: WireReadable {
  static let fieldNames = FieldNames("x", "y", "zoom")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: x = try reader.double()
    case 2: y = try reader.double()
    case 3: zoom = try reader.double()
    default: try reader.skip()
    }
  }
}

struct DraggingDraft: WireReadable {
  var node = ""
  var position = Point(x: 0, y: 0)

  static let fieldNames = FieldNames("node", "position")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: node = try reader.string("node id", max: DecodeLimits.idBytesMax)
    case 2: try reader.message(&position)
    default: try reader.skip()
    }
  }
}

extension PresenceState: WireReadable {
  static let fieldNames = FieldNames("cursor", "selectedNodes", "selectedEdges", "viewport", "dragging", "editing", "extra")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: cursor = try reader.message(or: cursor ?? Point(x: 0, y: 0))
    case 2:
      try reader.texts("selected node ids", bytesMax: DecodeLimits.idBytesMax) { id in
        selectedNodes.append(NodeID(id))
        return selectedNodes.count
      }
    case 3:
      try reader.elements { reader throws(DecodeError) in
        try reader.room(for: "selected edges", count: selectedEdges.count, max: reader.limits.elementsMax)
        selectedEdges.append(try reader.soundEdge())
      }
    case 4: viewport = try reader.message(or: viewport ?? Viewport(x: 0, y: 0, zoom: 0))
    case 5:
      try reader.elements { reader throws(DecodeError) in
        try reader.room(for: "dragged nodes", count: dragging.count, max: reader.limits.elementsMax)
        let draft = try reader.message(or: DraggingDraft())
        dragging.append(Dragging(node: NodeID(draft.node), position: draft.position))
      }
    case 6: editing = try reader.string("presence.editing", max: 2 * DecodeLimits.idBytesMax + 1)
    case 7: extra = try readExtra(&reader)
    default: try reader.skip()
    }
  }

  private func readExtra(_ reader: inout some WireReader) throws(DecodeError) -> String {
    let text = try reader.string("presence.extra", max: reader.limits.presenceBytesMax)
    if text.isEmpty { return text }
    if case .failure(let problem) = ValueText.check(text) { throw .refused(.invalid, "presence.extra is no JSON text: \(problem)") }
    return text
  }
}

extension WireReader {
  /// An edge key outside a change.
  mutating func soundEdge() throws(DecodeError) -> EdgeKey {
    _ = context.takeFault()
    let draft = try message(or: EdgeDraft())
    if let fault = context.takeFault() { throw .malformed(fault.text) }
    guard let key = draft.key else { throw .malformed("an edge without source or target") }
    return key
  }
}
