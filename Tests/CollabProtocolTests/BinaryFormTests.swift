import CRDT
import SwiftProtobuf
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import CollabProtocol

/// What the binary form takes and what it does not.
@Suite struct BinaryFormTests {
  private func field(_ number: UInt8, _ body: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(body.count)] + body }

  @Test(
    "[WP8] encodings that mean the same",
    arguments: [
      [0x3a, 0x02, 0x08, 0x0c],  // ping { id: 12 }
      [0x3a, 0x04, 0x08, 0x8c, 0x80, 0x00],  // overlong varint
      [0x3a, 0x04, 0x08, 0x01, 0x08, 0x0c],  // the last one counts
      [0x3a, 0x02, 0x08, 0x0c, 0x3a, 0x00],  // merged
      [0x3a, 0x82, 0x80, 0x00, 0x08, 0x0c],  // overlong length
      [0x0a, 0x02, 0x08, 0x01, 0x3a, 0x02, 0x08, 0x0c],  // of a oneof the last member counts
      [0x3a, 0x10, 0x78, 0x01, 0x7a, 0x01, 0x00, 0x79, 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x0c],  // unknown varint, bytes, fixed64
    ] as [[UInt8]])
  func same(bytes: [UInt8]) throws { #expect(try MessageCodec.client(bytes, as: .proto) == .ping(Ping(id: 12))) }

  @Test("[WP8] numbers of every length are read, wherever the message ends behind them")
  func numbers() throws {
    for bit in 0..<64 {
      for id in [UInt64(1) << UInt64(bit), (UInt64(1) << UInt64(bit)) - 1, .max >> UInt64(bit), 0x0123_4567_89ab_cdef >> UInt64(bit)] {
        for seen in [UInt64(0), 1, .max, 1 << 63] {
          let ping = ClientMessage.ping(Ping(id: id, seen: seen))
          #expect(try MessageCodec.client(MessageCodec.bytes(ping, as: .proto), as: .proto) == ping)
        }
      }
    }
  }

  @Test("[WP8] lists of numbers are taken packed and unpacked")
  func packed() throws {
    let expected = ClientMessage.resync(
      Resync(version: Version([.init(replica: ReplicaID(1), seq: 5), .init(replica: ReplicaID(2), seq: 300)])))
    let packed = field(6, field(1, field(1, [1, 2]) + field(2, [5, 0xac, 0x02])))
    let unpacked = field(6, field(1, [0x08, 1, 0x10, 5, 0x08, 2, 0x10, 0xac, 0x02]))
    #expect(MessageCodec.bytes(expected, as: .proto) == packed)
    #expect(try MessageCodec.client(packed, as: .proto) == expected)
    #expect(try MessageCodec.client(unpacked, as: .proto) == expected)
  }

  @Test(
    "[WP2] an empty message and kinds of a newer minor version are ignored",
    arguments: [[], [0x7a, 0x01, 0x00], [0xfa, 0x07, 0x00]] as [[UInt8]])
  func unknown(bytes: [UInt8]) throws { #expect(try MessageCodec.client(bytes, as: .proto) == .unknown) }

  @Test(
    "[WP6] bytes that are no message close with 4400",
    arguments: [
      [0x3a], [0x3a, 0x02, 0x08], [0x3a, 0x03, 0x08, 0x0c], [0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
      [0x38, 0x01],  // a number where a message belongs
      [0x3a, 0x02, 0x0a, 0x00],  // bytes where a number belongs
      [0x02, 0x00],  // field 0
      [0x3b, 0x3c], [0x7b, 0x7c],  // groups, known and unknown
      [0x3e, 0x00], [0x3f, 0x00],  // wire types 6 and 7
      [0x3a, 0x0c, 0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],  // eleven bytes
      [0x3a, 0x0b, 0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02],  // bit 64
      [0x0a, 0x02, 0x22, 0x01, 0xff], [0x0a, 0x03, 0x22, 0x01, 0xff],  // a string that is not UTF-8
      [0x0a, 0x08, 0x3a, 0x06, 0x08, 0x80, 0x80, 0x80, 0x80, 0x10],  // replica beyond 32 bits
      [0x1a, 0x0d, 0x0a, 0x0b, 0x0a, 0x09, 0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f],  // an infinite coordinate
      [0x12, 0x02, 0x12, 0x00],  // a change without seq
    ] as [[UInt8]])
  func malformed(bytes: [UInt8]) {
    let error = failure { () throws(DecodeError) in try MessageCodec.client(bytes, as: .proto) }
    #expect(error?.closeCode == .badRequest, "\(bytes) gave \(error?.text ?? "a message")")
  }

  @Test(
    "[WP8] lengths of nested messages take the bytes they need", arguments: [1, 100, 126, 127, 128, 129, 16_382, 16_383, 16_384, 200_000])
  func lengths(count: Int) throws {
    let value = JSONText(unchecked: "\"" + String(repeating: "x", count: count) + "\"")
    let change = Change(
      replica: ReplicaID(1), seq: 1, hlc: .zero, ops: [.setMeta(field: "title", value: value), .setMeta(field: "a", value: nil)])
    let message = ClientMessage.change(ChangeBatch(batch: 1, changes: [change, change], seen: 9))
    for encoding in WireEncoding.allCases {
      #expect(try MessageCodec.client(MessageCodec.bytes(message, as: encoding), as: encoding) == message)
    }
    let bytes = MessageCodec.bytes(message, as: .proto)
    #expect(try PBClient(serializedBytes: bytes).serializedBytes() as [UInt8] == bytes)
  }
}
