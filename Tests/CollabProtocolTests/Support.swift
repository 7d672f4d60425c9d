import CRDT
import Foundation
import NIOCore
import SwiftProtobuf
import Testing

@testable import CollabProtocol

typealias PBClient = Thaiyyal_Collab_V1_ClientMessage
typealias PBServer = Thaiyyal_Collab_V1_ServerMessage

/// SplitMix64: the same numbers for the same seed on every machine.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }
}

/// `SEED=…` in the environment replays one run.
enum Seeds {
  static let first: UInt64 = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? 20_261_123
  static func generator(_ what: String, _ offset: UInt64 = 0) -> Seeded {
    print("\(what): SEED=\(first)")
    return Seeded(first &+ offset)
  }
}

enum Files {
  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static func text(_ path: String) throws -> String { try String(contentsOf: repository.appending(path: path), encoding: .utf8) }
}

extension MessageCodec {
  static func bytes(_ message: ClientMessage, as encoding: WireEncoding) -> [UInt8] {
    var buffer = ByteBuffer()
    encode(message, as: encoding, into: &buffer)
    return Array(buffer.readableBytesView)
  }
  static func bytes(_ message: ServerMessage, as encoding: WireEncoding) -> [UInt8] {
    var buffer = ByteBuffer()
    encode(message, as: encoding, into: &buffer)
    return Array(buffer.readableBytesView)
  }
  static func client(
    _ bytes: some Sequence<UInt8>, as encoding: WireEncoding, limits: DecodeLimits = DecodeLimits()
  ) throws(DecodeError) -> ClientMessage {
    try decodeClient(ByteBuffer(bytes: bytes), as: encoding, limits: limits)
  }
  static func server(_ bytes: some Sequence<UInt8>, as encoding: WireEncoding) throws(DecodeError) -> ServerMessage {
    try decodeServer(ByteBuffer(bytes: bytes), as: encoding)
  }
  static func client(json: String, limits: DecodeLimits = DecodeLimits()) throws(DecodeError) -> ClientMessage {
    try client(json.utf8, as: .json, limits: limits)
  }
  static func server(json: String) throws(DecodeError) -> ServerMessage { try server(json.utf8, as: .json) }
}

/// The error that `body` throws, or `nil`.
func failure<T>(_ body: () throws(DecodeError) -> T) -> DecodeError? {
  do throws(DecodeError) {
    _ = try body()
    return nil
  } catch { return error }
}
