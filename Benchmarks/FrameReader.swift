import CRDT
import CollabProtocol
import Compression
import NIOCore

/// What a load client wants to know about a frame, without decoding it.
final class FrameReader {
  struct Edit {
    var replica: UInt32 = 0
    var seq: UInt64 = 0
  }

  enum Meaning {
    case welcome
    case edits([Edit])
    case ack(UInt64)
    case presence
    case other
  }

  struct Malformed: Error {}

  private let inflater = RawInflater()
  /// All members get the same frames: the last ones are remembered by their bytes, so that each is inflated and walked once.
  private var known: [(bytes: [UInt8], meaning: Meaning)] = []
  private static let knownMax = 8

  /// Place of the next frame's payload and its length with header; `nil` while the header is not whole.
  static func frame(_ bytes: UnsafeRawBufferPointer, at start: Int) -> (first: UInt8, payload: Int, count: Int)? {
    guard bytes.count - start >= 2 else { return nil }
    let first = bytes[start]
    let short = Int(bytes[start + 1] & 0x7F)
    let headerCount = short < 126 ? 2 : short == 126 ? 4 : 10
    guard bytes.count - start >= headerCount else { return nil }
    var length = short
    if headerCount > 2 {
      length = 0
      for index in start + 2..<start + headerCount { length = length << 8 | Int(bytes[index]) }
    }
    return (first, start + headerCount, headerCount + length)
  }

  func meaning(_ payload: UnsafeRawBufferPointer, first: UInt8, _ speech: Crowd.Speech) throws -> Meaning {
    guard first & 0x0F == 2 else { return .other }
    let isCompressed = first & 0x40 != 0
    if !isCompressed, payload.count > 4096 || Self.kind(payload) != 0x1A { return try Self.meaning(payload, speech) }
    for item in known where item.bytes.count == payload.count && item.bytes.withUnsafeBytes({ Self.equal($0, payload) }) {
      return item.meaning
    }
    let meaning: Meaning
    if isCompressed {
      meaning = try inflated(payload).withUnsafeReadableBytes { try Self.meaning($0, speech) }
    } else {
      meaning = try Self.meaning(payload, speech)
    }
    if known.count == Self.knownMax { known.removeFirst() }
    known.append((Array(payload), meaning))
    return meaning
  }

  /// Of a welcome.
  func replica(_ payload: UnsafeRawBufferPointer, first: UInt8) throws -> UInt32 {
    let bytes = first & 0x40 != 0 ? try inflated(payload) : ByteBuffer(bytes: payload)
    guard case .welcome(let welcome) = try MessageCodec.decodeServer(bytes, as: .proto), let lease = welcome.lease else {
      throw Malformed()
    }
    return lease.replica.rawValue
  }

  private func inflated(_ payload: UnsafeRawBufferPointer) throws -> ByteBuffer {
    try inflater.message(ByteBuffer(bytes: payload), bytesMax: 4 << 20, keepsContext: false)
  }

  private static func kind(_ payload: UnsafeRawBufferPointer) -> UInt8 { payload.first ?? 0 }

  private static func equal(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    a.elementsEqual(b)
  }

  // MARK: payloads

  private static func meaning(_ payload: UnsafeRawBufferPointer, _ speech: Crowd.Speech) throws -> Meaning {
    guard case .thaiyyal = speech else {
      return payload.count > 1 && payload[0] == 0 && payload[1] == 2 ? .edits([Edit()]) : .other
    }
    switch kind(payload) {
    case 0x0A: return .welcome
    case 0x1A: return .edits(try changes(payload))
    case 0x22:
      guard case .ack(let ack) = try MessageCodec.decodeServer(ByteBuffer(bytes: payload), as: .proto) else { throw Malformed() }
      return .ack(ack.seq)
    case 0x2A: return .presence
    default: return .other
    }
  }

  /// Replica and seq of each change in a `changes` message.
  private static func changes(_ payload: UnsafeRawBufferPointer) throws -> [Edit] {
    var edits: [Edit] = []
    try fields(payload) { outer in
      try fields(outer.bytes) { field in
        guard field.number == 2 else { return }
        try fields(field.bytes) { part in
          guard part.number == 4 else { return }
          var edit = Edit()
          try fields(part.bytes) { item in
            if item.number == 1 { edit.replica = UInt32(truncatingIfNeeded: item.value) }
            if item.number == 2 { edit.seq = item.value }
          }
          edits.append(edit)
        }
      }
    }
    return edits
  }

  private struct Field {
    var number: UInt64
    var value: UInt64
    var bytes: UnsafeRawBufferPointer
  }

  private static func fields(_ bytes: UnsafeRawBufferPointer, _ body: (Field) throws -> Void) throws {
    var place = 0
    func varint() throws -> UInt64 {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while place < bytes.count, shift < 64 {
        let byte = bytes[place]
        place += 1
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
        shift += 7
      }
      throw Malformed()
    }
    while place < bytes.count {
      let tag = try varint()
      switch tag & 7 {
      case 0: try body(Field(number: tag >> 3, value: try varint(), bytes: UnsafeRawBufferPointer(start: nil, count: 0)))
      case 2:
        let count = Int(try varint())
        guard count <= bytes.count - place else { throw Malformed() }
        try body(Field(number: tag >> 3, value: 0, bytes: UnsafeRawBufferPointer(rebasing: bytes[place..<place + count])))
        place += count
      case 5: place += 4
      default: throw Malformed()
      }
    }
  }
}

/// Frames as a client sends them; a mask of zeros leaves the payload as it is.
enum Frames {
  static func client(_ message: ClientMessage) -> [UInt8] {
    var payload = ByteBuffer()
    MessageCodec.encode(message, as: .proto, into: &payload)
    return binary(Array(payload.readableBytesView))
  }

  static func binary(_ payload: [UInt8]) -> [UInt8] {
    switch payload.count {
    case ..<126: [0x82, 0x80 | UInt8(payload.count), 0, 0, 0, 0] + payload
    case ..<65536: [0x82, 0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255), 0, 0, 0, 0] + payload
    default: [0x82, 0x80 | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) } + [0, 0, 0, 0] + payload
    }
  }
}
