import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// `/problems/NAME`: what the `type` of a problem stands for, in words. For people who follow it, so plain text, and without a token.
struct ProblemRoutes {
  func add(to router: Router<BasicRequestContext>) {
    router.get("/problems") { _, _ in Self.text(ProblemKind.allCases.map { "\($0.type)  \($0.title)" }.joined(separator: "\n")) }
    router.get("/problems/:name") { _, context in
      guard let kind = context.parameters.get("name").flatMap({ ProblemKind(rawValue: $0) }) else {
        throw Problem(.notFound, "There is no problem of this name.")
      }
      return Self.text("\(kind.title) (\(kind.status.code)).\n\n\(kind.advice)")
    }
  }

  private static func text(_ text: String) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = "text/plain; charset=utf-8"
    headers[.cacheControl] = "public, max-age=3600"
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text + "\n")))
  }
}
