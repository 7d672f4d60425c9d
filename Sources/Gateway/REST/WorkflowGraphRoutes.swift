import CollabProtocol
import HTTPTypes
import Hashing
import Hummingbird
import NIOHTTP1
import RoomCore
import Rooms
import WorkflowDocument
import WorkflowGraph

/// `/api/v1/workflows/{id}` as a resource: its graph to read, to replace and to patch. Described in `protocol/openapi.yaml`. Spec: OW1 to OW4.
struct WorkflowGraphRoutes: Sendable {
  let registry: RoomRegistry
  let access: RESTAccess
  let desk: EditDesk

  func add(to router: RouterGroup<BasicRequestContext>) {
    router.get("/:id") { request, context in try await registry.inPlace { try await show(request, context) } }
    router.put("/:id") { request, context in
      try await registry.inPlace {
        try await change(request, context, bodyBytesMax: GraphRoutes.bodyBytesMax) { .graph(try Self.canvas($0)) }
      }
    }
    router.patch("/:id") { request, context in
      try await change(request, context, bodyBytesMax: Self.patchBytesMax) { .patch(try Self.patch($0)) }
    }
  }

  /// A patch of more is a graph.
  private static let patchBytesMax = 1 << 20

  private func show(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    try await access.require(.viewer, request, of: workflow)
    let known = try EntityTags(request, .ifNoneMatch)
    guard var document = try await WorkflowRoutes.free({ try await registry.document(of: workflow) }) else {
      throw Problem(.notFound, "There is no such workflow.")
    }
    let tag = document.stateTag()
    if known?.match(tag) == true {
      var unchanged = Response(status: .notModified)
      unchanged.headers[.eTag] = "\"\(tag)\""
      return unchanged
    }
    var view = JSONMembers()
    view.add("workflow", .string(workflow.rawValue))
    view.add("version", RunView.version(document.version))
    view.add("graphHash", .string(Hex.encode(document.graphHash())))
    view.add("graph", JSONText(unchecked: CanvasJSON.write(document.graph(), meta: document.meta)))
    view.add("parked", Self.parked(document.parkedEdges))
    var response = Response.json(view.object)
    response.headers[.eTag] = "\"\(tag)\""
    return response
  }

  private func change(
    _ request: Request, _ context: BasicRequestContext, bodyBytesMax: Int, _ aim: (JSONText) throws -> OutsideEdit.Aim
  ) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    let hello = try await access.require(.editor, request, of: workflow)
    let condition = try EntityTags(request, .ifMatch)
    guard let body = try await RESTAccess.json(request, bytesMax: bodyBytesMax) else {
      throw Problem(.badRequest, "The body says what the workflow is to be.")
    }
    let edit = OutsideEdit(try aim(body), ifTagged: condition?.strong)
    return try Self.response(try await desk.apply(edit, to: workflow, as: hello), of: workflow)
  }

  private static func canvas(_ body: JSONText) throws -> CanvasDocument {
    do throws(CanvasFault) { return try CanvasJSON.parse(body.text) } catch {
      throw Problem(.unprocessableEntity, "The body is no graph: \(error).")
    }
  }

  private static func patch(_ body: JSONText) throws -> GraphPatch {
    do throws(CanvasFault) { return try GraphPatch(body) } catch {
      throw Problem(.unprocessableEntity, "The body is no patch of a workflow: \(error).")
    }
  }

  // MARK: answers

  static func response(_ outcome: EditOutcome, of workflow: WorkflowID, status: HTTPResponse.Status = .ok) throws -> Response {
    switch outcome {
    case .done(let receipt):
      var view = JSONMembers()
      view.add("workflow", .string(workflow.rawValue))
      view.add("changed", .bool(receipt.changeCount > 0))
      view.add("version", RunView.version(receipt.version))
      view.add("graphHash", .string(Hex.encode(receipt.graphHash)))
      view.add("parked", parked(receipt.parked))
      var response = Response.json(view.object, status: status)
      response.headers[.eTag] = "\"\(receipt.tag)\""
      return response
    case .stale(let tag):
      let text = "The workflow is another by now. Nothing was changed; ETag says which it is."
      throw Problem(.preconditionFailed, text, headers: [("etag", "\"\(tag)\"")])
    case .kept(let version, _): return Response.json(VersionView.version(version), status: status)
    case .refused(let report): throw Problem(refusedEdit: report)
    case .unknown: throw Problem.unconfirmed
    }
  }

  /// Edges that are in the document and, as they close a cycle or an end is missing, not in the graph.
  private static func parked(_ edges: [ParkedEdge]) -> JSONText {
    RunView.array(
      edges.map { edge in
        var view = JSONMembers()
        view.add("source", .string(edge.key.source.rawValue))
        if let handle = edge.key.sourceHandle { view.add("sourceHandle", .string(handle)) }
        view.add("target", .string(edge.key.target.rawValue))
        if let handle = edge.key.targetHandle { view.add("targetHandle", .string(handle)) }
        view.add("reason", .string(edge.reason.rawValue))
        return view.object
      })
  }
}

extension Problem {
  /// Why a room did not take an edit: what is too large for a workflow is so however often it comes.
  init(refusedEdit report: ErrorReport) {
    switch report.code {
    case .limit, .tooLarge: self.init(.unprocessableEntity, report.text)
    default: self.init(report)
    }
  }
}
