import Hummingbird
import NIOHTTP1
import WebCanvas
import WorkflowGraph

/// The page that shows a workflow live, and the files it is made of. Everything comes out of the binary.
struct PageRoutes {
  /// Packed once, for all servers of this process.
  private static let assets = Dictionary(WebAsset.all.map { ($0.name, ServedAsset($0)) }, uniquingKeysWith: { first, _ in first })

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
    guard let asset = Self.assets[name] else { throw Problem(.notFound, "There is no such file.") }
    return asset.response(to: request)
  }
}
