import HTTPTypes
import Hummingbird
import Logging
import Telemetry
import WorkflowGraph

/// Gives every HTTP request its place in a trace, counts it, and writes one line about it. The outermost middleware: it sees what the others answer.
///
/// Neither path, query, header nor body of a request is written, only the route that it took: the rest may hold anybody's secret.
struct RequestWatch: RouterMiddleware {
  typealias Context = BasicRequestContext

  let metrics: ServerMetrics
  let logger: Logger

  static let requestID = HTTPField.Name("x-request-id")!
  private static let traceParent = HTTPField.Name(TraceContext.headerName)!
  private static let traceState = HTTPField.Name(TraceContext.stateHeaderName)!
  private static let traceResponse = HTTPField.Name(TraceContext.answerHeaderName)!

  func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
    let start = ContinuousClock.now
    let trace = TraceContext.serving(request.headers[Self.traceParent], state: request.headers[Self.traceState])
    return try await TraceContext.$current.withValue(trace) {
      let id = Self.id(of: context) ?? trace.spanID
      var response = try await next(request, context)
      response.headers[Self.traceResponse] = trace.text
      response.headers[Self.requestID] = id
      note(request, id, context, response.status, ContinuousClock.now - start)
      return response
    }
  }

  /// Of the request that is being answered, as the lines of Hummingbird itself have it; a logger that writes nothing keeps nothing either.
  static func id(of context: Context) -> String? {
    context.logger[metadataKey: "hb.request.id"].map { "\($0)" } ?? TraceContext.current?.spanID
  }

  private func note(_ request: Request, _ id: String, _ context: Context, _ status: HTTPResponse.Status, _ duration: Duration) {
    // The router calls it so when no route fits.
    let route = context.endpointPath.flatMap { $0 == "NotFound" ? nil : $0 }
    metrics.requests.observe(route: route, method: request.method.rawValue, status: status.code, duration)
    // What asks every few seconds whether the server is well, and the page's files, are of no interest to people.
    let level: Logger.Level = status.code >= 500 ? .warning : route?.hasPrefix("/api/") == true ? .info : .debug
    guard logger.logLevel <= level else { return }
    var metadata: Logger.Metadata = [
      "request": "\(id)", "method": "\(RequestCounts.known(request.method.rawValue))", "route": "\(route ?? "none")",
      "status": "\(status.code)", "microseconds": "\(duration.microseconds)",
    ]
    if let text = context.parameters.get("id"), let workflow = WorkflowID(text) { metadata["workflow"] = "\(workflow)" }
    logger.log(level: level, "a request was answered", metadata: metadata)
  }
}

extension Duration {
  /// Whole ones.
  var microseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
  }
}
