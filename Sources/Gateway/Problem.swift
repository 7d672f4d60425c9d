import NIOHTTP1

/// An error as `application/problem+json`. Source: RFC 9457.
struct Problem: Error, Equatable {
  static let contentType = "application/problem+json"

  var kind: ProblemKind
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

  var status: HTTPResponseStatus { kind.status }

  /// What passes by itself says when to try again; in two seconds, where `headers` do not say it.
  init(_ kind: ProblemKind, _ detail: String, headers: [(String, String)] = []) {
    self.kind = kind
    self.detail = detail
    let isSilent = kind.isTransient && !headers.contains { $0.0 == "retry-after" }
    self.headers = isSilent ? headers + [("retry-after", "2")] : headers
  }

  /// A limit was reached: says which one, and, in whole seconds and exactly, when to try again.
  init(_ kind: ProblemKind, _ detail: String, limit: String, retryAfterMilliseconds: UInt64, headers: [(String, String)] = []) {
    let seconds = max(1, retryAfterMilliseconds.addingReportingOverflow(999).partialValue / 1000)
    self.init(kind, detail, headers: headers + [("retry-after", "\(seconds)")])
    self.limit = ReachedLimit(name: limit, retryAfterMilliseconds: retryAfterMilliseconds)
  }

  /// - Parameter requestID: as `X-Request-Id` has it; `nil` before there is one.
  func body(requestID: String? = nil) -> String {
    let reached = limit.map { #","limit":"\#(escaped($0.name))","retryAfterMilliseconds":\#($0.retryAfterMilliseconds)"# } ?? ""
    let request = requestID.map { #","requestId":"\#(escaped($0))""# } ?? ""
    let kind = #""type":"\#(kind.type)","title":"\#(escaped(kind.title))","status":\#(status.code)"#
    return #"{\#(kind),"detail":"\#(escaped(detail))"\#(request)\#(reached)}"# + "\n"
  }

  static func == (a: Self, b: Self) -> Bool {
    a.kind == b.kind && a.detail == b.detail && a.headers.elementsEqual(b.headers, by: ==) && a.limit == b.limit
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
