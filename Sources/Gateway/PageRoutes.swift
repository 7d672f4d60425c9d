import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import WebCanvas
import WorkflowGraph

/// The page that shows a workflow live, and the files it is made of. Everything comes out of the binary.
struct PageRoutes {
  private let assets: [String: ServedAsset]

  init() {
    assets = Dictionary(WebAsset.all.map { ($0.name, ServedAsset($0)) }, uniquingKeysWith: { first, _ in first })
  }

  func add(to router: Router<BasicRequestContext>) {
    router.get("/") { request, _ in try page("home.html", for: request) }
    router.get("/w/:id") { request, context in
      guard let text = context.parameters.get("id"), WorkflowID(text) != nil else {
        throw Problem(.notFound, "There can be no workflow of this name: 1 to 128 of A-Z a-z 0-9 . _ - with no dot first.")
      }
      return try page("canvas.html", for: request)
    }
    router.get("/assets/:name") { request, context in
      guard let name = context.parameters.get("name"), !name.hasSuffix(".html") else { throw Problem(.notFound, "There is no such file.") }
      return try page(name, for: request)
    }
    router.get("/assets/sdk/:name") { request, context in
      guard let name = context.parameters.get("name") else { throw Problem(.notFound, "There is no such file.") }
      return try page("sdk/" + name, for: request)
    }
  }

  private func page(_ name: String, for request: Request) throws -> Response {
    guard let asset = assets[name] else { throw Problem(.notFound, "There is no such file.") }
    return asset.response(to: request)
  }
}

/// An embedded file with its header fields, made once.
private struct ServedAsset: Sendable {
  private let body: ByteBuffer
  private let etag: String
  private let headers: HTTPFields

  init(_ asset: WebAsset) {
    body = ByteBuffer(bytes: asset.bytes.buffer)
    etag = asset.etag
    var headers = HTTPFields()
    headers[.contentType] = asset.contentType
    headers[.eTag] = asset.etag
    // Names carry no version: a browser asks each time, and is told 304.
    headers[.cacheControl] = "no-cache"
    self.headers = headers
  }

  func response(to request: Request) -> Response {
    if let known = request.headers[.ifNoneMatch], Self.names(known, etag) { return Response(status: .notModified, headers: headers) }
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
  }

  /// Weak comparison, as If-None-Match wants it. Source: RFC 9110 §13.1.2.
  private static func names(_ list: String, _ etag: String) -> Bool {
    list == "*"
      || list.split(separator: ",").contains { item in
        var tag = item.drop { $0 == " " }
        if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
        while tag.last == " " { tag.removeLast() }
        return tag == etag
      }
  }
}
