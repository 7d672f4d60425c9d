import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import WorkflowGraph

/// Whether this server should get traffic, and why not.
public enum Readiness: Sendable, Equatable {
  case ready
  case notReady(String)
}

/// `/livez`: the process answers. `/readyz`: it also takes new sessions and its store makes writes durable.
struct HealthRoutes {
  let readiness: @Sendable () async -> Readiness

  func add(to router: Router<BasicRequestContext>) {
    router.get("/livez") { _, _ in Self.status("live") }
    router.get("/readyz") { _, _ in
      switch await readiness() {
      case .ready: return Self.status("ready")
      case .notReady(let reason): throw Problem(.serviceUnavailable, reason, headers: [("retry-after", "2")])
      }
    }
  }

  private static func status(_ text: String) -> Response {
    var view = JSONMembers()
    view.add("status", .string(text))
    var response = Response.json(view.object)
    response.headers[.cacheControl] = "no-store"
    return response
  }
}
