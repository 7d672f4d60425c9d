import Configuration

/// Every setting of the server. The raw value is the key in the configuration file, the flag without its hyphens, and,
/// in capitals with `THAIYYAL_` before it, the environment variable.
enum Setting: String, CaseIterable, Sendable {
  case host, port, plain, cert, key
  case clientCA = "client-ca"
  case data, memory, open, tokens, jwks
  case jwtIssuer = "jwt-issuer"
  case jwtAudience = "jwt-audience"
  case allowedOrigins = "allowed-origins"
  case connectionsMax = "connections-max"
  case connectionsPerAddressMax = "connections-per-address-max"
  case trustedProxies = "trusted-proxies"
  case proxyHeader = "proxy-header"
  case limits
  case drainSeconds = "drain-seconds"
  case loops
  case logLevel = "log-level"
  case logFormat = "log-format"
  case metricsToken = "metrics-token"
  case takeoverSeconds = "takeover-seconds"
  case httpAllow = "http-allow"
  case httpAllowPrivate = "http-allow-private"
  case httpTimeoutSeconds = "http-timeout-seconds"
  case plugins
  case pluginTimeoutSeconds = "plugin-timeout-seconds"
  case engineURL = "engine-url"
  case engineTimeoutSeconds = "engine-timeout-seconds"
  case webhookAllow = "webhook-allow"
  case webhookAllowPrivate = "webhook-allow-private"
  case webhookPlain = "webhook-plain"

  /// A list is given one by one, so its flag is in the singular.
  var flag: String {
    switch self {
    case .allowedOrigins: "--allow-origin"
    case .plugins: "--plugin"
    case .trustedProxies: "--trusted-proxy"
    case .limits: "--limit"
    default: "--" + rawValue
    }
  }
  var environmentName: String { Self.environmentPrefix + rawValue.uppercased().replacing("-", with: "_") }
  var path: ConfigKey { ConfigKey([rawValue]) }

  /// The default as `--print-config` shows it; empty for none.
  var defaultText: String {
    switch Self.defaults[self]?.content {
    case .string(let text): text
    case .int(let number): self == .port ? "" : "\(number)"
    case .bool(let flag): "\(flag)"
    case .stringArray(let texts): texts.joined(separator: " ")
    default: ""
    }
  }

  static let environmentPrefix = "THAIYYAL_"
  /// Names the configuration file; no setting of the file itself.
  static let fileEnvironmentName = environmentPrefix + "CONFIG"
  /// Read by the tools that join a server; a shell that has it may start a server as well.
  static let clientTokenEnvironmentName = environmentPrefix + "TOKEN"

  /// Last in precedence. Empty text and port -1 stand for "not given"; the port then follows from `plain`.
  static let defaults: [Setting: ConfigValue] = [
    .host: "127.0.0.1", .port: -1, .plain: false, .cert: "", .key: "", .clientCA: "", .data: "./var/thaiyyal.sqlite", .memory: false,
    .open: false, .tokens: "", .jwks: "", .jwtIssuer: "", .jwtAudience: "",
    .allowedOrigins: ConfigValue(.stringArray([]), isSecret: false), .connectionsMax: 10_000,
    .connectionsPerAddressMax: 2_000, .trustedProxies: ConfigValue(.stringArray([]), isSecret: false),
    .proxyHeader: "x-forwarded-for", .limits: ConfigValue(.stringArray([]), isSecret: false), .drainSeconds: 20, .loops: 0,
    .logLevel: "info", .logFormat: "auto", .metricsToken: "", .takeoverSeconds: 40,
    .httpAllow: ConfigValue(.stringArray([]), isSecret: false), .httpAllowPrivate: ConfigValue(.stringArray([]), isSecret: false),
    .httpTimeoutSeconds: 30, .plugins: ConfigValue(.stringArray([]), isSecret: false), .pluginTimeoutSeconds: 30, .engineURL: "",
    .engineTimeoutSeconds: 60, .webhookAllow: ConfigValue(.stringArray(["*"]), isSecret: false),
    .webhookAllowPrivate: ConfigValue(.stringArray([]), isSecret: false), .webhookPlain: false,
  ]
}

/// A setting that cannot be used. The text names the setting and where its value came from.
struct ConfigurationFault: Error, CustomStringConvertible {
  var text: String
  init(_ text: String) { self.text = text }
  var description: String { text }
}
