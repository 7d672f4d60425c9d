import CollabProtocol
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Rooms
import Storage
import WorkflowGraph

/// `/api/v1/workflows/{id}/execute`, `/status`, `/runs` and what is below. Described in `protocol/openapi.yaml`.
struct RunRoutes: Sendable {
  let desk: RunDesk
  let access: RESTAccess
  /// A key for a run whose caller gave none.
  let freshKey: @Sendable () -> String

  func add(to router: RouterGroup<BasicRequestContext>) {
    router.post("/:id/execute") { request, context in try await start(request, context, waits: true) }
    router.post("/:id/runs") { request, context in try await start(request, context, waits: false) }
    router.get("/:id/runs") { request, context in try await list(request, context) }
    router.get("/:id/status") { request, context in try await status(request, context) }
    router.get("/:id/runs/:run") { request, context in try await show(request, context) }
    router.get("/:id/runs/:run/events") { request, context in try await events(request, context) }
    router.post("/:id/runs/:run/cancel") { request, context in try await cancel(request, context) }
  }

  // MARK: starting and ending

  private func start(_ request: Request, _ context: BasicRequestContext, waits: Bool) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    let hello = try access.hello(request)
    let body = try await RESTAccess.json(request, bytesMax: RunOptions.bodyBytesMax)
    let options = try RunOptions(request, body, waits: waits, key: freshKey())
    guard let sight = try await desk.start(options.request, of: workflow, as: hello, wait: options.wait) else {
      var view = JSONMembers()
      view.add("workflow", .string(workflow.rawValue))
      view.add("status", .string("waiting"))
      view.add("idempotencyKey", .string(options.request.idempotencyKey))
      return Response.json(view.object, status: .accepted)
    }
    let view = RunView.run(sight.first, sight.last, of: workflow, withResult: true)
    var response = Response.json(view, status: sight.last == nil ? .accepted : .ok)
    response.headers[.location] = "/api/v1/workflows/\(workflow)/runs/\(sight.first.run)"
    return response
  }

  private func cancel(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    let run = try Self.run(context)
    let (hello, subject) = try await access.caller(.runner, request, of: workflow)
    try await RESTAccess.noBody(request, "Cancelling")
    return try await access.once.answer(request, by: subject, body: nil) { _ in try await cancel(run, of: workflow, as: hello) }
  }

  private func cancel(_ run: String, of workflow: WorkflowID, as hello: Hello) async throws -> Response {
    let events = try await stored(run, workflow)
    if let last = events.last, last.kind.isLast { throw Problem(.conflict, "The run is over.") }
    try await desk.cancel(run, of: workflow, as: hello)
    return Response.json(RunView.run(events[0], nil, of: workflow, withResult: false), status: .accepted)
  }

  // MARK: looking

  private func list(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    try await access.require(.viewer, request, of: workflow)
    let query = request.uri.queryParameters
    let limit = try query["limit"].map { text in
      guard let limit = Int(text), (1...Self.listMax).contains(limit) else { throw Problem(.badRequest, "limit is 1 to \(Self.listMax).") }
      return limit
    }
    let before = try query["before"].map { try Self.runID(String($0)) }
    let summaries = try await RESTAccess.stored { try await desk.registry.storedRuns(of: workflow, before: before, limit: limit ?? 50) }
    let versions = try await RESTAccess.stored { try await desk.registry.history.versions(of: workflow) }
    let runs = summaries.map { RunView.run($0.first, $0.last, of: workflow, withResult: false, versions: versions) }
    var view = JSONMembers()
    view.add("runs", RunView.array(runs))
    return Response.json(view.object)
  }

  private static let listMax = 1000

  private func status(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    let hello = try await access.require(.viewer, request, of: workflow)
    let newest = try await RESTAccess.stored { try await desk.registry.storedRuns(of: workflow, limit: 1) }.first
    var view = JSONMembers()
    view.add("workflow", .string(workflow.rawValue))
    view.add("status", .string(newest.map { RunView.status($0.last) } ?? "never_run"))
    if let newest { view.add("lastRun", RunView.run(newest.first, newest.last, of: workflow, withResult: false)) }
    let live = await desk.registry.status(of: workflow)
    view.add("isOpen", JSONText(unchecked: live == nil ? "false" : "true"))
    // Who is there is for owners.
    if let live, try await access.role(hello, of: workflow) >= .owner { view.add("room", StatusView.room(live)) }
    return Response.json(view.object)
  }

  private func show(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    let run = try Self.run(context)
    try await access.require(.viewer, request, of: workflow)
    let events = try await stored(run, workflow)
    let versions = try await RESTAccess.stored { try await desk.registry.history.versions(of: workflow) }
    return Response.json(RunView.run(events[0], events.last { $0.kind.isLast }, of: workflow, withResult: true, versions: versions))
  }

  private func events(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    let run = try Self.run(context)
    let hello = try await access.require(.viewer, request, of: workflow)
    let events = try await stored(run, workflow)
    guard (request.headers[.accept] ?? "").contains("text/event-stream") else {
      var view = JSONMembers()
      view.add("events", RunView.array(events.map { JSONText(unchecked: RunView.event($0)) }))
      return Response.json(view.object)
    }
    let after = request.headers[Self.lastEventID].flatMap { UInt64($0) } ?? 0
    // A browser's reader comes back after every end; 204 tells it that there is no more. Source: HTML standard, §9.2.
    if let last = events.last, last.kind.isLast, after >= last.seq { return Response(status: .noContent) }
    var headers = HTTPFields()
    headers[.contentType] = "text/event-stream"
    headers[.cacheControl] = "no-store"
    return Response(status: .ok, headers: headers, body: stream(events, workflow, hello, after: after))
  }

  private static let lastEventID = HTTPField.Name("last-event-id")!

  /// Ends with the run's last event. A stream that breaks off earlier is taken up again by its reader, from the last event it has.
  private func stream(_ events: [RunEvent], _ workflow: WorkflowID, _ hello: Hello, after seq: UInt64) -> ResponseBody {
    ResponseBody { [desk] writer in
      // When the server is about to end the stream ends too: its reader takes it up with the next one.
      try await desk.follow(events, of: workflow, as: hello, after: seq) { event in
        try await writer.write(event.map(RunView.serverSentEvent) ?? ByteBuffer(string: ": \n\n"))
      }
      try await writer.finish(nil)
    }
  }

  // MARK: pieces

  /// - Throws: 404 when there is no such run.
  private func stored(_ run: String, _ workflow: WorkflowID) async throws -> [RunEvent] {
    let events = try await RESTAccess.stored { try await desk.registry.storedEvents(of: run, in: workflow) }
    guard !events.isEmpty else { throw Problem(.notFound, "There is no such run, or it was long ago.") }
    return events
  }

  private static func run(_ context: BasicRequestContext) throws -> String { try runID(context.parameters.get("run") ?? "") }

  private static func runID(_ text: String) throws -> String {
    guard text.utf8.count == 16, text.utf8.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }) else {
      throw Problem(.badRequest, "A run's id has 16 hexadecimal digits.")
    }
    return text
  }
}
