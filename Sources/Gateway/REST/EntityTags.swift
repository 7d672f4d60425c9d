import HTTPTypes
import Hummingbird
import NIOHTTP1

/// `If-Match` and `If-None-Match`. Source: RFC 9110 §13.1, §8.8.3.
struct EntityTags: Equatable {
  /// `*`: whatever there is.
  var isAny = false
  /// Without quotes; weak ones keep their `W/`.
  var tags: [String] = []

  /// `nil` when the request has no such field.
  init?(_ request: Request, _ name: HTTPField.Name) throws {
    let fields = request.headers[values: name]
    guard !fields.isEmpty else { return nil }
    var rest = fields.joined(separator: ",")[...]
    while let first = rest.first(where: { $0 != " " && $0 != "," && $0 != "\t" }) {
      rest = rest.drop { $0 == " " || $0 == "," || $0 == "\t" }
      if first == "*" {
        isAny = true
        rest = rest.dropFirst()
        continue
      }
      let isWeak = rest.hasPrefix("W/")
      if isWeak { rest = rest.dropFirst(2) }
      guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") else {
        throw Problem(.badRequest, "An entity tag stands in double quotes.")
      }
      tags.append((isWeak ? "W/" : "") + rest[rest.index(after: rest.startIndex)..<end])
      rest = rest[rest.index(after: end)...]
    }
    guard isAny != !tags.isEmpty, tags.count <= Self.countMax else {
      throw Problem(.badRequest, "\(name.rawName) takes * or 1 to \(Self.countMax) entity tags.")
    }
  }

  private static let countMax = 32

  /// What a state must be tagged with to be changed; weak tags never match; `nil`: whatever it is.
  var strong: [String]? { isAny ? nil : tags.filter { !$0.hasPrefix("W/") } }

  /// Whether one of them names the state, be it weakly.
  func match(_ tag: String) -> Bool { isAny || tags.contains { $0 == tag || $0 == "W/" + tag } }
}
