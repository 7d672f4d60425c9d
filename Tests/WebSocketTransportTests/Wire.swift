import NIOCore

@testable import WebSocketTransport

/// Frames as bytes, made without the code under test.
enum Wire {
  static let mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

  static func frame(_ first: UInt8, _ payload: [UInt8] = [], masked: Bool = true, mask: [UInt8] = mask) -> [UInt8] {
    let bit: UInt8 = masked ? 0x80 : 0
    var bytes: [UInt8] = [first]
    switch payload.count {
    case 0...125: bytes.append(bit | UInt8(payload.count))
    case 126...0xFFFF: bytes += [bit | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
    default: bytes += [bit | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
    }
    guard masked else { return bytes + payload }
    return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] }
  }

  static func text(_ text: String, first: UInt8 = 0x81) -> [UInt8] { frame(first, Array(text.utf8)) }

  static func close(_ code: UInt16, _ reason: String = "", masked: Bool = true) -> [UInt8] {
    frame(0x88, [UInt8(code >> 8), UInt8(code & 0xFF)] + reason.utf8, masked: masked)
  }

  /// Bytes that look random, the same for the same seed.
  static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = Random(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }
}

struct Random: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }
}

/// What a decoder made of some bytes.
struct Decoded: Equatable {
  var events: [FrameDecoder.Event] = []
  var fault: WebSocketFault?
}

extension Wire {
  /// Feeds the pieces as reads of a socket, unmasking first when the decoder is a server's.
  static func decode(
    _ pieces: [[UInt8]], role: WebSocketRole = .server, frameBytesMax: Int = 1 << 16, messageBytesMax: Int = 1 << 16,
    compression: Bool = false
  )
    -> Decoded
  {
    var decoder = FrameDecoder(role: role, frameBytesMax: frameBytesMax, messageBytesMax: messageBytesMax, allowsCompression: compression)
    var unmasker = Unmasker()
    var input = ByteBuffer()
    var result = Decoded()
    for piece in pieces {
      input.writeBytes(piece)
      if role == .server { unmasker.unmask(&input) }
      while true {
        let before = input.readableBytes
        do throws(WebSocketFault) {
          guard let event = try decoder.next(&input) else {
            unmasker.advance(by: before - input.readableBytes)
            break
          }
          unmasker.advance(by: before - input.readableBytes)
          result.events.append(event)
        } catch {
          result.fault = error
          return result
        }
      }
    }
    return result
  }
}
