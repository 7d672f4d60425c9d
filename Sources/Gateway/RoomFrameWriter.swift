public import CollabProtocol
public import NIOCore
public import Rooms
public import WebSocketTransport

/// Frames for the rooms of one event loop: plain, or compressed without context so that all who negotiated it share them.
public final class RoomFrameWriter: FrameWriter {
  private let deflater: SharedDeflater?

  /// - Parameter deflate: as the connections negotiate it.
  public init(_ deflate: WebSocketConfiguration.Deflate) {
    deflater = if case .on(let configuration) = deflate { SharedDeflater(configuration) } else { nil }
  }

  public func append(_ payload: ByteBuffer, as encoding: WireEncoding, compressed: Bool, to frames: inout ByteBuffer) {
    let kind: WebSocketPayloadKind = encoding == .json ? .text : .binary
    if compressed, let deflater {
      deflater.appendCompressedFrame(kind, payload, to: &frames)
    } else {
      FrameEncoder.append(kind, payload, to: &frames)
    }
  }
}
