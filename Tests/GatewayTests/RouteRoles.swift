import CollabProtocol
import Testing

/// What every operation of `protocol/openapi.yaml` takes. An operation without a row fails a test.
struct RouteRole: Sendable, CustomTestStringConvertible {
  var method: String
  var path: String
  var role: Role
  /// It concerns one workflow; else what the caller may do everywhere counts.
  var isOfWorkflow: Bool
  var body: String?
  /// What whoever may do it is answered, on the workflow that the test makes: one with the member `bob` and a link.
  var statuses: Set<Int>

  init(_ method: String, _ path: String, _ role: Role, body: String? = nil, _ statuses: Int...) {
    self.method = method
    self.path = path
    self.role = role
    isOfWorkflow = path.contains("{id}")
    self.body = body
    self.statuses = Set(statuses)
  }

  var testDescription: String { "\(method) \(path)" }

  private static let graph = #"{"nodes":[{"id":"a","type":"numberNode","data":{"value":1}}],"edges":[]}"#

  static let all: [RouteRole] = [
    RouteRole("GET", "/api/v1/keys", .owner, 200),
    RouteRole("POST", "/api/v1/keys", .owner, body: #"{"name":"ci","role":"viewer"}"#, 201),
    RouteRole("DELETE", "/api/v1/keys/{key}", .owner, 404),
    RouteRole("GET", "/api/v1/catalogue", .viewer, 200),
    RouteRole("GET", "/api/v1/workflows", .viewer, 200),
    RouteRole("POST", "/api/v1/workflows", .editor, body: "{}", 201),
    RouteRole("POST", "/api/v1/workflows/import", .editor, body: graph, 200),
    RouteRole("POST", "/api/v1/workflows/execute", .runner, body: graph, 200),
    RouteRole("POST", "/api/v1/workflows/validate", .viewer, body: graph, 200),
    RouteRole("GET", "/api/v1/workflows/{id}", .viewer, 200),
    RouteRole("PUT", "/api/v1/workflows/{id}", .editor, body: graph, 200),
    RouteRole("PATCH", "/api/v1/workflows/{id}", .editor, body: #"{"title":"New"}"#, 200),
    RouteRole("DELETE", "/api/v1/workflows/{id}", .owner, 204),
    RouteRole("GET", "/api/v1/workflows/{id}/versions", .viewer, 200),
    RouteRole("POST", "/api/v1/workflows/{id}/versions", .editor, body: "{}", 201),
    RouteRole("GET", "/api/v1/workflows/{id}/versions/{version}", .viewer, 404),
    RouteRole("POST", "/api/v1/workflows/{id}/restore/{version}", .editor, 404),
    RouteRole("GET", "/api/v1/workflows/{id}/diff", .viewer, 400),
    RouteRole("GET", "/api/v1/workflows/{id}/history", .viewer, 200),
    RouteRole("GET", "/api/v1/workflows/{id}/export", .viewer, 200),
    RouteRole("GET", "/api/v1/workflows/{id}/members", .viewer, 200),
    RouteRole("PUT", "/api/v1/workflows/{id}/members/{subject}", .owner, body: #"{"role":"editor"}"#, 200),
    RouteRole("DELETE", "/api/v1/workflows/{id}/members/{subject}", .owner, 204),
    RouteRole("POST", "/api/v1/workflows/{id}/members/{subject}/kick", .owner, 204),
    RouteRole("GET", "/api/v1/workflows/{id}/links", .owner, 200),
    RouteRole("POST", "/api/v1/workflows/{id}/links", .owner, body: #"{"role":"viewer"}"#, 201),
    RouteRole("DELETE", "/api/v1/workflows/{id}/links/{link}", .owner, 204),
    RouteRole("GET", "/api/v1/workflows/{id}/webhooks", .owner, 200),
    RouteRole(
      "POST", "/api/v1/workflows/{id}/webhooks", .owner, body: #"{"url":"https://example.org/","events":["run.finished"]}"#, 201),
    RouteRole("GET", "/api/v1/workflows/{id}/webhooks/{hook}", .owner, 404),
    RouteRole("PATCH", "/api/v1/workflows/{id}/webhooks/{hook}", .owner, body: #"{"active":false}"#, 404),
    RouteRole("DELETE", "/api/v1/workflows/{id}/webhooks/{hook}", .owner, 404),
    RouteRole("POST", "/api/v1/workflows/{id}/webhooks/{hook}/secret", .owner, body: "{}", 404),
    RouteRole("POST", "/api/v1/workflows/{id}/webhooks/{hook}/test", .owner, 404),
    RouteRole("GET", "/api/v1/workflows/{id}/webhooks/{hook}/deliveries", .owner, 404),
    RouteRole("POST", "/api/v1/workflows/{id}/webhooks/{hook}/deliveries/{delivery}/redeliver", .owner, 404),
    RouteRole("POST", "/api/v1/workflows/{id}/execute", .runner, 200),
    RouteRole("GET", "/api/v1/workflows/{id}/status", .viewer, 200),
    RouteRole("GET", "/api/v1/workflows/{id}/runs", .viewer, 200),
    RouteRole("POST", "/api/v1/workflows/{id}/runs", .runner, 200, 202),
    RouteRole("GET", "/api/v1/workflows/{id}/runs/{run}", .viewer, 404),
    RouteRole("GET", "/api/v1/workflows/{id}/runs/{run}/events", .viewer, 404),
    RouteRole("POST", "/api/v1/workflows/{id}/runs/{run}/cancel", .runner, 404),
  ]
}
