import CRDT
import Foundation
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import CollabProtocol

/// Vectors that clients in other languages are tested against: `UPDATE_GOLDEN=1 swift test --filter Golden` writes them.
enum Golden {
  static let isUpdating = ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil
  static let folder = "fixtures/protocol"

  /// One object per line, so that a difference is one line.
  static func check(_ name: String, _ vectors: [[String: Any]]) throws {
    let lines = try vectors.map { vector in
      String(
        decoding: try JSONSerialization.data(withJSONObject: vector, options: [.sortedKeys, .withoutEscapingSlashes]), as: UTF8.self)
    }
    let text = "[\n" + lines.joined(separator: ",\n") + "\n]\n"
    let path = "\(folder)/\(name).json"
    if isUpdating {
      try FileManager.default.createDirectory(at: Files.repository.appending(path: folder), withIntermediateDirectories: true)
      try text.write(to: Files.repository.appending(path: path), atomically: true, encoding: .utf8)
    }
    let stored = try Files.text(path).split(separator: "\n")
    let made = text.split(separator: "\n")
    #expect(stored.count == made.count)
    // Lines are long: the name is enough, `make golden` and git show the rest.
    let differing = zip(stored, made).enumerated().filter { $0.element.0 != $0.element.1 }.map { $0.offset }
    #expect(differing.isEmpty, "lines that differ in \(path): \(differing.map { $0 + 1 })")
  }

  static func read(_ name: String) throws -> [[String: Any]] {
    let data = try Data(contentsOf: Files.repository.appending(path: "\(folder)/\(name).json"))
    return try JSONSerialization.jsonObject(with: data) as? [[String: Any]] ?? []
  }

  static func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }
  static func bytes(hex: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Substring(hex)
    while rest.count >= 2 {
      bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
      rest = rest.dropFirst(2)
    }
    return bytes
  }
}

@Suite(.serialized) struct GoldenTests {
  @Test("[WP4, WP7, WP8] message vectors in both forms")
  func messages() throws {
    var random = RandomMessages(random: Seeded(0x7468_6169))
    var vectors: [[String: Any]] = []
    func addClient(_ index: Int, _ message: ClientMessage) {
      vectors.append(vector("client", index, "\(message)", MessageCodec.bytes(message, as: .json), MessageCodec.bytes(message, as: .proto)))
    }
    func addServer(_ index: Int, _ message: ServerMessage) {
      vectors.append(vector("server", index, "\(message)", MessageCodec.bytes(message, as: .json), MessageCodec.bytes(message, as: .proto)))
    }
    // Each minor step has a stream of its own, so that vectors once given stay.
    for index in 0..<28 { addClient(index, random.client(kind: index % 7)) }
    for index in 0..<48 { addServer(index, random.server(kind: index % 12)) }
    var newer = RandomMessages(random: Seeded(0x6869_7374))
    for index in 28..<52 { addClient(index, newer.client(kind: 7 + index % 6)) }
    for index in 48..<60 { addServer(index, newer.server(kind: 12 + index % 3)) }
    var newest = RandomMessages(random: Seeded(0x746f_6b65))
    for index in 52..<4 * RandomMessages.clientKinds { addClient(index, newest.client(kind: 13)) }
    for index in 60..<4 * RandomMessages.serverKinds { addServer(index, newest.server(kind: 15 + index % 2)) }
    try Golden.check("messages", vectors)
    for vector in try Golden.read("messages") { try check(vector) }
  }

  private func vector(_ from: String, _ index: Int, _ description: String, _ json: [UInt8], _ proto: [UInt8]) -> [String: Any] {
    let kind = description.prefix { $0 != "(" }
    return ["name": "\(from) \(kind) \(index)", "from": from, "json": String(decoding: json, as: UTF8.self), "proto": Golden.hex(proto)]
  }

  /// From the file alone: both forms read as the same message, and written again they are the same bytes.
  private func check(_ vector: [String: Any]) throws {
    let json = try #require(vector["json"] as? String)
    let proto = Golden.bytes(hex: try #require(vector["proto"] as? String))
    var limits = DecodeLimits()
    limits.presenceBytesMax = 1 << 20
    if vector["from"] as? String == "client" {
      let message = try MessageCodec.client(proto, as: .proto, limits: limits)
      #expect(try MessageCodec.client(json: json, limits: limits) == message)
      #expect(MessageCodec.bytes(message, as: .proto) == proto && MessageCodec.bytes(message, as: .json) == Array(json.utf8))
    } else {
      let message = try MessageCodec.server(proto, as: .proto)
      #expect(try MessageCodec.server(json: json) == message)
      #expect(MessageCodec.bytes(message, as: .proto) == proto && MessageCodec.bytes(message, as: .json) == Array(json.utf8))
    }
  }

  @Test("[DO1, CR4, GV2, GV3, GV4, GV5, SN2, ME4, RU6] document vectors: a history gives this view, these hashes, this snapshot")
  func documents() throws {
    try Golden.check("documents", DocumentVectors.all().map { try $0.object })
    for vector in try Golden.read("documents") {
      var document = WorkflowDocument()
      for text in try #require(vector["changes"] as? [String]) {
        let batch = try MessageCodec.client(json: #"{"change":{"changes":[\#(text)]}}"#)
        guard case .change(let batch) = batch, batch.faults.isEmpty else { throw DecodeError.malformed("no sound change: \(text)") }
        _ = try document.apply(batch.changes[0])
      }
      #expect(Golden.hex(document.graphHash()) == vector["graphHash"] as? String)
      #expect(Golden.hex(document.documentHash()) == vector["documentHash"] as? String)
      var read = try WorkflowDocument(snapshot: Golden.bytes(hex: try #require(vector["snapshot"] as? String)))
      #expect(read.allFingerprints().hex == vector["fingerprints"] as? [String])
      #expect(read.documentHash() == document.documentHash() && read.version == document.version && read.issues == document.issues)
    }
  }

  @Test("[GV5] the digest worked out in SPEC.md is right")
  func workedDigest() throws {
    let spec = try Files.text("protocol/SPEC.md")
    let hashes = try #require(spec.firstMatch(of: /```hashes\ngraph +([0-9a-f]{64})\ndocument +([0-9a-f]{64})\n```/))
    func set(_ node: String, _ field: FieldKey, _ value: String) -> Op {
      .setNodeField(node: NodeID(node), field: field, value: JSONText(unchecked: value))
    }
    var document = WorkflowDocument()
    let ops: [Op] = [
      .setMeta(field: "title", value: JSONText(unchecked: #""Sum""#)), .setNodeLife(node: NodeID("a"), alive: true),
      set("a", .type, #""numberNode""#), set("a", .data("value"), "2"), set("a", .position, #"{"x":0,"y":0}"#),
      .setNodeLife(node: NodeID("b"), alive: true), set("b", .type, #""vizNode""#),
      .addEdge(EdgeKey(source: NodeID("a"), target: NodeID("b"))),
    ]
    _ = try document.apply(Change(replica: ReplicaID(1), seq: 1, hlc: HybridTime(rawValue: 65536), ops: ops))
    #expect(Golden.hex(document.graphHash()) == hashes.1)
    #expect(Golden.hex(document.documentHash()) == hashes.2)
  }
}
