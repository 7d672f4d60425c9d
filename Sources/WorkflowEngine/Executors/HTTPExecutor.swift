/// Fetches a URL and gives its body as text. Everything about the network is somebody else's: without one, every call is refused.
public struct HTTPExecutor: WaitingNodeExecutor {
  public static let type = "http"

  private let fetcher: (any HTTPFetcher)?

  /// Allows nothing.
  public init() { fetcher = nil }

  public init(_ fetcher: any HTTPFetcher) { self.fetcher = fetcher }

  /// Whether there is anything to fetch with.
  var isOn: Bool { fetcher != nil }

  public func execute(_ call: NodeCall) async throws(NodeFailure) -> Value {
    let url = try call.requiredText("url", "HTTP node missing url")
    guard let fetcher else { throw NodeFailure("HTTP requests are not allowed on this server") }
    let page: FetchedPage
    do throws(FetchFailure) {
      page = try await fetcher.get(url, within: call.timeLeft, budget: call.outside)
    } catch {
      switch error.kind {
      case .url: throw NodeFailure("HTTP request failed: parse \"\(url)\": \(error.text)")
      case .call: throw NodeFailure("HTTP request failed: Get \"\(url)\": \(error.text)")
      case .body: throw NodeFailure("failed to read response body: \(error.text)")
      case .budget: throw NodeFailure(error.text)
      }
    }
    guard (200..<300).contains(page.status) else { throw NodeFailure("HTTP request returned error status: \(page.status)") }
    return .text(PayloadReader.repaired(page.body))
  }
}

/// What fetches for nodes: an adapter around the network, with rules of its own about where it goes.
public protocol HTTPFetcher: Sendable {
  /// One GET, redirects included. Cancelling the task ends it at once.
  /// - Parameters: `within`: everything together; `budget`: asked before each request and for the bytes that came.
  func get(_ url: String, within limit: Duration, budget: OutsideBudget) async throws(FetchFailure) -> FetchedPage
}

public struct FetchedPage: Sendable, Hashable {
  public var status: Int
  public var body: [UInt8]
  public init(status: Int, body: [UInt8]) {
    self.status = status
    self.body = body
  }
}

public struct FetchFailure: Error, Hashable, Sendable {
  public enum Kind: Sendable {
    /// Not even the beginning of a URL.
    case url
    case call
    /// An answer came, and not all of it.
    case body
    case budget
  }
  public var kind: Kind
  public var text: String
  public init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }
}
