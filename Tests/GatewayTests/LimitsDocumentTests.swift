import CollabProtocol
import Foundation
import RateLimits
import RoomCore
import Rooms
import Storage
import Testing
import WebSocketTransport
import Webhooks
import WorkflowEngine

@testable import Gateway

/// `docs/LIMITS.md` against the code: a limit that is not there, or has another value there, is a mistake in one of the two.
@Suite struct LimitsDocumentTests {
  struct Section: Sendable, CustomTestStringConvertible {
    var title: String
    var limits: [String: String]
    var testDescription: String { title }
  }

  private static let sections = [
    Section(
      title: "Rates",
      limits: Dictionary(uniqueKeysWithValues: RateTable.names.map { ("\($0)", text(RateTable.defaults[$0.thing, per: $0.scope])) })),
    Section(
      title: "Connections and requests",
      limits: limits(of: GatewayConfiguration(), except: ["port"]).merging([
        "headBytesMax": grouped(GatewayConfiguration.headBytesMax), "graphBodyBytesMax": grouped(GraphRoutes.bodyBytesMax),
        "runOptionsBytesMax": grouped(RunOptions.bodyBytesMax), "refusalsAtOnceMax": grouped(ConnectionCensus.refusalsAtOnceMax),
      ]) { $1 }.merging(limits(of: RoomConfiguration(), except: ["drainDeadline"])) { $1 }),
    Section(title: "WebSocket", limits: limits(of: GatewayConfiguration().webSocket)),
    Section(title: "Protocol", limits: limits(of: Limits())),
    Section(title: "Rooms", limits: limits(of: RoomLimits())),
    Section(title: "Runs", limits: limits(of: RunLimits())),
    Section(
      title: "Store",
      limits: limits(of: StoreLimits()).merging([
        "answerCountMax": grouped(KeptAnswer.countMax), "answerCountPerHolderMax": grouped(KeptAnswer.countPerHolderMax),
        "answerBytesMax": grouped(KeptAnswer.bodyBytesMax), "answerAgeMax": "\(KeptAnswer.ageMillisecondsMax / 1000) s",
      ]) { first, _ in first }),
    Section(title: "Webhooks", limits: limits(of: WebhookLimits())),
  ]

  @Test("every limit stands in the document with its value, and no other does", arguments: sections)
  func table(section: Section) throws {
    let rows = try Self.rows(section.title)
    #expect(Set(rows.keys) == Set(section.limits.keys))
    for (name, value) in section.limits { #expect(rows[name] == value, "\(name)") }
  }

  /// Bounds that stand beside what they bound, by file and name. What is beyond none of them is left out here: what the server keeps for itself,
  /// cuts its own work into, or says at most.
  private static let inner: Set = [
    "AccessBook.countMax", "AccessRoutes.presentMax", "ConnectionCensus.refusalsAtOnceMax", "Counts.keyCountMax",
    "GatewayConfiguration.headBytesMax", "GraphRoutes.bodyBytesMax", "HeapTrim.movementCountMin", "ImportDesk.baseBytesMax",
    "ImportDesk.numberMax", "LimitLedger.generationCountMax", "LiveStatus.countMax", "LoopCrew.joinedBytesMax", "RoomHost.actionsKeptMax",
    "RoomHost.inlineSnapshotBytesMax", "RoomLoader.recentRunCountMax", "RoomLoader.runPageBytesMax", "RoomLoader.snapshotBytesMax",
    "RunBook.finishedBytesMax", "RunBook.finishedCountMax", "RunDesk.beginDeadline", "RunOptions.bodyBytesMax", "StatusView.membersMax",
    "TokenRules.secondsMax", "VersionRoutes.stretchMax", "WorkflowList.lookedAtMax", "WorkflowShelf.countMax", "WorkflowShelf.lineCountMax",
    "WorkflowShelf.pointCountMax",
  ]

  @Test("every bound that is written down in the code of what guests can do stands in the document, or is named here as none of theirs")
  func fixed() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let bound = #/static (?:let|var) (\w*(?:Max|Min|[dD]eadline|Patience))(?:: \w+)? (?:= (.+)|\{ (.+) \})/#
    var found: [String: String] = [:]
    for module in ["Access", "Gateway", "Rooms", "RoomCore"] {
      let files = FileManager.default.enumerator(at: root.appending(path: "Sources/\(module)"), includingPropertiesForKeys: nil)
      for case let file as URL in files ?? .init() where file.pathExtension == "swift" {
        for match in try String(contentsOf: file, encoding: .utf8).matches(of: bound) {
          found["\(file.deletingPathExtension().lastPathComponent).\(match.1)"] = Self.value(match.2 ?? match.3 ?? "")
        }
      }
    }
    #expect(found.count > 40 && Self.inner.isSubset(of: found.keys), "\(Self.inner.subtracting(found.keys)) are gone")
    let rows = try Self.rows("Access and requests, fixed")
    #expect(Set(rows.keys) == Set(found.keys).subtracting(Self.inner))
    for (name, value) in rows { #expect(found[name] == value, "\(name)") }
  }

  /// `1_000`, `16 << 10` and `Duration.seconds(5)` as the document has them.
  private static func value(_ source: Substring) -> String {
    if let seconds = source.wholeMatch(of: #/Duration\.seconds\((\d+)\)/#) { return "\(seconds.1) s" }
    let numbers = source.replacing("_", with: "").components(separatedBy: " << ").map { Int($0) }
    guard let first = numbers[0] else { return String(source) }
    return grouped(numbers.count == 2 ? first << (numbers[1] ?? 0) : first)
  }

  /// Numbers and durations; what else a configuration holds is no limit.
  private static func limits(of configuration: some Any, except: Set<String> = []) -> [String: String] {
    var found: [String: String] = [:]
    for child in Mirror(reflecting: configuration).children {
      guard let name = child.label, !except.contains(name) else { continue }
      if let duration = child.value as? Duration {
        found[name] = "\(duration.components.seconds) s"
      } else if let number = child.value as? any FixedWidthInteger {
        found[name] = grouped(number)
      }
    }
    return found
  }

  private static func text(_ rate: Rate?) -> String {
    guard let rate else { return "none" }
    return "\(grouped(rate.perSecond)) / \(grouped(rate.burst))"
  }

  /// `1048576` → `1 048 576`.
  private static func grouped(_ number: some FixedWidthInteger) -> String {
    var digits = "\(number)"[...]
    var groups: [Substring] = []
    while !digits.isEmpty {
      groups.insert(digits.suffix(3), at: 0)
      digits = digits.dropLast(3)
    }
    return groups.joined(separator: " ")
  }

  /// Name and value of each row of a section's table: `| \`name\` | value | … |`.
  private static func rows(_ title: String) throws -> [String: String] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "docs/LIMITS.md"), encoding: .utf8)
    let section = try #require(text.components(separatedBy: "\n## ").first { $0.hasPrefix(title + "\n") })
    var rows: [String: String] = [:]
    for line in section.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      let name = cells[0].replacing("`", with: "")
      #expect(rows[name] == nil, "\(name) stands there twice")
      rows[name] = cells[1]
    }
    return rows
  }
}
