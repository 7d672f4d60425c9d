import CRDT
import CollabProtocol
import Hashing
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import Webhooks

@Suite struct BodyTests {
  private let ada = Author(subject: "u-1", name: "Ada “\\”", kind: .person)

  private func text(_ body: [UInt8]) -> String { String(decoding: body, as: UTF8.self) }

  private func ended(_ kind: RunEvent.Kind = .runFinished) -> (RunEvent, RunEvent) {
    var first = RunEvent(run: "00ff", seq: 1, kind: .runStarted, atMilliseconds: 10)
    first.info = RunInfo(
      version: Version(), graphHash: [UInt8](repeating: 0xab, count: 32), startedBy: ada, idempotencyKey: "k", nodeCount: 3)
    var last = RunEvent(run: "00ff", seq: 9, kind: kind, atMilliseconds: 1010)
    last.durationMicroseconds = 1_000_000
    (last.result, last.error) = (#"{"password":"p"}"#, "the key p is wrong")
    return (first, last)
  }

  @Test("[WH3] a run's end tells who, when, how long and how, and nothing that nodes were set to, gave or said")
  func run() throws {
    let (first, last) = ended()
    let body = text(WebhookBody.runFinished(first, last, of: .demo))
    #expect(
      body == """
        {"type":"run.finished","timestamp":"1970-01-01T00:00:01.010Z","data":{"workflow":"demo","run":"00ff","status":"succeeded",\
        "startedAtMilliseconds":10,"endedAtMilliseconds":1010,"durationMicroseconds":1000000,\
        "startedBy":{"name":"Ada “\\\\”","kind":"person","subject":"u-1"},"nodeCount":3,"graphHash":"\(String(repeating: "ab", count: 32))"}}
        """)
    for (kind, word) in [(RunEvent.Kind.runFailed, "failed"), (.runCancelled, "cancelled")] {
      let other = text(WebhookBody.runFinished(nil, ended(kind).1, of: .demo))
      #expect(other.contains(#""status":"\#(word)""#) && !other.contains("password") && !other.contains("key p"))
    }
  }

  @Test("[WH3] the first version with the run's graph is added once it is known; a body without a graph stays as it is")
  func runVersion() throws {
    func version(_ number: UInt64, _ byte: UInt8) -> NamedVersion {
      var version = NamedVersion(id: "\(number)", position: 1, name: "", author: ada, namedAtMilliseconds: 1)
      (version.number, version.graphHash) = (number, [UInt8](repeating: byte, count: 32))
      return version
    }
    let (first, last) = ended()
    let body = WebhookBody.runFinished(first, last, of: .demo)
    let versions = [version(1, 1), version(5, 0xab), version(3, 0xab)]
    let whole = WebhookBody.adding(versions, toRun: body)
    let data = try #require(try JSONValue(parsing: text(whole))["data"])
    #expect(data["workflowVersion"]?.numberValue == 3 && data["run"]?.stringValue == "00ff")
    #expect(WebhookBody.adding(versions, toRun: whole) == whole)
    #expect(WebhookBody.adding([version(1, 1)], toRun: body) == body)
    let bare = WebhookBody.runFinished(nil, last, of: .demo)
    #expect(WebhookBody.adding(versions, toRun: bare) == bare)
    #expect(WebhookBody.adding(versions, toRun: []) == [])
  }

  @Test("[WH3] a version tells its number, cause, author and what changed")
  func version() throws {
    var version = NamedVersion(id: "0a", position: 7, name: "v \u{1}", note: "", author: ada, namedAtMilliseconds: noon)
    (version.number, version.summary, version.cause) = (4, #"{"nodes":{"added":1}}"#, .named)
    let value = try JSONValue(parsing: text(WebhookBody.versionCreated(version, of: .demo)))
    let data = try #require(value["data"])
    #expect(value["type"]?.stringValue == "version.created" && value["timestamp"]?.stringValue == "2026-11-29T15:04:05.678Z")
    #expect(data["version"]?.numberValue == 4 && data["isAutomatic"]?.boolValue == false && data["cause"]?.stringValue == "named")
    #expect(data["name"]?.stringValue == "v \u{1}" && data["note"] == nil && data["graphHash"] == nil)
    #expect(data["changes"]?["nodes"]?["added"]?.numberValue == 1)
  }

  @Test("[WH8] changes are told with their stretch, version and graph, and at most 20 authors")
  func changed() throws {
    let authors = (0..<21).map { Author(subject: "u\($0)", name: "n", kind: .bot) }
    let version = Version([.init(replica: ReplicaID(2), seq: 9), .init(replica: ReplicaID(1), seq: 3)])
    let stretch = WebhookBody.Stretch(since: 5, position: 12, version: version, graphHash: [1, 2], authors: authors, hasMoreAuthors: false)
    let body = WebhookBody.workflowChanged(stretch, of: .demo, atMilliseconds: 0)
    let data = try #require(try JSONValue(parsing: text(body))["data"])
    #expect(data["sincePosition"]?.numberValue == 5 && data["position"]?.numberValue == 12 && data["changeCount"]?.numberValue == 7)
    #expect(data["authors"]?.arrayValue?.count == 20 && data["hasMoreAuthors"]?.boolValue == true)
    #expect(data["version"]?["replica"]?.arrayValue?.compactMap(\.numberValue) == [1, 2])
    #expect(data["version"]?["seq"]?.arrayValue?.compactMap(\.stringValue) == ["3", "9"] && data["graphHash"]?.stringValue == "0102")
  }

  @Test("[WH2] ids follow from webhook and event, and differ between events that begin alike")
  func ids() {
    let id = WebhookBody.id(hook: "a", event: .runFinished, "r1")
    #expect(id == WebhookBody.id(hook: "a", event: .runFinished, "r1") && WebhookBody.isID(id))
    let others = [
      WebhookBody.id(hook: "b", event: .runFinished, "r1"), WebhookBody.id(hook: "a", event: .versionCreated, "r1"),
      WebhookBody.id(hook: "a", event: .runFinished, "r2"),
    ]
    #expect(Set(others + [id]).count == 4)
    for text in ["", "msg_", "msg_" + String(repeating: "A", count: 32), id + "0", "msg_" + String(repeating: "é", count: 16)] {
      #expect(!WebhookBody.isID(text))
    }
  }

  @Test("[WH9] a test names the webhook that it is for")
  func test() {
    #expect(
      text(WebhookBody.test("00", of: .demo, atMilliseconds: 0))
        == #"{"type":"webhook.test","timestamp":"1970-01-01T00:00:00.000Z","data":{"workflow":"demo","webhook":"00"}}"#)
  }
}
