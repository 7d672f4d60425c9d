/// Canvas files ⇄ durable fields. Spec: DO2, DO3.
///
/// Reads three shapes: React Flow's `{nodes, edges}` (Thaiyyal's export is one), a file that wraps it (`{title, canvas: {…}}` or
/// `{id, title, data: {…}}`), and the list of such that Thaiyyal keeps in the browser's local storage. State of one person's canvas
/// (selection, viewport, measured places, run results) is left out; every other field is kept, its value spelled as it was.
public enum CanvasJSON {
  /// The one workflow of a file. O(bytes).
  /// - Throws: what is wrong, with its place; a list of several workflows is a fault (`parseAll` reads it).
  public static func parse(_ text: String) throws(CanvasFault) -> CanvasDocument {
    let all = try parseAll(text)
    guard all.count == 1, let only = all.first else {
      throw CanvasFault(place: "", text: "the file holds \(all.count) workflows, not one")
    }
    return only
  }

  /// All workflows of a file, in its order.
  /// - Throws: what is wrong with the first that cannot be read.
  public static func parseAll(_ text: String) throws(CanvasFault) -> [CanvasDocument] {
    var documents: [CanvasDocument] = []
    for result in try parseEach(text) { documents.append(try result.get()) }
    return documents
  }

  /// All workflows of a file, in its order, each by itself: what is wrong with one of a list keeps no other from being read.
  /// - Throws: what is wrong with the file.
  public static func parseEach(_ text: String) throws(CanvasFault) -> [Result<CanvasDocument, CanvasFault>] {
    var text = text
    let result: Result<[Result<CanvasDocument, CanvasFault>], CanvasFault> = text.withUTF8 { bytes in
      do throws(CanvasFault) { return .success(try read(bytes)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// The JSON that React Flow loads: `title` and other meta fields, then `nodes`, then `edges`, one element a line, fields in a fixed order.
  ///
  /// Equal graphs give equal bytes. Edges without an `id`, which React Flow needs, get the one it would make.
  public static func write(_ graph: WorkflowGraph, meta: [FieldKey: JSONText] = [:]) -> String { CanvasWriter.write(graph, meta: meta) }

  /// The edge of each name that `write` gives; `nil` for a name that several edges have.
  public static func edgeNames(of graph: WorkflowGraph) -> [String: EdgeKey?] { CanvasWriter.names(of: graph.edges) }

  private static func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(CanvasFault) -> [Result<CanvasDocument, CanvasFault>] {
    var scanner = JSONScanner(bytes)
    do throws(JSONFault) { try scanner.scanDocument() } catch {
      throw CanvasFault(place: place(of: error.offset, in: bytes), text: "\(error)")
    }
    var cursor = JSONCursor(bytes)
    guard !cursor.isObject else { return [read(&cursor, place: "")] }
    guard cursor.isArray else { throw CanvasFault(place: "", text: "this is no canvas: it must be an object or a list of workflows") }
    var documents: [Result<CanvasDocument, CanvasFault>] = []
    try cursor.elements { index, value throws(CanvasFault) in
      documents.append(
        value.isObject ? read(&value, place: "[\(index)].") : .failure(CanvasFault(place: "[\(index)]", text: "must be a workflow")))
    }
    return documents
  }

  /// - Parameter place: of the object that `cursor` is at, "" or ending in a dot.
  private static func read(_ cursor: inout JSONCursor, place: String) -> Result<CanvasDocument, CanvasFault> {
    var reader = CanvasReader()
    do throws(CanvasFault) { try reader.readWorkflow(&cursor, place: place) } catch { return .failure(error) }
    return .success(reader.document)
  }

  /// `line 3, column 7`, both from 1, the column in bytes.
  private static func place(of offset: Int, in bytes: UnsafeBufferPointer<UInt8>) -> String {
    let before = bytes[..<min(offset, bytes.count)]
    let line = before.count { $0 == 0x0a } + 1
    let column = offset - (before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0) + 1
    return "line \(line), column \(column)"
  }
}
