import Foundation
import SwiftProtobuf
import Testing

@testable import CollabProtocol

/// Our codec against generated code of another author, in both forms and both directions.
@Suite struct OracleTests {
  /// Spellings of JSON that a peer may choose.
  private static let spellings: [JSONEncodingOptions] = {
    var numbers = JSONEncodingOptions()
    numbers.alwaysPrintInt64sAsNumbers = true
    numbers.alwaysPrintEnumsAsInts = true
    var names = JSONEncodingOptions()
    names.preserveProtoFieldNames = true
    return [JSONEncodingOptions(), numbers, names]
  }()

  /// One message of ours through the oracle and back, all ways round.
  private func check<M: Equatable, PB: SwiftProtobuf.Message & Equatable>(
    _ message: M, _ type: PB.Type, encode: (M, WireEncoding) -> [UInt8], decode: ([UInt8], WireEncoding) throws(DecodeError) -> M
  ) throws {
    let proto = encode(message, .proto)
    let json = encode(message, .json)
    #expect(try decode(proto, .proto) == message)
    #expect(try decode(json, .json) == message)

    let seen = try PB(serializedBytes: proto)
    #expect(try PB(jsonUTF8Bytes: json) == seen, "both forms say the same to the oracle")
    #expect(try seen.serializedBytes() as [UInt8] == proto, "our binary form is canonical")
    for spelling in Self.spellings {
      let theirs: [UInt8] = try seen.jsonUTF8Bytes(options: spelling)
      #expect(try decode(theirs, .json) == message)
    }
  }

  @Test("[WP4] client messages of every kind agree with generated code in both forms", arguments: 0..<RandomMessages.clientKinds)
  func clientMessages(kind: Int) throws {
    var messages = RandomMessages(random: Seeds.generator("client messages", UInt64(kind)))
    for _ in 0..<300 {
      try check(
        messages.client(kind: kind), PBClient.self, encode: { MessageCodec.bytes($0, as: $1) },
        decode: { bytes, encoding throws(DecodeError) in
          var wide = DecodeLimits()
          wide.presenceBytesMax = 1 << 20
          return try MessageCodec.client(bytes, as: encoding, limits: wide)
        })
    }
  }

  @Test("[WP4] server messages of every kind agree with generated code in both forms", arguments: 0..<RandomMessages.serverKinds)
  func serverMessages(kind: Int) throws {
    var messages = RandomMessages(random: Seeds.generator("server messages", 100 + UInt64(kind)))
    for _ in 0..<300 {
      try check(
        messages.server(kind: kind), PBServer.self, encode: { MessageCodec.bytes($0, as: $1) },
        decode: { bytes, encoding throws(DecodeError) in try MessageCodec.server(bytes, as: encoding) })
    }
  }

  @Test("[WP8] coordinates survive both forms exactly")
  func doubles() throws {
    var random = Seeds.generator("doubles", 7)
    for _ in 0..<20_000 {
      let value = Double(bitPattern: random.next())
      guard value.isFinite else { continue }
      var state = PresenceState()
      state.cursor = Point(x: value, y: (value.remainder(dividingBy: 1e7) * 100).rounded() / 100)
      guard case .presence(let back) = try MessageCodec.client(MessageCodec.bytes(.presence(state), as: .json), as: .json) else {
        Issue.record("not a presence message")
        return
      }
      #expect(back.cursor?.x.bitPattern == value.bitPattern)
      #expect(back.cursor?.y.bitPattern == state.cursor?.y.bitPattern)
    }
  }

  @Test("[RU2] a stored run event is the binary form of the message")
  func storedRunEvents() throws {
    var messages = RandomMessages(random: Seeds.generator("run events", 9))
    for _ in 0..<100 {
      guard case .runEvent(let event) = messages.server(kind: 5) else { continue }
      let bytes = RunEventCodec.encode(event)
      #expect(try Thaiyyal_Collab_V1_RunEvent(serializedBytes: bytes).serializedBytes() as [UInt8] == bytes)
      #expect(try RunEventCodec.decode(bytes) == event)
    }
  }

  @Test("[WP6] bytes that the oracle does not take are not taken either", arguments: WireEncoding.allCases)
  func strictness(encoding: WireEncoding) throws {
    var messages = RandomMessages(random: Seeds.generator("strictness", 11))
    var random = Seeds.generator("strictness", 12)
    var lenient = JSONDecodingOptions()
    lenient.ignoreUnknownFields = true
    var taken = 0
    for round in 0..<3000 {
      var bytes = MessageCodec.bytes(messages.client(kind: round % RandomMessages.clientKinds), as: encoding)
      guard !bytes.isEmpty else { continue }
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[at] = encoding == .json ? Array("{}[]\",:0-e.tn\\".utf8).randomElement(using: &random)! : UInt8(random.next() & 255)
        default: bytes.remove(at: at)
        }
        if bytes.isEmpty { break }
      }
      guard !bytes.isEmpty, let message = try? MessageCodec.client(bytes, as: encoding) else { continue }
      // What comes after a fault in a change is passed over, not read.
      if case .change(let batch) = message, !batch.faults.isEmpty { continue }
      taken += 1
      switch encoding {
      case .proto: #expect(throws: Never.self, "\(bytes)") { try PBClient(serializedBytes: bytes) }
      case .json:
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(throws: Never.self, "\(text)") { try PBClient(jsonString: text, options: lenient) }
      }
    }
    #expect(taken > 100, "some changed messages must still be messages, else this proves nothing")
  }
}
