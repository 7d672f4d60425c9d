import Access
import CollabProtocol
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import RoomCore
import Rooms
import Storage
import WorkflowDocument
import WorkflowGraph

/// `/api/v1/workflows`: which there are, making some of a file, deleting one. Described in `protocol/openapi.yaml`.
struct WorkflowRoutes: Sendable {
  let registry: RoomRegistry
  let access: RESTAccess
  let desk: ImportDesk
  let edits: EditDesk

  private static let listMax = 100
  private static let listDefault = 24

  func add(to router: RouterGroup<BasicRequestContext>) {
    router.get("") { request, _ in try await list(request) }
    router.post("") { request, _ in try await registry.inPlace { try await create(request) } }
    router.post("/import") { request, _ in try await registry.inPlace { try await take(request) } }
    router.get("/:id/export") { request, context in try await registry.inPlace { try await export(request, context) } }
    router.delete("/:id") { request, context in try await delete(request, context) }
  }

  // MARK: looking

  private func list(_ request: Request) async throws -> Response {
    let (_, principal) = try await access.principal(request)
    let query = request.uri.queryParameters
    let limit = try query["limit"].map { text in
      guard let limit = Int(text), (1...Self.listMax).contains(limit) else { throw Problem(.badRequest, "limit is 1 to \(Self.listMax).") }
      return limit
    }
    let after = try query["after"].map { text in
      guard let id = WorkflowList.workflow(ofCursor: String(text)) else { throw Problem(.badRequest, "after is what a page gave as next.") }
      return id
    }
    let owner = try query["owner"].map { text in
      guard Principal.isSubject(String(text)) else { throw Problem(.badRequest, "owner is me or a subject.") }
      return text == "me" ? principal.subject : String(text)
    }
    let list = WorkflowList(registry: registry, principal: principal)
    // In open mode nobody has a name, and everybody owns everything.
    let page = try await RESTAccess.stored {
      try await list.page(after: after, limit: limit ?? Self.listDefault, owner: owner?.isEmpty == true ? nil : owner)
    }
    var items: [JSONText] = []
    for (id, role) in page.workflows {
      // One that cannot be read keeps no other out.
      items.append(Self.view(id, role, (try? await registry.sketch(of: id)) ?? nil))
    }
    var view = JSONMembers()
    view.add("workflows", RunView.array(items))
    if let last = page.last { view.add("next", .string(WorkflowList.cursor(last))) }
    view.add("role", .string("\(principal.roleOutside)"))
    return Response.json(view.object)
  }

  private static func view(_ id: WorkflowID, _ role: Role, _ sketch: DocumentSketch?) -> JSONText {
    var view = JSONMembers()
    view.add("workflow", .string(id.rawValue))
    view.add("role", .string("\(role)"))
    guard let sketch else { return view.object }
    if let title = sketch.title { view.add("title", .string(title)) }
    view.add("nodeCount", .number(Double(sketch.nodeCount)))
    view.add("edgeCount", .number(Double(sketch.edgeCount)))
    if sketch.changedAtMilliseconds > 0 { view.add("changedAtMilliseconds", .number(Double(sketch.changedAtMilliseconds))) }
    var drawing = JSONMembers()
    drawing.add(
      "points",
      RunView.array(
        sketch.points.map { point in
          RunView.array([.number(point.x.rounded()), .number(point.y.rounded()), .string(point.type)])
        }))
    drawing.add("lines", RunView.array(sketch.lines.map { RunView.array([.number(Double($0.from)), .number(Double($0.to))]) }))
    view.add("sketch", drawing.object)
    return view.object
  }

  /// The file that the canvas, `import` here and `thaiyyal import` read.
  private func export(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    try await access.require(.viewer, request, of: workflow)
    guard let document = try await Self.free({ try await registry.document(of: workflow) }) else {
      throw Problem(.notFound, "There is no such workflow.")
    }
    var headers = HTTPFields()
    headers[.contentType] = "application/json"
    headers[.cacheControl] = "no-store"
    headers[.contentDisposition] = "attachment; filename=\"\(workflow).json\""
    let text = CanvasJSON.write(document.graph(), meta: document.meta)
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  // MARK: making and deleting

  /// 201 with the workflow as it was made.
  private func create(_ request: Request) async throws -> Response {
    let (hello, principal) = try await access.principal(request)
    let body = try await RESTAccess.json(request, bytesMax: GraphRoutes.bodyBytesMax) ?? JSONText(unchecked: "{}")
    let wish = try NewWorkflow(body)
    guard wish.id.map({ principal.mayCreate($0) }) ?? (principal.roleOutside >= .editor) else {
      throw Problem(.forbidden, "Making a workflow takes the role editor.")
    }
    return try await access.once.answer(request, by: principal.subject, body: body.text) { _ in
      try await create(wish, as: hello, founder: principal.founder)
    }
  }

  private func create(_ wish: NewWorkflow, as hello: Hello, founder: String?) async throws -> Response {
    guard let workflow = try await RESTAccess.stored({ try await make(wish, founder: founder) }) else {
      throw Problem(.idTaken, wish.id == nil ? "No free id was found for it." : "There is a workflow of this id already.")
    }
    let response: Response
    do {
      let outcome = try await edits.apply(OutsideEdit(.graph(wish.canvas)), to: workflow, as: hello)
      response = try WorkflowGraphRoutes.response(outcome, of: workflow, status: .created)
    } catch {
      // Nobody knows of it yet. What cannot be taken back is no refusal.
      guard await desk.takeBack(workflow) else { throw Problem.partlyDone }
      if (error as? Problem)?.kind == .unconfirmed { throw Problem(.serviceUnavailable, "The workflow could not be made now.") }
      throw error
    }
    var made = response
    made.headers[.location] = "/api/v1/workflows/\(workflow)"
    return made
  }

  private func make(_ wish: NewWorkflow, founder: String?) async throws -> WorkflowID? {
    guard let id = wish.id else { return try await desk.makeEmpty(for: wish.canvas, founder: founder) }
    return try await registry.create(id, founder: founder) ? id : nil
  }

  /// 200 when something was made; what was not, and why, is said beside it.
  private func take(_ request: Request) async throws -> Response {
    let (hello, principal) = try await access.requireOutside(.editor, request)
    guard let body = try await RESTAccess.json(request, bytesMax: GraphRoutes.bodyBytesMax) else {
      throw Problem(.badRequest, "The body must be a canvas file.")
    }
    let canvases: [Result<CanvasDocument, CanvasFault>]
    do throws(CanvasFault) { canvases = try CanvasJSON.parseEach(body.text) } catch {
      throw Problem(.unprocessableEntity, "The body is no canvas file: \(error).")
    }
    guard canvases.count <= Self.importMax else {
      throw Problem(.unprocessableEntity, "A file has at most \(Self.importMax) workflows here.")
    }
    return try await access.once.answer(request, by: principal.subject, body: body.text) { _ in
      Self.answer(try await Self.free { try await desk.put(canvases, as: hello, founder: principal.founder) })
    }
  }

  private static func answer(_ outcomes: [ImportDesk.Outcome]) -> Response {
    var made: [JSONText] = []
    var refused: [JSONText] = []
    for outcome in outcomes {
      var view = JSONMembers()
      switch outcome {
      case .made(let id, let canvas):
        view.add("workflow", .string(id.rawValue))
        if let title = canvas.title { view.add("title", .string(title)) }
        view.add("nodeCount", .number(Double(canvas.nodes.count)))
        view.add("edgeCount", .number(Double(canvas.edges.count)))
        view.add("notices", RunView.array(canvas.notices.map { .string($0) }))
        made.append(view.object)
      case .refused(let sourceID, let title, let reason):
        if let sourceID { view.add("id", .string(sourceID)) }
        if let title { view.add("title", .string(title)) }
        view.add("reason", .string(reason))
        refused.append(view.object)
      }
    }
    var view = JSONMembers()
    view.add("made", RunView.array(made))
    view.add("refused", RunView.array(refused))
    return Response.json(view.object)
  }

  private static let importMax = 200

  private func delete(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    try await access.require(.owner, request, of: workflow)
    guard try await Self.free({ try await registry.delete(workflow) }) else { throw Problem(.notFound, "There is no such workflow.") }
    return Response(status: .noContent)
  }

  static func free<T>(_ body: () async throws -> T) async throws -> T {
    do { return try await RESTAccess.stored(body) } catch is RoomRegistry.Occupied {
      throw Problem(.serviceUnavailable, "Somebody else has the workflow for a moment.", headers: [("retry-after", "1")])
    }
  }
}
