import CollabProtocol
import Compression
import NIOCore
import WorkflowDocument

/// Encoded snapshots of a room, at most the one in use and the one in the making. The frames of each form are made once for all joiners.
struct SnapshotShelf {
  struct Blob: Sendable {
    var position: UInt64
    /// One zlib stream: goes over the wire in chunks and to the store as it is. Spec: SN1, ME4.
    var data: [UInt8]
    var rawBytes: Int

    init(of document: WorkflowDocument, at position: UInt64) {
      let raw = document.encodeSnapshot()
      self.position = position
      data = Zlib.compress(raw)
      rawBytes = raw.count
    }
  }

  private struct Item {
    var blob: Blob
    var frames: [WireEncoding: [ByteBuffer]] = [:]
  }

  private var items: [UInt64: Item] = [:]

  mutating func put(_ blob: Blob) { items[blob.position] = Item(blob: blob) }
  mutating func drop(_ position: UInt64) { items[position] = nil }
  func blob(_ position: UInt64) -> Blob? { items[position]?.blob }

  /// One frame per chunk. Not compressed again: zlib output does not shrink.
  mutating func frames(_ position: UInt64, as encoding: WireEncoding, writer: any FrameWriter) -> [ByteBuffer]? {
    guard let item = items[position] else { return nil }
    if let made = item.frames[encoding] { return made }
    let frames = item.blob.payloads(as: encoding) { .snapshot($0) }.map { payload in
      var frame = ByteBuffer()
      writer.append(payload, as: encoding, compressed: false, to: &frame)
      return frame
    }
    items[position]?.frames[encoding] = frames
    return frames
  }
}

extension SnapshotShelf.Blob {
  /// One message per chunk, encoded. Reads all of the data, so it is nothing for an event loop when there is much.
  func payloads(as encoding: WireEncoding, message: (SnapshotChunk) -> ServerMessage) -> [ByteBuffer] {
    let count = max(1, (data.count + SnapshotChunk.dataBytesMax - 1) / SnapshotChunk.dataBytesMax)
    return (0..<count).map { index in
      let start = index * SnapshotChunk.dataBytesMax
      let part = Array(data[start..<min(start + SnapshotChunk.dataBytesMax, data.count)])
      let chunk = SnapshotChunk(
        index: UInt32(index), count: UInt32(count), data: part, crc32: CRC32.checksum(part), position: position,
        rawBytes: UInt32(clamping: rawBytes))
      var payload = ByteBuffer()
      MessageCodec.encode(message(chunk), as: encoding, into: &payload)
      return payload
    }
  }
}
