import NIOHTTP1

/// An error as `application/problem+json`. Source: RFC 9457.
struct Problem: Error, Equatable {
  static let contentType = "application/problem+json"

  var status: HTTPResponseStatus
  /// One sentence for the reader of the answer. Never what the request contained.
  var detail: String
  var headers: [(String, String)]

  init(_ status: HTTPResponseStatus, _ detail: String, headers: [(String, String)] = []) {
    self.status = status
    self.detail = detail
    self.headers = headers
  }

  var body: String {
    #"{"type":"about:blank","title":"\#(escaped(status.reasonPhrase))","status":\#(status.code),"detail":"\#(escaped(detail))"}"# + "\n"
  }

  static func == (a: Self, b: Self) -> Bool {
    a.status == b.status && a.detail == b.detail && a.headers.elementsEqual(b.headers, by: ==)
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
