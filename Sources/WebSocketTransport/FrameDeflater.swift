internal import Compression
public import NIOCore

/// Compresses frames once for many receivers: every message starts without context, so any receiver whose connection negotiated
/// permessage-deflate can read it, see ``WebSocketConnection/sharesCompressedFrames``.
///
/// Not `Sendable`: one per room or event loop.
public final class SharedDeflater {
  private let frames: FrameDeflater

  public init(_ configuration: DeflateConfiguration = DeflateConfiguration()) {
    frames = FrameDeflater(configuration, windowBits: configuration.windowBits, keepsContext: false)
  }

  /// Appends one whole frame, compressed when that makes it smaller.
  /// - Complexity: O(payload).
  public func appendCompressedFrame(_ kind: WebSocketPayloadKind, _ payload: ByteBuffer, to out: inout ByteBuffer) {
    frames.append(kind, payload, mask: nil, to: &out)
  }
}

/// A compressor and what it needs to make frames of its output.
final class FrameDeflater {
  private let deflater: RawDeflater
  private let keepsContext: Bool
  private let payloadBytesMin: Int
  /// Kept between messages: the frame's length stands before its payload.
  private var scratch = ByteBuffer()
  private static let scratchKeptMax = 64 << 10

  init(_ configuration: DeflateConfiguration, windowBits: Int, keepsContext: Bool) {
    deflater = RawDeflater(level: configuration.level, windowBits: windowBits, memoryLevel: configuration.memoryLevel)
    payloadBytesMin = configuration.payloadBytesMin
    self.keepsContext = keepsContext
  }

  func append(_ kind: WebSocketPayloadKind, _ payload: ByteBuffer, mask: UInt32?, to out: inout ByteBuffer) {
    guard payload.readableBytes >= payloadBytesMin else {
      return FrameEncoder.append(first: 0x80 | kind.rawValue, payload, mask: mask, to: &out)
    }
    scratch.clear()
    deflater.appendMessage(payload, keepsContext: keepsContext, to: &scratch)
    // With context the receiver's window must see every message that went through ours.
    if keepsContext || scratch.readableBytes < payload.readableBytes {
      FrameEncoder.append(first: 0xC0 | kind.rawValue, scratch, mask: mask, to: &out)
    } else {
      FrameEncoder.append(first: 0x80 | kind.rawValue, payload, mask: mask, to: &out)
    }
    if keepsContext || scratch.capacity > Self.scratchKeptMax { scratch = ByteBuffer() }
  }
}
