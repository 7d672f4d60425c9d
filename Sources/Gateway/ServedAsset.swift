import Compression
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import WebCanvas

/// An embedded file with its header fields and its packed form, made once. Sources: RFC 9110 §8.8, §12.5.3, §13.1.2; RFC 9111.
struct ServedAsset: Sendable {
  private struct Form: Sendable {
    var body: ByteBuffer
    var headers: HTTPFields
  }

  /// Both tags name the same file; a browser shows the one of the form that it has.
  private let etags: [String]
  private let plain: Form
  /// `nil` when it would not be smaller by a tenth.
  private let packed: Form?

  init(_ asset: WebAsset) {
    let packed = Gzip.compress(UnsafeRawBufferPointer(asset.bytes.buffer))
    let isWorthIt = packed.count * 10 < asset.bytes.count * 9
    // Two forms are two representations: a strong tag is of one of them.
    let packedTag = String(asset.etag.dropLast()) + "-gz\""
    etags = isWorthIt ? [asset.etag, packedTag] : [asset.etag]
    plain = Form(body: ByteBuffer(bytes: asset.bytes.buffer), headers: Self.headers(asset.contentType, asset.etag, varies: isWorthIt))
    guard isWorthIt else {
      self.packed = nil
      return
    }
    var headers = Self.headers(asset.contentType, packedTag, varies: true)
    headers[.contentEncoding] = "gzip"
    self.packed = Form(body: ByteBuffer(bytes: packed), headers: headers)
  }

  private static func headers(_ contentType: String, _ etag: String, varies: Bool) -> HTTPFields {
    var headers = HTTPFields()
    headers[.contentType] = contentType
    headers[.eTag] = etag
    // Names carry no version: a browser asks each time, and is told 304.
    headers[.cacheControl] = "no-cache"
    if varies { headers[.vary] = "accept-encoding" }
    return headers
  }

  func response(to request: Request) -> Response {
    let takesGzip = Self.takesGzip(request.headers[values: .acceptEncoding].joined(separator: ","))
    let form = takesGzip ? packed ?? plain : plain
    if let known = request.headers[.ifNoneMatch], Self.names(known, etags) {
      var headers = form.headers
      // It belongs to the body that is not sent.
      headers[.contentEncoding] = nil
      return Response(status: .notModified, headers: headers)
    }
    return Response(status: .ok, headers: form.headers, body: ResponseBody(byteBuffer: form.body))
  }

  /// Whether an Accept-Encoding field lets gzip in: by name or by `*`, and not with weight 0. The name counts more than `*`.
  static func takesGzip(_ field: String) -> Bool {
    var byName: Bool?
    var byStar: Bool?
    for item in field.split(separator: ",") {
      let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
      let isRefused = parts.dropFirst().contains { $0.hasPrefix("q=0") && $0.dropFirst(3).allSatisfy { $0 == "0" || $0 == "." } }
      switch parts.first {
      case "gzip", "x-gzip": byName = !isRefused
      case "*": byStar = !isRefused
      default: continue
      }
    }
    return byName ?? byStar ?? false
  }

  /// Weak comparison, as If-None-Match wants it.
  private static func names(_ list: String, _ etags: [String]) -> Bool {
    list == "*"
      || list.split(separator: ",").contains { item in
        var tag = item.drop { $0 == " " }
        if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
        while tag.last == " " { tag.removeLast() }
        return etags.contains { $0 == tag }
      }
  }
}
