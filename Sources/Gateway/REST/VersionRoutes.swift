import CollabProtocol
import HTTPTypes
import Hashing
import Hummingbird
import NIOHTTP1
import RoomCore
import Rooms
import Storage
import WorkflowDocument
import WorkflowGraph

/// `/api/v1/workflows/{id}/versions`, `/restore`, `/diff` and `/history`. Described in `protocol/openapi.yaml`. Spec: HI1 to HI9.
struct VersionRoutes: Sendable {
  let registry: RoomRegistry
  let access: RESTAccess
  let desk: EditDesk

  private static let bodyBytesMax = 16 << 10
  private static let listMax = 1000
  private static let listDefault = 50

  func add(to router: RouterGroup<BasicRequestContext>) {
    router.get("/:id/versions") { request, context in try await list(request, context) }
    router.post("/:id/versions") { request, context in try await keep(request, context) }
    router.get("/:id/versions/:version") { request, context in try await registry.inPlace { try await show(request, context) } }
    router.post("/:id/restore/:version") { request, context in try await registry.inPlace { try await restore(request, context) } }
    router.get("/:id/diff") { request, context in try await registry.inPlace { try await compare(request, context) } }
    router.get("/:id/history") { request, context in try await history(request, context) }
  }

  // MARK: versions

  private func list(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    try await access.require(.viewer, request, of: workflow)
    let query = request.uri.queryParameters
    let limit = try Self.limit(query["limit"].map(String.init))
    let before = try query["before"].map { try Self.number(String($0), "before") } ?? .max
    let all = try await RESTAccess.stored { try await registry.history.versions(of: workflow) }.sorted { $0.number > $1.number }
    let rest = all.filter { $0.number < before }
    var view = JSONMembers()
    view.add("versions", RunView.array(rest.prefix(limit).map(VersionView.version)))
    if rest.count > limit { view.add("next", .number(Double(rest[limit - 1].number))) }
    return Response.json(view.object)
  }

  /// 201 with the version; 200 with the one that has the state of now already.
  private func keep(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    let (hello, subject) = try await access.caller(.editor, request, of: workflow)
    let body = try await RESTAccess.json(request, bytesMax: Self.bodyBytesMax)
    let wish = try Self.wish(body)
    return try await access.once.answer(request, by: subject, body: body?.text) { _ in
      try Self.answer(try await desk.keep(wish, of: workflow, as: hello), of: workflow)
    }
  }

  private static func answer(_ outcome: EditOutcome, of workflow: WorkflowID) throws -> Response {
    guard case .kept(let version, let isNew) = outcome else {
      return try WorkflowGraphRoutes.response(outcome, of: workflow)
    }
    var response = Response.json(VersionView.version(version), status: isNew ? .created : .ok)
    response.headers[.location] = "/api/v1/workflows/\(workflow)/versions/\(version.number)"
    return response
  }

  private static func wish(_ body: JSONText?) throws -> VersionWish {
    var wish = VersionWish()
    guard let body else { return wish }
    guard case .object(let members)? = try? body.value() else { throw Problem(.badRequest, "The body must be a JSON object.") }
    for member in members {
      guard let text = member.value.stringValue else { throw Problem(.unprocessableEntity, "Name and note are texts.") }
      switch member.name {
      case "name": wish.name = text
      case "note": wish.note = text
      default: throw Problem(.unprocessableEntity, "A version has a name and a note, and nothing else is asked for.")
      }
    }
    return wish
  }

  /// With its graph.
  private func show(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    try await access.require(.viewer, request, of: workflow)
    let version = try await version(try Self.number(context.parameters.get("version") ?? "", "A version"), of: workflow)
    let document = try await state(of: version, workflow)
    var view = VersionView.members(version)
    view.add("graph", JSONText(unchecked: CanvasJSON.write(document.graph(), meta: document.meta)))
    return Response.json(view.object)
  }

  /// An edit of the caller's, like any other; what is there now is kept as a version first. Spec: HI6, HI8.
  private func restore(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    let (hello, subject) = try await access.caller(.editor, request, of: workflow)
    let condition = try EntityTags(request, .ifMatch)
    try await RESTAccess.noBody(request, "Restoring")
    let number = try Self.number(context.parameters.get("version") ?? "", "A version")
    return try await access.once.answer(request, by: subject, body: nil) { _ in
      let state = try await state(of: try await version(number, of: workflow), workflow)
      let edit = OutsideEdit(.state(state), ifTagged: condition?.strong)
      return try WorkflowGraphRoutes.response(try await desk.apply(edit, to: workflow, as: hello), of: workflow)
    }
  }

  private func compare(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    try await access.require(.viewer, request, of: workflow)
    let query = request.uri.queryParameters
    guard let from = query["from"] else { throw Problem(.badRequest, "from is the number of a version, or current.") }
    let old = try await side(String(from), "from", of: workflow)
    let new = try await side(query["to"].map(String.init) ?? "current", "to", of: workflow)
    let difference = DocumentDiff(from: old.document, to: new.document)
    var view = JSONMembers()
    view.add("from", old.name)
    view.add("to", new.name)
    view.add("changes", JSONText(difference.summary))
    view.add("diff", JSONText(difference.json))
    return Response.json(view.object)
  }

  private func side(_ text: String, _ name: String, of workflow: WorkflowID) async throws -> (name: JSONText, document: WorkflowDocument) {
    guard text != "current" else {
      guard let document = try await WorkflowRoutes.free({ try await registry.document(of: workflow) }) else {
        throw Problem(.notFound, "There is no such workflow.")
      }
      return (.string("current"), document)
    }
    let version = try await version(try Self.number(text, name), of: workflow)
    return (.number(Double(version.number)), try await state(of: version, workflow))
  }

  // MARK: history

  /// Who did what, newest first. Looks at a stretch of the log; with an author its other entries are left out, so a page may be empty and not the last.
  private func history(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    try await access.require(.viewer, request, of: workflow)
    let query = request.uri.queryParameters
    let limit = try Self.limit(query["limit"].map(String.init))
    let author = query["author"].map(String.init)
    var before = try query["before"].map { try Self.number(String($0), "before") } ?? 0
    var entries: [HistoryEntry] = []
    var floor: UInt64 = 0
    for _ in 0..<Self.stretchMax {
      // Entries of authors at work at the same time overlap, so a page cannot end behind one of them: it looks at fewer changes instead.
      var count = registry.configuration.limits.historyChangeCountMax
      var (found, page) = try await stretch(of: workflow, before: before, count: count, author)
      while entries.count + found.count > limit, count > 1 {
        count /= 2
        (found, page) = try await stretch(of: workflow, before: before, count: count, author)
      }
      entries += found
      floor = page.floor
      before = page.nextBefore
      if before == 0 || entries.count == limit { break }
    }
    var view = JSONMembers()
    view.add("entries", RunView.array(entries.map(VersionView.entry)))
    view.add("floor", .number(Double(floor)))
    if before > 0 { view.add("next", .number(Double(before))) }
    return Response.json(view.object)
  }

  private func stretch(
    of workflow: WorkflowID, before position: UInt64, count: Int, _ author: String?
  ) async throws -> (entries: [HistoryEntry], page: TimelinePage) {
    let page = try await RESTAccess.stored { try await registry.history.page(of: workflow, before: position, count: count) }
    return (page.entries.filter { entry in author.map { entry.author.subject == $0 || entry.author.name == $0 } ?? true }, page)
  }

  /// Stretches of the log, each of at most `RoomLimits.historyChangeCountMax` changes, that one request looks at.
  private static let stretchMax = 4

  // MARK: pieces

  private func version(_ number: UInt64, of workflow: WorkflowID) async throws -> NamedVersion {
    let all = try await RESTAccess.stored { try await registry.history.versions(of: workflow) }
    guard let version = all.first(where: { $0.number == number }) else {
      throw Problem(.notFound, "There is no such version, or it was thinned out.")
    }
    return version
  }

  private func state(of version: NamedVersion, _ workflow: WorkflowID) async throws -> WorkflowDocument {
    guard let document = try await RESTAccess.stored({ try await registry.history.state(of: workflow, at: version.position) }) else {
      throw Problem(.notFound, "The version cannot be read any more.")
    }
    return document
  }

  private static func limit(_ text: String?) throws -> Int {
    guard let text else { return listDefault }
    guard let limit = Int(text), (1...listMax).contains(limit) else { throw Problem(.badRequest, "limit is 1 to \(listMax).") }
    return limit
  }

  private static func number(_ text: String, _ name: String) throws -> UInt64 {
    guard let number = UInt64(text), number > 0, number <= UInt64(Int64.max) else {
      throw Problem(.badRequest, "\(name) is a number from 1.")
    }
    return number
  }
}
