/// What is counted.
public enum RatedThing: String, CaseIterable, Hashable, Sendable {
  /// Connections opened and, of a subject, sessions begun.
  case connects
  case messages, bytes, ops, runs, presence, pings, resyncs, history
  /// Messages refused or put off by one of these rates; beyond it the session is closed.
  case refusals
  /// Requests over HTTP that look at little, that change something, and that read or write whole graphs.
  case reads, writes, exports

  /// As one says it: "more than 5 of these a second".
  public var words: String {
    switch self {
    case .resyncs: "requests for a fresh state"
    case .history: "requests for history"
    case .presence: "presence updates"
    case .exports: "requests for whole graphs"
    case .reads: "reading requests"
    case .writes: "writing requests"
    case .refusals: "messages in spite of a limit"
    case .connects, .messages, .bytes, .ops, .runs, .pings: rawValue
    }
  }
}

/// For whom it is counted.
public enum RateScope: String, CaseIterable, Hashable, Sendable {
  case session
  /// Over all its sessions and requests. Nobody in open mode.
  case subject
  /// An IPv4 address, or the first 64 bits of an IPv6 address: what one customer of a provider has.
  case address
}

/// Names one limit: `ops-per-subject`.
public struct RateName: Hashable, Sendable, CustomStringConvertible {
  public let thing: RatedThing
  public let scope: RateScope

  public init(_ thing: RatedThing, per scope: RateScope) {
    self.thing = thing
    self.scope = scope
  }

  public var description: String { "\(thing.rawValue)-per-\(scope.rawValue)" }
}

/// Every rate that this server holds its guests to: the one list of them. A thing without a rate in a scope is free there.
public struct RateTable: Hashable, Sendable {
  /// By thing and scope: every message looks here.
  private var rates = [Rate?](repeating: nil, count: RatedThing.allCases.count * RateScope.allCases.count)

  private init() {}

  /// Free of all.
  public static let none = RateTable()

  /// People behind one address are many, so an address may do more than a subject, and a subject, in several tabs, more than a session.
  public static let defaults: RateTable = {
    let mebibyte: UInt64 = 1 << 20
    let rows: [(RatedThing, RateScope, Rate)] = [
      (.connects, .subject, Rate(10, burst: 200)), (.connects, .address, Rate(100, burst: 2_500)),
      (.messages, .session, Rate(1_000, burst: 2_000)), (.messages, .subject, Rate(2_000, burst: 4_000)),
      (.messages, .address, Rate(20_000, burst: 40_000)),
      (.bytes, .session, Rate(8 * mebibyte, burst: 64 * mebibyte)), (.bytes, .subject, Rate(16 * mebibyte, burst: 128 * mebibyte)),
      (.bytes, .address, Rate(32 * mebibyte, burst: 256 * mebibyte)),
      (.ops, .session, Rate(50_000, burst: 400_000)), (.ops, .subject, Rate(100_000, burst: 800_000)),
      (.ops, .address, Rate(200_000, burst: 1_600_000)),
      (.runs, .session, Rate(5, burst: 100)), (.runs, .subject, Rate(10, burst: 200)), (.runs, .address, Rate(40, burst: 800)),
      (.presence, .session, Rate(40, burst: 80)), (.presence, .subject, Rate(200, burst: 800)),
      (.presence, .address, Rate(10_000, burst: 20_000)),
      (.pings, .session, Rate(5, burst: 60)),
      (.resyncs, .session, Rate(2, burst: 32)),
      (.history, .session, Rate(4, burst: 32)),
      (.refusals, .session, Rate(50, burst: 1_000)),
      (.reads, .subject, Rate(100, burst: 1_000)), (.reads, .address, Rate(400, burst: 4_000)),
      (.writes, .subject, Rate(50, burst: 500)), (.writes, .address, Rate(200, burst: 2_000)),
      (.exports, .subject, Rate(5, burst: 100)), (.exports, .address, Rate(20, burst: 400)),
    ]
    var table = RateTable()
    for (thing, scope, rate) in rows { table[thing, per: scope] = rate }
    return table
  }()

  public subscript(_ thing: RatedThing, per scope: RateScope) -> Rate? {
    get { rates[thing.place * RateScope.allCases.count + scope.place] }
    set { rates[thing.place * RateScope.allCases.count + scope.place] = newValue }
  }

  /// In the order of things, then scopes; only those that the defaults have.
  public static let names: [RateName] = RatedThing.allCases.flatMap { thing in
    RateScope.allCases.map { RateName(thing, per: $0) }.filter { defaults[$0.thing, per: $0.scope] != nil }
  }

  /// `NAME=RATE`: the name of a limit, a scope or `all`; the rate as in ``Rate`` or `none`. Of several, those that come later count.
  public mutating func apply(_ text: String) throws(RateFault) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else { throw RateFault("\"\(text)\" is not of the form NAME=RATE") }
    let meant = Self.names.filter { parts[0] == "all" || parts[0] == $0.scope.rawValue || parts[0] == "\($0)" }
    guard !meant.isEmpty else { throw RateFault("there is no limit \"\(parts[0])\"", unknown: parts[0]) }
    if parts[1] == "none" {
      for name in meant { self[name.thing, per: name.scope] = nil }
      return
    }
    guard let rate = Rate(parts[1]) else { throw RateFault("\"\(parts[1])\" is no rate such as 50, 50/400 or none") }
    guard parts[0] == "\(meant[0])" else { throw RateFault("all limits of \"\(parts[0])\" at once can only be none") }
    self[meant[0].thing, per: meant[0].scope] = rate
  }
}

/// A limit that cannot be set as asked, in words.
public struct RateFault: Error, Hashable, Sendable {
  public var text: String
  /// A name that nobody knows.
  public var unknown: String?

  init(_ text: String, unknown: String? = nil) {
    self.text = text
    self.unknown = unknown
  }
}

/// Which rate was exceeded, and when to try again.
public struct RateRefusal: Error, Hashable, Sendable {
  public let name: RateName
  public let rate: Rate
  /// At least 1.
  public let waitMilliseconds: UInt64

  public init(_ name: RateName, _ rate: Rate, waitMilliseconds: UInt64) {
    self.name = name
    self.rate = rate
    self.waitMilliseconds = max(1, waitMilliseconds)
  }

  /// Without a full stop: `more than 5 runs a second of one session (runs-per-session)`.
  public var text: String { "more than \(rate.perSecond) \(name.thing.words) a second of one \(name.scope.rawValue) (\(name))" }
}

extension RatedThing {
  /// Of its bucket in a row.
  var place: Int {
    switch self {
    case .connects: 0
    case .messages: 1
    case .bytes: 2
    case .ops: 3
    case .runs: 4
    case .presence: 5
    case .pings: 6
    case .resyncs: 7
    case .history: 8
    case .refusals: 9
    case .reads: 10
    case .writes: 11
    case .exports: 12
    }
  }
}

extension RateScope {
  var place: Int {
    switch self {
    case .session: 0
    case .subject: 1
    case .address: 2
    }
  }
}
