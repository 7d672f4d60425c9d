import Access
import CollabProtocol
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import RoomCore
import Rooms
import ServiceLifecycle
import WorkflowEngine
import WorkflowGraph

/// `/api/v1/workflows/execute` and `/validate`: a graph in the body, run or looked at, kept nowhere. And `/api/v1/catalogue`: what such a graph is made of.
struct GraphRoutes: Sendable {
  let registry: RoomRegistry
  let access: RESTAccess

  /// A canvas file of ten thousand nodes has about two million.
  static let bodyBytesMax = 16 << 20

  func add(to router: RouterGroup<BasicRequestContext>) {
    router.post("/execute") { request, _ in try await registry.inPlace { try await execute(request) } }
    router.post("/validate") { request, _ in try await registry.inPlace { try await validate(request) } }
  }

  private func execute(_ request: Request) async throws -> Response {
    let (_, principal) = try await access.requireOutside(.runner, request)
    let (graph, body) = try await graph(of: request)
    return try await access.once.answer(request, by: principal.subject, body: body) { _ in await execute(graph) }
  }

  private func execute(_ graph: WorkflowGraph) async -> Response {
    let step = await cancelWhenGracefulShutdown { [registry] in await registry.execute(graph) }
    var view = JSONMembers()
    view.add("status", .string(RunView.status(step.kind)))
    view.add("nodeCount", .number(Double(graph.nodes.count)))
    view.add("durationMicroseconds", .number(Double(step.durationMicroseconds)))
    if !step.error.isEmpty { view.add("error", .string(step.error)) }
    if !step.result.isEmpty { view.add("result", JSONText(unchecked: step.result)) }
    return Response.json(view.object)
  }

  /// 200 whatever is found: the request was answered, the file may be wrong.
  private func validate(_ request: Request) async throws -> Response {
    try await access.requireOutside(.viewer, request)
    guard let body = try await RESTAccess.json(request, bytesMax: Self.bodyBytesMax) else {
      throw Problem(.badRequest, "The body must be a graph.")
    }
    let findings = await registry.validate(file: Array(body.text.utf8))
    var view = JSONMembers()
    view.add("valid", .bool(!findings.contains { $0.issue.severity == .error }))
    view.add("findings", RunView.array(findings.map(\.json)))
    return Response.json(view.object)
  }

  /// What nodes there can be, plug-ins' among them: for palettes and forms.
  func catalogue(_ request: Request) async throws -> Response {
    try await access.requireOutside(.viewer, request)
    return Response.json(registry.catalogue)
  }

  /// The body as a canvas file: `{"nodes":[…],"edges":[…]}`, wrapped or not.
  private func graph(of request: Request) async throws -> (WorkflowGraph, text: String) {
    guard let body = try await RESTAccess.json(request, bytesMax: Self.bodyBytesMax) else {
      throw Problem(.badRequest, "The body must be a graph.")
    }
    do throws(CanvasFault) { return (try CanvasJSON.parse(body.text).graph, body.text) } catch {
      throw Problem(.unprocessableEntity, "The body is no graph: \(error).")
    }
  }
}

extension Response {
  static func json(_ text: JSONText, status: HTTPResponse.Status = .ok) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = "application/json"
    headers[.cacheControl] = "no-store"
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text.text + "\n")))
  }
}

extension RoomRegistry {
  /// For what holds a whole graph in memory: so many at a time, the others are told to come back. Of one caller some of them only, which is looked
  /// at when the request says whose it is.
  func inPlace(_ body: () async throws -> Response) async throws -> Response {
    let meter = RequestMeter.current
    meter?.holdsPlace(in: self)
    defer { meter?.leavesPlace() }
    do { return try await withAdHocPlace(body) } catch let busy as Busy {
      throw Problem(
        .tooManyRequests, "\(busy.countMax) graphs are being dealt with already.", limit: "adHocRunCountMax", retryAfterMilliseconds: 1000)
    }
  }
}
