/// A document as bytes, version 1. Spec: ME4.
///
///     magic "THYS" · format u8 · document bytes u64 LE · columns · checksum: the first 8 bytes of SHA-256 over all before it
///
/// Three columns, each a u64 LE length and its bytes, so that like lies beside like and zlib finds it: *shape* (counts, references,
/// lengths, flags, as LEB128 numbers), *stamps* (each against the one before), *text* (ids, names, values, joined).
///
/// Shape, in this order: version entries (replica, seq) · highest time · names · meta fields · nodes (id, life, fields), the visible ones
/// first, each part in id order · ends (ids of nodes that only an edge names) · edges (ends and handles by number, tags, fields), those with tags first and in
/// edge order · comments (id, life, fields) · waiting removals (edge, tag).
enum SnapshotFormat {
  static let magic: [UInt8] = Array("THYS".utf8)
  static let version: UInt8 = 1
  static let headerBytes = 4 + 1 + 8
  static let checksumBytes = 8
}

/// What a snapshot may ask for.
public struct SnapshotLimits: Hashable, Sendable {
  /// Of the whole snapshot.
  public var snapshotBytesMax = 256 << 20
  /// As `WorkflowDocument.byteCount` counts: what decoding may allocate.
  public var documentBytesMax = 256 << 20

  public static let `default` = SnapshotLimits()
  public init() {}
}

/// Why bytes are no snapshot that can be read.
public enum SnapshotError: Error, Hashable, Sendable {
  /// Not a snapshot at all.
  case notSnapshot
  /// Written by a newer program.
  case unknownFormat(UInt8)
  /// Shorter or longer than it says.
  case wrongLength(declared: UInt64, got: Int)
  case wrongChecksum
  case tooLarge(bytesMax: Int)
  /// Well wrapped, but what is inside makes no sense.
  case malformed(String)
}
