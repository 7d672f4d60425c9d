import CRDT
import Compression
import Foundation
import NIOCore
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import CollabProtocol

/// `protocol/CONVERSATION.md` is read, not believed: every block is a message in its exact spelling, and what it says is what a document gives.
@Suite(.serialized) struct ConversationTests {
  static let path = "protocol/CONVERSATION.md"

  struct Block {
    var from: String
    var to: [String]
    var text: String
  }

  /// The file in pieces: prose, and blocks that say who speaks to whom.
  static func blocks(_ markdown: String) -> [Block] {
    markdown.matches(of: /```json (\w+)→([\w,]+)\n([\s\S]*?)\n```/).map { match in
      Block(from: String(match.1), to: match.2.split(separator: ",").map { String($0) }, text: String(match.3))
    }
  }

  /// With `UPDATE_GOLDEN=1`: writes hashes and snapshots anew where the example has others.
  @Test(.enabled(if: Golden.isUpdating))
  func update() throws {
    var markdown = try Files.text(Self.path)
    var replay = Replay()
    for block in Self.blocks(markdown) {
      let said = try replay.take(block, computes: true)
      if try Self.tidy(said) != Self.tidy(block.text) { markdown = markdown.replacing(block.text, with: said, maxReplacements: 1) }
    }
    try markdown.write(to: Files.repository.appending(path: Self.path), atomically: true, encoding: .utf8)
  }

  @Test("[WP4, WP7, WP3, OR1, AK1, RU3, GB1] the example conversation is one")
  func conversation() throws {
    let blocks = Self.blocks(try Files.text(Self.path))
    #expect(blocks.count > 40)
    var replay = Replay()
    for block in blocks {
      let said = try replay.take(block)
      #expect(try Self.tidy(said) == Self.tidy(block.text), "spelled or computed differently: \(said)")
    }
    #expect(replay.server.position == 7 && replay.kinds.count >= 17, "\(replay.kinds.sorted())")
  }

  private static func tidy(_ json: String) throws -> String {
    let object = try JSONSerialization.jsonObject(with: Data(json.utf8))
    return String(decoding: try JSONSerialization.data(withJSONObject: object, options: .sortedKeys), as: UTF8.self)
  }
}

/// Follows the example as the server and both people would.
private struct Replay {
  struct Side {
    var document = WorkflowDocument()
    var position: UInt64 = 0
  }
  var server = Side()
  var people: [String: Side] = [:]
  /// Who waits for what after a welcome.
  var catchUp: [String: Welcome] = [:]
  var sent: [String: [Change]] = [:]
  var runSeq: UInt64 = 0
  var kinds: Set<String> = []

  /// - Returns: the message as our encoder spells it, with hashes and snapshots computed when they are missing and `computes`.
  mutating func take(_ block: ConversationTests.Block, computes: Bool = false) throws -> String {
    if block.from != "server" {
      let message = try MessageCodec.client(json: block.text)
      kinds.insert("client \("\(message)".prefix { $0 != "(" })")
      try take(message, from: block.from)
      return String(decoding: MessageCodec.bytes(message, as: .json), as: UTF8.self)
    }
    var message = try MessageCodec.server(json: block.text)
    kinds.insert("server \("\(message)".prefix { $0 != "(" })")
    if computes { message = compute(message) }
    for person in block.to { try take(message, by: person) }
    return String(decoding: MessageCodec.bytes(message, as: .json), as: UTF8.self)
  }

  private mutating func take(_ message: ClientMessage, from person: String) throws {
    switch message {
    case .hello(let hello):
      if hello.lease == nil { people[person] = Side() }
    case .change(let batch):
      #expect(batch.faults.isEmpty)
      #expect(batch.seen <= people[person]?.position ?? 0)
      sent[person, default: []] = batch.changes
    case .resync(let resync): #expect(resync.version == people[person]?.document.version)
    default: break
    }
  }

  private mutating func take(_ message: ServerMessage, by person: String) throws {
    var side = people[person] ?? Side()
    switch message {
    case .welcome(let welcome): catchUp[person] = welcome
    case .changes(let changes):
      for logged in changes {
        if logged.position == server.position + 1 {
          #expect(try server.document.apply(logged.change) == .applied)
          server.position += 1
        }
        #expect(logged.position == side.position + 1, "[OR1] \(person)")
        _ = try side.document.apply(logged.change)
        side.position = logged.position
        if sent[person]?.first == logged.change { sent[person]?.removeFirst() }
      }
    case .snapshot(let chunk):
      #expect(chunk.crc32 == CRC32.checksum(chunk.data))
      side.document = try WorkflowDocument(snapshot: Zlib.decompress(chunk.data, bytesMax: Int(chunk.rawBytes)))
      side.position = chunk.position
      var (mine, theirs) = (side.document, server.document)
      #expect(chunk.position == server.position && mine.documentHash() == theirs.documentHash() && mine.version == theirs.version)
    case .ack(let ack):
      #expect(ack.position == side.position && ack.seq == side.document.version[ack.replica], "[AK1] \(person)")
      #expect(ack.refused.map(\.seq) == (sent[person] ?? []).map(\.seq), "[AK1] everything is answered")
      for refusal in ack.refused {
        let change = sent[person]!.first { $0.seq == refusal.seq }!
        let isDropped = refusal.code != .conflict
        #expect(refusal.revert == (isDropped ? server.document.presentState(of: change.ops) : []), "[RF3]")
      }
    case .hash(let hash):
      #expect(hash.version == side.document.version && hash.position == side.position)
      #expect(hash.graphHash == side.document.graphHash() && hash.documentHash == side.document.documentHash())
    case .issues(let change):
      let now = Set(side.document.issues)
      #expect(change.added.allSatisfy(now.contains) && !change.removed.contains(where: now.contains))
    case .runEvent(let event):
      if event.seq > runSeq {
        #expect(event.seq == runSeq + 1)
        runSeq = event.seq
      }
      if let info = event.info { #expect(info.graphHash == side.document.graphHash() && info.version == side.document.version) }
    default: break
    }
    people[person] = side
    if let welcome = catchUp[person], side.position == welcome.position {
      #expect(side.document.version == welcome.version, "[WP3] \(person)")
      catchUp[person] = nil
    }
  }

  private mutating func compute(_ message: ServerMessage) -> ServerMessage {
    switch message {
    case .hash(var hash):
      (hash.graphHash, hash.documentHash) = (server.document.graphHash(), server.document.documentHash())
      return .hash(hash)
    case .snapshot(var chunk):
      let raw = server.document.encodeSnapshot()
      chunk.data = Zlib.compress(raw)
      (chunk.crc32, chunk.rawBytes) = (CRC32.checksum(chunk.data), UInt32(raw.count))
      return .snapshot(chunk)
    case .runEvent(var event):
      event.info?.graphHash = server.document.graphHash()
      return .runEvent(event)
    case .issues(var change):
      let all = server.document.issues
      change.added = change.added.map { issue in
        all.first { $0.code == issue.code && $0.edge == issue.edge && $0.node == issue.node } ?? issue
      }
      change.removed = change.removed.map { issue in
        var before = lastIssues.first { $0.code == issue.code && $0.edge == issue.edge && $0.node == issue.node } ?? issue
        before.severity = issue.severity
        return before
      }
      lastIssues += all
      return .issues(change)
    case .ack(var ack):
      ack.refused = ack.refused.map { refusal in
        guard refusal.code != .conflict, let change = sent["ada"]?.first(where: { $0.seq == refusal.seq }) else { return refusal }
        var refusal = refusal
        refusal.revert = server.document.presentState(of: change.ops)
        return refusal
      }
      return .ack(ack)
    default: return message
    }
  }
  private var lastIssues: [GraphIssue] = []
}
