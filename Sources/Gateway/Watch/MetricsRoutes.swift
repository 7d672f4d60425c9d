import HTTPTypes
import Hashing
import Hummingbird
import NIOCore
import NIOHTTP1
import Telemetry

/// Who may read `/metrics`. Nobody's name or document is in them, but how busy a server is and with what is not for everybody.
public enum MetricsAccess: Sendable {
  /// Whoever reaches the server. For one that only this machine reaches.
  case open
  /// Who shows a secret of its own as a bearer token; here is its SHA-256.
  case secret(digest: [UInt8])
  /// Nobody: no secret was set.
  case closed
}

/// `/metrics`, for Prometheus.
struct MetricsRoutes: Sendable {
  let metrics: ServerMetrics
  let access: MetricsAccess
  let origins: OriginPolicy

  func add(to router: Router<BasicRequestContext>) {
    router.get("/metrics") { request, _ in
      try check(request)
      var headers = HTTPFields()
      headers[.contentType] = MetricsText.contentType
      headers[.cacheControl] = "no-store"
      return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.text())))
    }
  }

  private func check(_ request: Request) throws {
    switch access {
    case .open:
      // A page that gave itself a name for this address could else read what its visitor's machine does.
      guard origins.admitsReading(origin: request.headers[.origin], host: request.head.authority) else {
        throw Problem(.forbidden, "Pages of this origin may not ask. The server's operator can allow it.")
      }
    case .closed: throw Problem(.forbidden, "Metrics take a secret of their own, and this server has none: see --metrics-token.")
    case .secret(let digest):
      let parts = (request.headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == "bearer", constantTimeEquals(digest, SHA256.digest(String(parts[1]))) else {
        throw Problem(.unauthorized, "Metrics take: Authorization: Bearer SECRET.", headers: [("www-authenticate", "Bearer")])
      }
    }
  }
}
