/// What a client does with an answer that points elsewhere. Source: RFC 9110 §15.4.
public enum RedirectRule {
  public enum Step: Hashable, Sendable {
    /// The answer is the answer.
    case stay
    /// The next request; `keepsBody` also means its content fields, `keepsFields` all that the caller has set.
    case follow(OutboundURL, method: OutboundMethod, keepsBody: Bool, keepsFields: Bool)
    case refuse(String)
  }

  /// - Parameters: `location`: all its values; two are as bad as none, but cannot be told from an attack. `count`: redirects followed so far.
  public static func step(
    status: Int, location: [String], from url: OutboundURL, method: OutboundMethod, count: Int, countMax: Int
  ) -> Step {
    guard [301, 302, 303, 307, 308].contains(status), !location.isEmpty else { return .stay }
    guard location.count == 1 else { return .refuse("the redirect has \(location.count) locations") }
    guard count < countMax else { return .refuse("stopped after \(countMax) redirects") }
    let next: OutboundURL
    do throws(OutboundURLFault) { next = try url.resolving(location[0]) } catch { return .refuse("redirect to a bad URL: \(error)") }
    guard next.isSecure || !url.isSecure else { return .refuse("redirect from https to http") }
    let becomesGet = status == 303 ? method != .head : status < 303 && method == .post
    return .follow(
      next, method: becomesGet ? .get : method, keepsBody: !becomesGet, keepsFields: next.origin == url.origin)
  }
}

public enum OutboundMethod: String, Sendable, CaseIterable {
  case get = "GET"
  case head = "HEAD"
  case post = "POST"
  case put = "PUT"
  case delete = "DELETE"
}
