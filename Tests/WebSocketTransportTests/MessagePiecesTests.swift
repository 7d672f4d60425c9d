import NIOCore
import Testing

@testable import WebSocketTransport

@Suite struct MessagePiecesTests {
  @Test(
    "whatever the pieces, the message is their sum, and the memory is at most twice it or one chunk more",
    arguments: [1, 3, 100, 512, 1000, 4096, 16_384, 65_536, 100_000])
  func pieces(size: Int) {
    var pieces = MessagePieces()
    var sum: [UInt8] = []
    while sum.count < 300_000 {
      let piece = (0..<size).map { UInt8(truncatingIfNeeded: sum.count + $0 * 7) }
      pieces.append(ByteBuffer(bytes: piece))
      sum += piece
      #expect(pieces.byteCount == sum.count && pieces.capacity >= sum.count)
      #expect(pieces.capacity <= max(256, min(2 * sum.count, sum.count + MessagePieces.chunkBytesMax)))
      // Byte by byte is looked at where buffers are small.
      if size < 100, sum.count > 5000 { break }
    }
    #expect(pieces.take() == ByteBuffer(bytes: sum))
    #expect(pieces.isEmpty && pieces.capacity == 0)
  }

  @Test("empty pieces hold nothing")
  func empty() {
    var pieces = MessagePieces()
    pieces.append(ByteBuffer())
    #expect(pieces.isEmpty && pieces.capacity == 0)
    #expect(pieces.take().readableBytes == 0)
  }
}
