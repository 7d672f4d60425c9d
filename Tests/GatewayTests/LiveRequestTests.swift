import CollabProtocol
import NIOHTTP1
import Testing
import WorkflowGraph

@testable import Gateway

@Suite struct LiveRequestTests {
  private func decide(_ uri: String, _ headers: HTTPHeaders = [:]) -> LiveRequest {
    LiveRequest(HTTPRequestHead(version: .http1_1, method: .GET, uri: uri, headers: headers), origins: OriginPolicy())
  }

  @Test(
    "[WP0] the workflow's id comes out of the path; a query is not part of it",
    arguments: ["demo", "a.b-c_D9", String(repeating: "x", count: 128)])
  func workflow(id: String) throws {
    #expect(decide("/api/v1/workflows/\(id)/live?x=/live") == .accepted(try #require(WorkflowID(id)), subprotocol: nil))
  }

  @Test(
    "[WP0] an id that is none is refused with 400",
    arguments: [".hidden", "a%20b", "ä", String(repeating: "x", count: 129), "a:b"])
  func badID(id: String) {
    guard case .refused(let problem) = decide("/api/v1/workflows/\(id)/live") else {
      Issue.record("taken: \(id)")
      return
    }
    #expect(problem.status == .badRequest)
    #expect(!problem.detail.contains(id))
  }

  @Test(
    "[WP0] other paths belong to others",
    arguments: [
      "/", "/api/v1/workflows/live", "/api/v1/workflows//live", "/api/v1/workflows/a/b/live", "/api/v1/workflows/a/livex", "/live", "*",
    ])
  func otherPath(path: String) {
    #expect(decide(path) == .other)
  }

  @Test(
    "[WP0] the subprotocol is one of those offered, binary first; none offered means JSON; only unknown ones are refused",
    arguments: [
      (nil, .some(nil)), ("thaiyyal.v1.json", .some("thaiyyal.v1.json")),
      ("thaiyyal.v1.json, thaiyyal.v1.proto", .some("thaiyyal.v1.proto")),
      ("mqtt, thaiyyal.v1.json", .some("thaiyyal.v1.json")), ("mqtt", nil), ("THAIYYAL.V1.JSON", nil),
    ] as [(String?, String??)])
  func subprotocol(offered: String?, chosen: String??) throws {
    let decision = decide("/api/v1/workflows/demo/live", offered.map { ["Sec-WebSocket-Protocol": $0] } ?? [:])
    if let chosen {
      #expect(decision == .accepted(try #require(WorkflowID("demo")), subprotocol: chosen))
    } else {
      guard case .refused(let problem) = decision else {
        Issue.record("taken: \(offered ?? "")")
        return
      }
      #expect(problem.status == .badRequest)
    }
  }

  @Test("[WP0] a page of another origin is refused with 403")
  func origin() {
    let headers: HTTPHeaders = ["Origin": "https://evil.example", "Host": "localhost:8443"]
    guard case .refused(let problem) = decide("/api/v1/workflows/demo/live", headers) else {
      Issue.record("taken")
      return
    }
    #expect(problem.status == .forbidden)
  }
}
