import HTTPTypes
import Hummingbird
import NIOHTTP1

/// Lets pages of the allowed origins read what `/api/` answers, and asks nothing of any other. Source: Fetch standard §3.2.
///
/// Tokens are in a header that the page sets itself, never in a cookie: credentials of the browser are not let in.
struct CrossOrigin: RouterMiddleware {
  typealias Context = BasicRequestContext

  let allowed: Set<String>

  private static let requestMethod = HTTPField.Name("access-control-request-method")!
  private static let preflight = fields([
    ("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE"),
    (
      "access-control-allow-headers",
      "authorization, content-type, if-match, if-none-match, idempotency-key, prefer, last-event-id, thaiyyal-author, thaiyyal-author-kind, traceparent"
    ), ("access-control-max-age", "600"),
  ])
  private static let exposed = fields([
    ("access-control-expose-headers", "etag, idempotency-replayed, location, retry-after, traceresponse")
  ])
  private static let allowOrigin = HTTPField.Name("access-control-allow-origin")!

  private static func fields(_ named: [(String, String)]) -> [HTTPField] {
    named.compactMap { name, value in HTTPField.Name(name).map { HTTPField(name: $0, value: value) } }
  }

  func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
    guard !allowed.isEmpty, request.uri.path.hasPrefix("/api/") else { return try await next(request, context) }
    let origin = request.headers[.origin]?.lowercased()
    let isAllowed = origin.map { allowed.contains($0) } ?? false
    var response: Response
    if isAllowed, request.method == .options, request.headers[Self.requestMethod] != nil {
      response = Response(status: .noContent)
      for field in Self.preflight { response.headers.append(field) }
    } else {
      response = try await next(request, context)
      if isAllowed { for field in Self.exposed { response.headers.append(field) } }
    }
    // An answer for one page is not one for another, whatever stands between them.
    response.headers.append(HTTPField(name: .vary, value: "origin"))
    if isAllowed, let origin { response.headers[Self.allowOrigin] = origin }
    return response
  }
}
