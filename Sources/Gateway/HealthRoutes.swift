import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// Whether this server should get traffic, and why not.
public enum Readiness: Sendable, Equatable {
  case ready
  case notReady(String)
}

/// `/livez`: the process answers. `/readyz`: it also takes new sessions and its store accepts writes.
struct HealthRoutes {
  let readiness: @Sendable () async -> Readiness

  func add(to router: Router<BasicRequestContext>) {
    router.get("/livez") { _, _ in Self.text("live\n") }
    router.get("/readyz") { _, _ in
      switch await readiness() {
      case .ready: return Self.text("ready\n")
      case .notReady(let reason): throw Problem(.serviceUnavailable, reason, headers: [("retry-after", "2")])
      }
    }
  }

  private static func text(_ text: String) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = "text/plain; charset=utf-8"
    headers[.cacheControl] = "no-store"
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
