import CWebCanvas

/// A file of the page that shows a workflow live, compiled into the binary.
public struct WebAsset: Sendable {
  /// Unique; the SDK's modules have a folder: `canvas.html`, `sdk/client.js`.
  public let name: String
  /// The value of the content-type header.
  public let contentType: String
  /// A strong entity tag with its quotes. It changes whenever the bytes do.
  public let etag: String
  /// The content; lives as long as the process.
  public let bytes: StaticBytes

  /// All files, in the order of their C table.
  public static let all: [WebAsset] = (0...).lazy.map { web_canvas_asset_at($0) }.prefix { $0 != nil }.compactMap { $0?.pointee }.map(
    WebAsset.init)

  init(_ asset: web_canvas_asset) {
    name = String(cString: asset.name)
    contentType = String(cString: asset.content_type)
    bytes = StaticBytes(start: asset.bytes, count: asset.byte_count)
    etag = "\"" + String(bytes.fingerprint, radix: 16) + "-" + String(bytes.count, radix: 16) + "\""
  }
}

/// Bytes of the binary's read-only data.
///
/// `@unchecked Sendable`: the memory is constant and is never freed.
public struct StaticBytes: @unchecked Sendable {
  public let start: UnsafePointer<UInt8>
  public let count: Int

  public var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }

  /// FNV-1a, 64 bits: tells versions of a file apart, resists nobody who wants a collision.
  var fingerprint: UInt64 {
    buffer.reduce(0xcbf2_9ce4_8422_2325) { hash, byte in (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }
}
