import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Turns whatever a route throws into `application/problem+json`.
struct ProblemMiddleware: RouterMiddleware {
  typealias Context = BasicRequestContext

  func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
    let reading = BodyReader.Reading()
    var response = await BodyReader.Reading.$current.withValue(reading) { await answer(request, context: context, next: next) }
    // What a request still sends that was refused may have no end.
    let isUnread = request.mayHaveBody && !reading.isDone.load(ordering: .relaxed)
    if isUnread, response.status.code >= 400 { response.headers[.connection] = "close" }
    return response
  }

  private func answer(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async -> Response {
    do {
      return try await next(request, context)
    } catch {
      return problem(error, context).response(requestID: RequestWatch.id(of: context))
    }
  }

  private func problem(_ error: any Error, _ context: Context) -> Problem {
    switch error {
    case let problem as Problem: return problem
    case let end as RoomGuest.Ended: return Problem(end)
    case let error as any HTTPResponseError:
      let kind = ProblemKind(status: error.status.code)
      return Problem(kind, kind == .notFound ? "There is nothing at this address." : "The request was not understood.")
    case is HTTPParserError:
      // The body cannot be read: where it ends, and another request might begin, nobody knows.
      return Problem(.badRequest, "The request was not understood.", headers: [("connection", "close")])
    default:
      context.logger.error("a route failed", metadata: ["error": "\(error)"])
      return Problem(.internalServerError, "The server failed. Its log says more.")
    }
  }
}

/// Refuses a body where none is read, at once: else its sender could keep the connection busy for ever. What POST, PUT and PATCH bring is read by
/// their routes.
struct NoBodyMiddleware: RouterMiddleware {
  typealias Context = BasicRequestContext

  /// Any route's. Others, `TRACE` say, are no address's affair.
  private static let methods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]

  func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
    guard Self.methods.contains(request.method) else {
      let allow = ("allow", "GET, HEAD, POST, PUT, PATCH, DELETE")
      throw Problem(.methodNotAllowed, "Nothing here takes this method.", headers: [allow, ("connection", "close")])
    }
    if [.post, .put, .patch].contains(request.method), request.uri.path.hasPrefix("/api/") { return try await next(request, context) }
    let length = request.headers[.contentLength] ?? "0"
    guard length == "0", request.headers[.transferEncoding] == nil else {
      throw Problem(.payloadTooLarge, "This address takes no body.", headers: [("connection", "close")])
    }
    return try await next(request, context)
  }
}

/// Refuses what ``CloseAfterAnswer`` marked by an empty host.
struct HostMiddleware: RouterMiddleware {
  typealias Context = BasicRequestContext

  func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
    guard request.head.authority != "" else { throw Problem(.badRequest, "Host is missing, or not one name.") }
    return try await next(request, context)
  }
}

extension Problem {
  func response(requestID: String?) -> Response {
    var fields = HTTPFields()
    fields[.contentType] = Self.contentType
    fields[.cacheControl] = "no-store"
    for (name, value) in headers {
      if let name = HTTPField.Name(name) { fields[name] = value }
    }
    let body = ResponseBody(byteBuffer: ByteBuffer(string: body(requestID: requestID)))
    return Response(status: .init(code: Int(status.code)), headers: fields, body: body)
  }
}
