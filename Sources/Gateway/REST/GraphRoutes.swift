import CollabProtocol
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import RoomCore
import Rooms
import WorkflowEngine
import WorkflowGraph

/// `/api/v1/workflows/execute` and `/validate`: a graph in the body, run or looked at, kept nowhere.
struct GraphRoutes: Sendable {
  let registry: RoomRegistry
  let access: RESTAccess

  /// A canvas file of ten thousand nodes has about two million.
  static let bodyBytesMax = 16 << 20
  /// Rights are given per workflow; what belongs to none is asked for under this name.
  private static let nameOfNone = WorkflowID("execute")!

  func add(to router: RouterGroup<BasicRequestContext>) {
    router.post("/execute") { request, _ in try await execute(request) }
    router.post("/validate") { request, _ in try await validate(request) }
  }

  private func execute(_ request: Request) async throws -> Response {
    try access.require(.runner, request, of: Self.nameOfNone)
    let graph = try await graph(of: request)
    let step: RunStep
    do throws(RoomRegistry.Busy) { step = try await registry.execute(graph) } catch {
      throw Problem(.tooManyRequests, "\(error.countMax) graphs are being run already.", headers: [("retry-after", "1")])
    }
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
    try access.require(.viewer, request, of: Self.nameOfNone)
    guard let body = try await RESTAccess.json(request, bytesMax: Self.bodyBytesMax) else {
      throw Problem(.badRequest, "The body must be a graph.")
    }
    let findings: [GraphValidation.Finding]
    do throws(RoomRegistry.Busy) { findings = try await registry.validate(file: Array(body.text.utf8)) } catch {
      throw Problem(.tooManyRequests, "\(error.countMax) graphs are being looked at already.", headers: [("retry-after", "1")])
    }
    var view = JSONMembers()
    view.add("valid", .bool(!findings.contains { $0.issue.severity == .error }))
    view.add("findings", RunView.array(findings.map(\.json)))
    return Response.json(view.object)
  }

  /// The body as a canvas file: `{"nodes":[…],"edges":[…]}`, wrapped or not.
  private func graph(of request: Request) async throws -> WorkflowGraph {
    guard let body = try await RESTAccess.json(request, bytesMax: Self.bodyBytesMax) else {
      throw Problem(.badRequest, "The body must be a graph.")
    }
    do throws(CanvasFault) { return try CanvasJSON.parse(body.text).graph } catch {
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
