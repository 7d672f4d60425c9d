public import CRDT
public import CollabProtocol
import Hashing
public import WorkflowDocument
public import WorkflowGraph

/// What is sent: `{"type", "timestamp", "data"}`. Spec: WH3. Source of the outer form: Standard Webhooks 1.0.
public enum WebhookBody {
  /// Authors that `workflow.changed` names at most.
  public static let authorCountMax = 20

  /// Ids of deliveries follow from what they tell: an event that is found twice is queued once.
  ///
  /// - Parameter what: names the event within its webhook.
  public static func id(hook: String, event: WebhookEvent, _ what: String) -> String {
    "msg_" + Hex.encode(Array(SHA256.digest("\(hook) \(event.rawValue) \(what)").prefix(16)))
  }

  /// Whether a text is the id of a delivery.
  public static func isID(_ text: String) -> Bool {
    text.hasPrefix("msg_") && text.utf8.count == 36
      && text.utf8.dropFirst(4).allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }

  // MARK: events

  public static func versionCreated(_ version: NamedVersion, of workflow: WorkflowID) -> [UInt8] {
    var data = JSONMembers()
    data.add("workflow", .string(workflow.rawValue))
    data.add("version", .number(Double(version.number)))
    data.add("id", .string(version.id))
    data.add("isAutomatic", .bool(version.isAutomatic))
    data.add("cause", .string("\(version.cause)"))
    if !version.name.isEmpty { data.add("name", .string(version.name)) }
    if !version.note.isEmpty { data.add("note", .string(version.note)) }
    data.add("author", author(version.author))
    data.add("atMilliseconds", .number(Double(version.namedAtMilliseconds)))
    data.add("position", .number(Double(version.position)))
    if !version.graphHash.isEmpty { data.add("graphHash", .string(Hex.encode(version.graphHash))) }
    if !version.summary.isEmpty { data.add("changes", JSONText(unchecked: version.summary)) }
    return body(.versionCreated, version.namedAtMilliseconds, data.object)
  }

  /// Neither what the run gave nor what nodes said: that may be anybody's data.
  ///
  /// - Parameter first: `nil` when it cannot be read.
  public static func runFinished(_ first: RunEvent?, _ last: RunEvent, of workflow: WorkflowID) -> [UInt8] {
    var data = JSONMembers()
    data.add("workflow", .string(workflow.rawValue))
    data.add("run", .string(last.run))
    data.add("status", .string(status(last.kind)))
    if let first { data.add("startedAtMilliseconds", .number(Double(first.atMilliseconds))) }
    data.add("endedAtMilliseconds", .number(Double(last.atMilliseconds)))
    data.add("durationMicroseconds", .number(Double(last.durationMicroseconds)))
    if let info = first?.info {
      data.add("startedBy", author(info.startedBy))
      data.add("nodeCount", .number(Double(info.nodeCount)))
      data.add("graphHash", .string(Hex.encode(info.graphHash)))
    }
    return body(.runFinished, last.atMilliseconds, data.object)
  }

  /// Which version a run ran is known only when that is kept, shortly after its beginning: it is added before the first attempt.
  ///
  /// - Returns: `body` as it is when no version has the run's graph, or it is no body of `runFinished`.
  public static func adding(_ versions: [NamedVersion], toRun body: [UInt8]) -> [UInt8] {
    guard let value = try? JSONValue(parsing: String(decoding: body, as: UTF8.self)), let data = value["data"],
      data["workflowVersion"] == nil, let hash = data["graphHash"]?.stringValue.flatMap({ Hex.decode($0) }),
      let number = versions.filter({ $0.graphHash == hash }).map(\.number).min(), body.suffix(2).elementsEqual("}}".utf8)
    else { return body }
    return body.dropLast(2) + Array(",\"workflowVersion\":\(number)}}".utf8)
  }

  /// A stretch of the log that nobody was told of yet.
  public struct Stretch: Hashable, Sendable {
    public var since: UInt64
    public var position: UInt64
    public var version: Version
    public var graphHash: [UInt8]
    /// Who made its changes, the last one first, each once.
    public var authors: [Author]
    /// There are others, or the log does not reach back to all.
    public var hasMoreAuthors: Bool
    public init(
      since: UInt64, position: UInt64, version: Version, graphHash: [UInt8], authors: [Author], hasMoreAuthors: Bool
    ) {
      self.since = since
      self.position = position
      self.version = version
      self.graphHash = graphHash
      self.authors = authors
      self.hasMoreAuthors = hasMoreAuthors
    }
  }

  public static func workflowChanged(_ stretch: Stretch, of workflow: WorkflowID, atMilliseconds: UInt64) -> [UInt8] {
    var data = JSONMembers()
    data.add("workflow", .string(workflow.rawValue))
    data.add("position", .number(Double(stretch.position)))
    data.add("sincePosition", .number(Double(stretch.since)))
    data.add("changeCount", .number(Double(stretch.position - min(stretch.since, stretch.position))))
    var version = JSONMembers()
    version.add("replica", array(stretch.version.entries.map { .number(Double($0.replica.rawValue)) }))
    version.add("seq", array(stretch.version.entries.map { .string("\($0.seq)") }))
    data.add("version", version.object)
    data.add("graphHash", .string(Hex.encode(stretch.graphHash)))
    data.add("authors", array(stretch.authors.prefix(authorCountMax).map(author)))
    data.add("hasMoreAuthors", .bool(stretch.hasMoreAuthors || stretch.authors.count > authorCountMax))
    return body(.workflowChanged, atMilliseconds, data.object)
  }

  public static func test(_ hook: String, of workflow: WorkflowID, atMilliseconds: UInt64) -> [UInt8] {
    var data = JSONMembers()
    data.add("workflow", .string(workflow.rawValue))
    data.add("webhook", .string(hook))
    return body(.test, atMilliseconds, data.object)
  }

  // MARK: pieces

  private static func body(_ event: WebhookEvent, _ atMilliseconds: UInt64, _ data: JSONText) -> [UInt8] {
    var members = JSONMembers()
    members.add("type", .string(event.rawValue))
    members.add("timestamp", .string(CivilTime.text(atMilliseconds)))
    members.add("data", data)
    return Array(members.object.text.utf8)
  }

  private static func status(_ kind: RunEvent.Kind) -> String {
    switch kind {
    case .runFinished: "succeeded"
    case .runCancelled: "cancelled"
    default: "failed"
    }
  }

  private static func array(_ items: [JSONText]) -> JSONText {
    JSONText(unchecked: "[" + items.map(\.text).joined(separator: ",") + "]")
  }

  private static func author(_ author: Author) -> JSONText {
    var view = JSONMembers()
    view.add("name", .string(author.name))
    view.add("kind", .string("\(author.kind)"))
    if !author.subject.isEmpty { view.add("subject", .string(author.subject)) }
    return view.object
  }
}
