import Access
import Configuration
import Foundation
import Logging
import OutboundPolicy
import RateLimits
import Webhooks

/// Everything `serve` and `doctor` were asked for, checked one by one and against each other.
struct ServeConfiguration {
  enum Security {
    case plain
    case selfSigned(beside: String)
    case files(cert: String, key: String)
  }

  var host: String
  var port: Int
  var security: Security
  var clientCA: String?
  /// `nil`: in memory.
  var dataFile: String?
  var tokensFile: String?
  /// The keys of signed tokens.
  var jwksFile: String?
  var tokenRules: TokenRules
  var isOpen: Bool
  var allowedOrigins: [String]
  var connectionsMax: Int
  var connectionsPerAddressMax: Int
  var proxies: ProxyPolicy
  var rates: RateTable
  var drain: Duration
  var loops: Int
  var logLevel: Logger.Level
  var operations: OperationsConfiguration
  var outside: OutsideConfiguration
  var webhooks: WebhookPolicy
  /// One line per setting with its value and where it came from.
  var lines: [String]

  init(_ options: ServeOptions, environment: [String: String] = ProcessInfo.processInfo.environment) async throws {
    let file = options.config ?? environment[Setting.fileEnvironmentName]
    let sources = try await ConfigurationSources(flags: options.given, environment: environment, file: file)
    let isPlain = try sources.flag(.plain)
    host = try sources.text(.host)
    port = try sources.number(.port, in: 0...65_535)
    if port < 0 { port = isPlain ? 8080 : 8443 }
    let isInMemory = try sources.flag(.memory)
    let data = try sources.text(.data)
    dataFile = isInMemory ? nil : data
    tokensFile = try Self.path(sources.text(.tokens))
    jwksFile = try Self.path(sources.text(.jwks))
    tokenRules = TokenRules(issuer: try Self.path(sources.text(.jwtIssuer)), audience: try Self.path(sources.text(.jwtAudience)))
    isOpen = try sources.flag(.open)
    clientCA = try Self.path(sources.text(.clientCA))
    allowedOrigins = try sources.texts(.allowedOrigins)
    connectionsMax = try sources.number(.connectionsMax, in: 1...1_000_000)
    connectionsPerAddressMax = try sources.number(.connectionsPerAddressMax, in: 1...1_000_000)
    proxies = try Self.proxies(sources)
    rates = try Self.rates(sources)
    drain = .seconds(try sources.number(.drainSeconds, in: 0...3600))
    loops = try sources.number(.loops, in: 0...1024)
    logLevel = try Self.logLevel(sources)
    operations = try OperationsConfiguration(sources)
    outside = try OutsideConfiguration(sources)
    webhooks = try WebhookConfiguration(sources).policy
    security = try Self.security(sources, isPlain: isPlain, dataFile: data)
    lines = []
    try check()
    lines = try describe(sources)
  }

  /// Whether nobody gets in without a token.
  var asksForTokens: Bool { tokensFile != nil || jwksFile != nil }

  /// How callers show who they are; `nil`: they need not.
  var accessWords: String? {
    let files = [tokensFile, jwksFile].compactMap { $0 }
    return files.isEmpty ? nil : "by token (\(files.joined(separator: ", ")))"
  }

  var isPlain: Bool { if case .plain = security { true } else { false } }

  var url: String { self.url(host: host, port: port) }

  func url(host: String, port: Int) -> String {
    let shown =
      host == "127.0.0.1" || host == "::1" || host == "0.0.0.0" || host == "::" ? "localhost" : host.contains(":") ? "[\(host)]" : host
    return "\(isPlain ? "http" : "https")://\(shown):\(port)"
  }

  /// Only programs of this machine reach the server, and all of them may do everything there.
  var isPrivate: Bool { isLoopback && !asksForTokens }

  var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

  private static func path(_ text: String) -> String? { text.isEmpty ? nil : text }

  private static func logLevel(_ sources: ConfigurationSources) throws -> Logger.Level {
    let text = try sources.text(.logLevel)
    guard let level = Logger.Level(rawValue: text) else {
      let known = Logger.Level.allCases.map(\.rawValue)
      throw ConfigurationFault(
        "log-level: \"\(text)\" is none of \(known.joined(separator: ", ")) (\(sources.origin(of: .logLevel)))"
          + hint(for: text, among: known))
    }
    return level
  }

  private static func proxies(_ sources: ConfigurationSources) throws -> ProxyPolicy {
    let ranges = try sources.texts(.trustedProxies).map { text in
      guard let range = IPRange(text) ?? IPAddress(text).flatMap({ IPRange("\($0)/\($0.bytes.count * 8)") }) else {
        throw ConfigurationFault(
          "trusted-proxies: \"\(text)\" is no address and no range such as 10.0.0.0/8 (\(sources.origin(of: .trustedProxies)))")
      }
      return range
    }
    let name = try sources.text(.proxyHeader)
    guard let header = ProxyPolicy.Header(rawValue: name.lowercased()) else {
      let known = ProxyPolicy.Header.allCases.map(\.rawValue)
      throw ConfigurationFault(
        "proxy-header: \"\(name)\" is none of \(known.joined(separator: ", ")) (\(sources.origin(of: .proxyHeader)))"
          + hint(for: name, among: known))
    }
    return ProxyPolicy(trusted: ranges, header: header)
  }

  private static func rates(_ sources: ConfigurationSources) throws -> RateTable {
    var rates = RateTable.defaults
    for text in try sources.texts(.limits) {
      do throws(RateFault) { try rates.apply(text) } catch {
        let near = error.unknown.map { hint(for: $0, among: RateTable.names.map(\.description)) } ?? ""
        throw ConfigurationFault("limits: \(error.text) (\(sources.origin(of: .limits)))" + near)
      }
    }
    return rates
  }

  private static func security(_ sources: ConfigurationSources, isPlain: Bool, dataFile: String) throws -> Security {
    let cert = try sources.text(.cert)
    let key = try sources.text(.key)
    switch (isPlain, cert.isEmpty, key.isEmpty) {
    case (true, true, true): return .plain
    case (true, _, _): throw ConfigurationFault("plain excludes cert and key: choose one")
    case (false, true, true): return .selfSigned(beside: dataFile)
    case (false, false, false): return .files(cert: cert, key: key)
    default: throw ConfigurationFault("cert and key go together: \(cert.isEmpty ? "cert" : "key") is missing")
    }
  }

  private func check() throws {
    if !asksForTokens && !isOpen && !isLoopback {
      throw ConfigurationFault(
        "everybody who reaches \(host) would be an owner: give --tokens FILE or --jwks FILE, or --open if that is meant, or listen on 127.0.0.1"
      )
    }
    if tokensFile != nil && isOpen { throw ConfigurationFault("tokens excludes open: choose one") }
    if jwksFile != nil && isOpen { throw ConfigurationFault("jwks excludes open: choose one") }
    if jwksFile == nil && tokenRules != TokenRules() { throw ConfigurationFault("jwt-issuer and jwt-audience need jwks") }
    if clientCA != nil, case .plain = security { throw ConfigurationFault("client-ca needs TLS: it excludes plain") }
    for origin in allowedOrigins where !origin.hasPrefix("https://") && !origin.hasPrefix("http://") {
      throw ConfigurationFault("allowed-origins: \"\(origin)\" is no origin such as https://example.org")
    }
  }

  private func describe(_ sources: ConfigurationSources) throws -> [String] {
    try Setting.allCases.map { setting in
      let value: String =
        switch setting {
        case .port: "\(port)"
        case .plain, .memory, .open, .webhookPlain: "\(try sources.flag(setting))"
        case .connectionsMax, .connectionsPerAddressMax, .drainSeconds, .takeoverSeconds, .loops, .httpTimeoutSeconds,
          .pluginTimeoutSeconds,
          .engineTimeoutSeconds:
          "\(try sources.number(setting, in: 0...Int.max))"
        case .allowedOrigins, .trustedProxies, .limits, .httpAllow, .httpAllowPrivate, .plugins, .webhookAllow, .webhookAllowPrivate:
          try sources.texts(setting).joined(separator: " ")
        default: try sources.text(setting)
        }
      return "\(setting.rawValue) = \(value.isEmpty ? "(none)" : value)   # \(sources.origin(of: setting))"
    }
  }
}
