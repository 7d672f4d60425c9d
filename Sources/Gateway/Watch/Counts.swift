import CollabProtocol
import Synchronization
import Telemetry

/// Ends of sessions or connections by close code. A peer may say any code: those that are not in the table count together.
struct CountsByCode: Sendable {
  private static let known: [CloseCode] = [
    .normal, .goingAway, .protocolError, .unsupportedData, .noStatus, .abnormal, .invalidPayload, .messageTooBig, .internalError,
    .badRequest,
    .notAuthenticated, .forbidden, .unknownWorkflow, .helloTooLate, .replaced, .tooLarge, .version, .abusive, .serverFault, .draining,
    .tooSlow, .evicted,
  ]

  private let counters = Dictionary(uniqueKeysWithValues: known.map { ($0, Counter()) })
  private let others = Counter()

  func add(_ code: CloseCode) { (counters[code] ?? others).add() }

  /// By ascending code.
  var samples: [([MetricsText.Label], UInt64)] {
    Self.known.sorted { $0.rawValue < $1.rawValue }.map { ([("code", "\($0)")], counters[$0]?.value ?? 0) } + [
      ([("code", "other")], others.value)
    ]
  }
}

extension CloseCode {
  /// Never on the wire: the closing frame carried no code, or there was none.
  fileprivate static let noStatus = CloseCode(rawValue: 1005)
  fileprivate static let abnormal = CloseCode(rawValue: 1006)
}

/// HTTP requests by route, method and class of status. Behind a lock: a request costs a hundred times what that does.
final class RequestCounts: Sendable {
  struct Key: Hashable {
    /// As the router has it: `/api/v1/workflows/{id}`.
    var route: String
    var method: String
    /// 2 for 200 to 299.
    var statusClass: Int
  }

  /// Routes times methods times classes are far fewer; what is beyond counts as another route.
  private static let keyCountMax = 512
  private static let methods: Set = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

  private let histograms = Mutex<[Key: Histogram]>([:])

  /// One of a few: a peer may say any word.
  static func known(_ method: String) -> String { methods.contains(method) ? method : "other" }

  func observe(route: String?, method: String, status: Int, _ duration: Duration) {
    var key = Key(route: route ?? "none", method: Self.known(method), statusClass: status / 100)
    let histogram = histograms.withLock { histograms in
      if histograms[key] == nil, histograms.count >= Self.keyCountMax {
        key = Key(route: "other", method: "other", statusClass: key.statusClass)
      }
      if let known = histograms[key] { return known }
      let made = Histogram.ofCalls()
      histograms[key] = made
      return made
    }
    histogram.observe(duration)
  }

  func write(to text: inout MetricsText) {
    let all = histograms.withLock { $0 }.sorted {
      ($0.key.route, $0.key.method, $0.key.statusClass) < ($1.key.route, $1.key.method, $1.key.statusClass)
    }
    text.histogram(
      "thaiyyal_http_request_duration_seconds", "HTTP requests until their answer begins, by route and class of status.",
      all.map { key, histogram in
        ([("route", key.route), ("method", key.method), ("status", "\(key.statusClass)xx")], histogram)
      })
  }
}
