import CRDT
import Foundation
import Testing
import WorkflowDocument

@testable import CollabProtocol

/// The hand-written codec names exactly the fields that `protocol/collab.proto` has.
@Suite struct SchemaTests {
  /// Message name → (number, JSON name), read from the file by its own plain layout.
  private static func schema() throws -> [String: [(number: UInt32, name: String)]] {
    var messages: [String: [(number: UInt32, name: String)]] = [:]
    var current = ""
    for line in try Files.text("protocol/collab.proto").split(separator: "\n") {
      let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
      if let head = code.firstMatch(of: /message (\w+)/) {
        current = String(head.1)
        messages[current] = []
      } else if code.contains("enum ") {
        current = ""
      }
      guard !current.isEmpty else { continue }
      for field in code.matches(of: /[\w.]+ (\w+) = (\d+);/) {
        let parts = field.1.split(separator: "_")
        let name = parts[0] + parts.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        messages[current]!.append((UInt32(field.2)!, String(name)))
      }
    }
    return messages
  }

  private static let coded: [(String, FieldNames)] = [
    ("Stamp", Stamp.fieldNames), ("Version", VersionColumns.fieldNames), ("EdgeKey", EdgeDraft.fieldNames), ("Op", OpDraft.fieldNames),
    ("SetMeta", OpBody(.setMeta).names), ("SetNodeLife", OpBody(.setNodeLife).names), ("SetNodeField", OpBody(.setNodeField).names),
    ("AddEdge", OpBody(.addEdge).names), ("RemoveEdge", OpBody(.removeEdge).names), ("SetEdgeField", OpBody(.setEdgeField).names),
    ("SetCommentLife", OpBody(.setCommentLife).names), ("SetCommentField", OpBody(.setCommentField).names),
    ("Change", Change.fieldNames), ("Author", Author.fieldNames), ("Participant", Participant.fieldNames), ("Lease", Lease.fieldNames),
    ("ClientMessage", ClientMessageDraft.fieldNames), ("Wants", Wants.fieldNames), ("Hello", Hello.fieldNames),
    ("ChangeBatch", ChangeBatch.fieldNames), ("Point", Point.fieldNames), ("Viewport", PresenceState.Viewport.fieldNames),
    ("Dragging", DraggingDraft.fieldNames), ("PresenceState", PresenceState.fieldNames), ("PresenceUpdate", PresenceUpdateDraft.fieldNames),
    ("RunRequest", RunRequestDraft.fieldNames), ("CancelRun", CancelRun.fieldNames), ("Resync", Resync.fieldNames),
    ("Ping", Ping.fieldNames), ("ServerMessage", ServerMessageDraft.fieldNames), ("Limits", Limits.fieldNames),
    ("Welcome", Welcome.fieldNames), ("Snapshot", SnapshotChunk.fieldNames), ("LoggedChange", ChangesDraft.Logged.fieldNames),
    ("Changes", ChangesDraft.fieldNames), ("Refusal", Refusal.fieldNames), ("Ack", Ack.fieldNames),
    ("PresenceSlot", PresenceFrame.Slot.fieldNames), ("PresenceFrame", PresenceFrame.fieldNames), ("RunEvent", RunEventDraft.fieldNames),
    ("RunInfo", RunInfo.fieldNames), ("Issue", IssueDraft.fieldNames), ("Issues", IssuesChange.fieldNames), ("Hash", HashReport.fieldNames),
    ("RoleChanged", ShortDraft(kind: 9).names), ("Goodbye", ShortDraft(kind: 10).names), ("Error", ShortDraft(kind: 11).names),
    ("Pong", ShortDraft(kind: 12).names), ("HistoryRequest", HistoryRequest.fieldNames), ("NameVersion", NameVersion.fieldNames),
    ("RenameVersion", RenameVersion.fieldNames), ("DropVersion", DropVersion.fieldNames), ("ListVersions", ListVersions.fieldNames),
    ("StateRequest", StateRequest.fieldNames), ("HistoryEffect", HistoryEffectDraft.fieldNames), ("HistoryEntry", HistoryEntry.fieldNames),
    ("HistoryPage", HistoryPage.fieldNames), ("NamedVersion", NamedVersion.fieldNames), ("Versions", VersionList.fieldNames),
    ("StateChunk", StateChunk.fieldNames), ("TokenUpdate", TokenUpdate.fieldNames),
  ]

  @Test("[WP4] every field of collab.proto is coded under its number and name, and no other")
  func fields() throws {
    let schema = try Self.schema()
    #expect(Set(schema.keys) == Set(Self.coded.map(\.0)))
    for (message, names) in Self.coded {
      let expected = (schema[message] ?? []).sorted { $0.number < $1.number }.map { "\($0.number) \($0.name)" }
      #expect(names.fields.map { "\($0.number) \($0.name)" } == expected, "\(message)")
    }
  }
}
