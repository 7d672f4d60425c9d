import NIOCore

/// The beginning of a message whose end is not there, in buffers that are never copied to grow: one that doubles would hold twice what was said, and
/// three times that while it is copied.
struct MessagePieces {
  /// Below what the allocator maps by itself: what is given back serves the next message.
  static let chunkBytesMax = 64 << 10

  private var chunks: [ByteBuffer] = []
  private(set) var byteCount = 0
  /// Memory that is held, the part without bytes included: at most twice `byteCount`, and at most `chunkBytesMax` more than it, but for small ones.
  private(set) var capacity = 0

  var isEmpty: Bool { byteCount == 0 }

  mutating func append(_ piece: ByteBuffer) {
    var rest = piece
    byteCount += rest.readableBytes
    while rest.readableBytes > 0 {
      if chunks.isEmpty || chunks[chunks.count - 1].writableBytes == 0 { grow(for: rest.readableBytes) }
      let last = chunks.count - 1
      guard var part = rest.readSlice(length: min(rest.readableBytes, chunks[last].writableBytes)) else { return }
      chunks[last].writeBuffer(&part)
    }
  }

  /// As large as all before it together, so that a long message is not many small buffers.
  private mutating func grow(for bytes: Int) {
    let held = byteCount - bytes
    let chunk = ByteBufferAllocator().buffer(capacity: min(Self.chunkBytesMax, max(bytes, held, 256)))
    capacity += chunk.storageCapacity
    chunks.append(chunk)
  }

  /// All of it in one buffer; empty afterwards.
  mutating func take() -> ByteBuffer {
    defer { self = MessagePieces() }
    if chunks.count == 1 { return chunks[0] }
    var whole = ByteBufferAllocator().buffer(capacity: byteCount)
    for index in chunks.indices { whole.writeBuffer(&chunks[index]) }
    return whole
  }
}
