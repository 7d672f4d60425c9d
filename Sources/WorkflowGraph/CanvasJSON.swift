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
  public static func parseAll(_ text: String) throws(CanvasFault) -> [CanvasDocument] {
    var text = text
    let result: Result<[CanvasDocument], CanvasFault> = text.withUTF8 { bytes in
      do throws(CanvasFault) { return .success(try read(bytes)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// The JSON that React Flow loads: `title` and other meta fields, then `nodes`, then `edges`, one element a line, fields in a fixed order.
  ///
  /// Equal graphs give equal bytes. Edges without an `id`, which React Flow needs, get the one it would make.
  public static func write(_ graph: WorkflowGraph, meta: [FieldKey: JSONText] = [:]) -> String { CanvasWriter.write(graph, meta: meta) }

  private static func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(CanvasFault) -> [CanvasDocument] {
    var scanner = JSONScanner(bytes)
    do throws(JSONFault) { try scanner.scanDocument() } catch {
      throw CanvasFault(place: place(of: error.offset, in: bytes), text: "\(error)")
    }
    var cursor = JSONCursor(bytes)
    var documents: [CanvasDocument] = []
    if cursor.isArray {
      try cursor.elements { index, value throws(CanvasFault) in
        guard value.isObject else { throw CanvasFault(place: "[\(index)]", text: "must be a workflow") }
        var reader = CanvasReader()
        try reader.readWorkflow(&value, place: "[\(index)].")
        documents.append(reader.document)
      }
    } else if cursor.isObject {
      var reader = CanvasReader()
      try reader.readWorkflow(&cursor, place: "")
      documents.append(reader.document)
    } else {
      throw CanvasFault(place: "", text: "this is no canvas: it must be an object or a list of workflows")
    }
    return documents
  }

  /// `line 3, column 7`, both from 1, the column in bytes.
  private static func place(of offset: Int, in bytes: UnsafeBufferPointer<UInt8>) -> String {
    let before = bytes[..<min(offset, bytes.count)]
    let line = before.count { $0 == 0x0a } + 1
    let column = offset - (before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0) + 1
    return "line \(line), column \(column)"
  }
}
