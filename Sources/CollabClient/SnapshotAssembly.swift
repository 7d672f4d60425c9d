import CollabProtocol
import Compression
import WorkflowDocument

/// A snapshot coming in pieces. Spec: SN1, ME4.
///
/// Can become complete when the last chunk comes, or anew when a chunk 0 comes: the server may start over at a newer position.
struct SnapshotAssembly: Sendable {
  enum Fault: Error, Hashable {
    case outOfTurn(expected: UInt32, got: UInt32)
    case checksum(chunk: UInt32)
    case tooLarge
    case packed(CompressionError)
    case content(String)

    var text: String {
      switch self {
      case .outOfTurn(let expected, let got): "snapshot chunk \(got) came where \(expected) was due"
      case .checksum(let chunk): "snapshot chunk \(chunk) is damaged"
      case .tooLarge: "the snapshot is larger than this client takes"
      case .packed(let error): "the snapshot does not inflate: \(error)"
      case .content(let text): "the snapshot is not readable: \(text)"
      }
    }
  }

  let bytesMax: Int
  private var data: [UInt8] = []
  private var nextIndex: UInt32 = 0
  private var first: SnapshotChunk?

  init(bytesMax: Int) { self.bytesMax = bytesMax }

  /// - Returns: the document and its position after the last chunk; `nil` before.
  mutating func add(_ chunk: SnapshotChunk) throws(Fault) -> (document: WorkflowDocument, position: UInt64)? {
    if chunk.index == 0 {
      data.removeAll(keepingCapacity: true)
      nextIndex = 0
      first = chunk
      first?.data = []
    }
    guard let first, chunk.index == nextIndex, chunk.count == first.count, chunk.position == first.position, chunk.index < chunk.count
    else {
      throw .outOfTurn(expected: nextIndex, got: chunk.index)
    }
    guard CRC32.checksum(chunk.data) == chunk.crc32 else { throw .checksum(chunk: chunk.index) }
    guard Int(first.rawBytes) <= bytesMax, data.count + chunk.data.count <= bytesMax else { throw .tooLarge }
    data += chunk.data
    nextIndex += 1
    guard nextIndex == first.count else { return nil }
    defer { self = SnapshotAssembly(bytesMax: bytesMax) }
    return (try Self.unpack(data, rawBytes: Int(first.rawBytes)), first.position)
  }

  private static func unpack(_ data: [UInt8], rawBytes: Int) throws(Fault) -> WorkflowDocument {
    let raw: [UInt8]
    do { raw = try Zlib.decompress(data, bytesMax: rawBytes) } catch { throw .packed(error) }
    do { return try WorkflowDocument(snapshot: raw) } catch { throw .content("\(error)") }
  }
}
