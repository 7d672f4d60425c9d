import HTTPTypes
import Hummingbird

/// Header fields on every answer that keep a browser from doing more than the page needs. Source: CSP Level 3, Fetch standard.
struct SecurityHeaders: RouterMiddleware {
  typealias Context = BasicRequestContext

  /// The page loads its own files and talks to its own server; nothing inline, no frame, no string that becomes code.
  static let contentSecurityPolicy = [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'", "base-uri 'none'",
    "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
  ].joined(separator: "; ")

  private static let fields: [(HTTPField.Name, String)] = {
    let named: [(String, String)] = [
      ("content-security-policy", contentSecurityPolicy), ("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"),
      ("referrer-policy", "no-referrer"), ("cross-origin-opener-policy", "same-origin"), ("cross-origin-resource-policy", "same-origin"),
    ]
    return named.compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }
  }()

  func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
    var response = try await next(request, context)
    for (name, value) in Self.fields { response.headers[name] = value }
    return response
  }
}
