import NIOHTTP1
import WorkflowGraph

/// What somebody wants made: `{"id": …, "title": …, "canvas": {"nodes": …, "edges": …}}`, all of it optional.
struct NewWorkflow {
  /// `nil`: one is found.
  var id: WorkflowID?
  var canvas = CanvasDocument()

  /// Names that belong to no workflow, as they would be taken for routes of their own.
  private static let reserved: Set = ["import", "execute", "validate"]

  init(_ body: JSONText) throws {
    guard case .object(let members)? = try? body.value() else { throw Problem(.badRequest, "The body must be a JSON object.") }
    for member in members {
      switch member.name {
      case "id":
        guard let id = member.value.stringValue.flatMap({ WorkflowID($0) }), !Self.reserved.contains(id.rawValue) else {
          throw Problem(.unprocessableEntity, "The id is not 1 to 128 of A-Z a-z 0-9 . _ - with no dot first, or is a reserved one.")
        }
        self.id = id
      case "title":
        guard member.value.stringValue != nil else { throw Problem(.unprocessableEntity, "The title must be a text.") }
      case "canvas":
        // The reader of canvas files takes title and canvas from the whole body, with their spelling.
        do throws(CanvasFault) { canvas = try CanvasJSON.parse(body.text) } catch {
          throw Problem(.unprocessableEntity, "There is no graph in the body: \(error).")
        }
      default: throw Problem(.unprocessableEntity, "A new workflow has an id, a title and a canvas, and nothing else.")
      }
    }
    if let title = members.first(where: { $0.name == "title" })?.value { canvas.meta[.title] = JSONText(title) }
    canvas.fillMissingPositions()
    canvas.sourceID = nil
  }
}
