import CRDT
import Foundation
import Testing
import WorkflowDocument

@testable import CollabProtocol

/// Decoders answer every sequence of bytes: with a message or with an error, never with a trap.
@Suite struct BadBytesTests {
  private static func corpus(_ encoding: WireEncoding, _ seed: UInt64) -> [(client: Bool, bytes: [UInt8])] {
    var messages = RandomMessages(random: Seeds.generator("bad bytes", seed))
    let client = (0..<RandomMessages.clientKinds * 3).map { messages.client(kind: $0 % RandomMessages.clientKinds) }
    let server = (0..<RandomMessages.serverKinds * 3).map { messages.server(kind: $0 % RandomMessages.serverKinds) }
    return client.map { (true, MessageCodec.bytes($0, as: encoding)) } + server.map { (false, MessageCodec.bytes($0, as: encoding)) }
  }

  private func decode(_ bytes: some Sequence<UInt8>, _ client: Bool, _ encoding: WireEncoding) -> DecodeError? {
    if client {
      failure { () throws(DecodeError) in try MessageCodec.client(bytes, as: encoding) }
    } else {
      failure { () throws(DecodeError) in try MessageCodec.server(bytes, as: encoding) }
    }
  }

  @Test("[WP6] a JSON message cut short is malformed at every byte; a binary one never traps", arguments: WireEncoding.allCases)
  func truncated(encoding: WireEncoding) {
    for (client, bytes) in Self.corpus(encoding, 1) {
      for count in 0..<bytes.count {
        let error = decode(bytes.prefix(count), client, encoding)
        if encoding == .json { #expect(error?.closeCode == .badRequest || error?.closeCode == .invalidPayload || error?.code == .refused) }
        // A binary message is one field: cut anywhere behind its tag it is too short.
        if encoding == .proto, count > 0 { #expect(error != nil) }
      }
    }
  }

  @Test("[WP6] flipped bits and bytes out of place never trap", arguments: WireEncoding.allCases)
  func flipped(encoding: WireEncoding) {
    var random = Seeds.generator("flipped", 2)
    for (client, bytes) in Self.corpus(encoding, 3) where !bytes.isEmpty {
      for _ in 0..<300 {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let at = Int.random(in: 0..<bytes.count, using: &random)
          switch Int.random(in: 0..<4, using: &random) {
          case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
          case 1: bytes[at] = UInt8(truncatingIfNeeded: random.next())
          case 2: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: at)
          default: if bytes.count > 1 { bytes.removeSubrange(at..<min(bytes.count, at + 4)) }
          }
          if bytes.isEmpty { bytes = [0] }
        }
        _ = decode(bytes, client, encoding)
      }
    }
  }

  @Test("[WP6] random bytes never trap", arguments: WireEncoding.allCases)
  func noise(encoding: WireEncoding) {
    var random = Seeds.generator("noise", 4)
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      _ = decode(bytes, true, encoding)
      _ = decode(bytes, false, encoding)
    }
  }

  @Test("[LM1] no declared length is believed before it is checked")
  func giantLengths() {
    let giant: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]
    for tag in UInt8(0)...127 {
      #expect(decode([tag << 3 | 2] + giant, true, .proto) != nil || tag & 31 == 0)
      #expect(decode([0x12, 0x0b, 0x12, 0x09, tag & 15 << 3 | 2] + giant.prefix(7), true, .proto) != nil)
    }
  }

  @Test("[LM1] the smallest elements cannot make a message grow beyond its bound in memory", arguments: [1, 2, 3] as [UInt8])
  func amplification(list: UInt8) throws {
    // 1 MiB of the shortest elements that a list may have.
    let count = (1 << 20) / 2 - 16
    let body: [UInt8]
    switch list {
    case 1: body = Array(repeatElement([0x12, 0x00], count: count).joined())  // selected_nodes
    case 2: body = Array(repeatElement([0x1a, 0x00], count: count).joined())  // selected_edges
    default: body = Array(repeatElement([0x2a, 0x00], count: count).joined())  // dragging
    }
    func framed(_ tag: UInt8, _ body: [UInt8]) -> [UInt8] {
      var length = body.count
      var head = [tag]
      while length >= 0x80 {
        head.append(UInt8(length & 0x7f) | 0x80)
        length >>= 7
      }
      return head + [UInt8(length)] + body
    }
    #expect(decode(framed(0x1a, framed(0x0a, body)), true, .proto)?.refusal == .tooLarge)
    var ops = [UInt8]()
    for _ in 0..<count { ops += [0x22, 0x00] }
    let change = framed(0x12, framed(0x12, [0x10, 0x01] + ops))
    guard case .change(let batch) = try MessageCodec.client(change, as: .proto) else { return #expect(Bool(false), "another kind") }
    #expect(batch.changes[0].ops.isEmpty && batch.faults.count == 1)
  }
}
