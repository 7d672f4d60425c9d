import NIOHTTP1

/// An error as `application/problem+json`. Source: RFC 9457.
struct Problem: Error, Equatable {
  static let contentType = "application/problem+json"

  var status: HTTPResponseStatus
  /// One sentence for the reader of the answer. Never what the request contained.
  var detail: String
  var headers: [(String, String)]
  /// Which limit was reached, and when to try again.
  var limit: ReachedLimit?

  struct ReachedLimit: Equatable {
    /// As in docs/LIMITS.md.
    var name: String
    var retryAfterMilliseconds: UInt64
  }

  init(_ status: HTTPResponseStatus, _ detail: String, headers: [(String, String)] = []) {
    self.status = status
    self.detail = detail
    self.headers = headers
  }

  /// A limit was reached: says which one, and, in whole seconds and exactly, when to try again.
  init(_ status: HTTPResponseStatus, _ detail: String, limit: String, retryAfterMilliseconds: UInt64, headers: [(String, String)] = []) {
    let seconds = max(1, retryAfterMilliseconds.addingReportingOverflow(999).partialValue / 1000)
    self.init(status, detail, headers: headers + [("retry-after", "\(seconds)")])
    self.limit = ReachedLimit(name: limit, retryAfterMilliseconds: retryAfterMilliseconds)
  }

  var body: String {
    let reached = limit.map { #","limit":"\#(escaped($0.name))","retryAfterMilliseconds":\#($0.retryAfterMilliseconds)"# } ?? ""
    return
      #"{"type":"about:blank","title":"\#(escaped(status.reasonPhrase))","status":\#(status.code),"detail":"\#(escaped(detail))"\#(reached)}"#
      + "\n"
  }

  static func == (a: Self, b: Self) -> Bool {
    a.status == b.status && a.detail == b.detail && a.headers.elementsEqual(b.headers, by: ==) && a.limit == b.limit
  }

  private func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{0}"..<"\u{20}": result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
