import ArgumentParser
import Configuration

/// The flags of `serve` and `doctor`. None has a default here: what is not given is left to environment, file and defaults.
struct ServeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Address to listen on. (default: 127.0.0.1)", valueName: "address"))
  var host: String?
  @Option(help: ArgumentHelp("Port to listen on; 0 takes any free one. (default: 8443, with --plain 8080)", valueName: "number"))
  var port: Int?
  @Flag(inversion: .prefixedNo, help: "No TLS. For development, or behind a proxy that ends TLS.")
  var plain: Bool?
  @Option(
    help: ArgumentHelp(
      "Certificate chain, PEM, the server's own first. (default: one is made and kept beside the data file)", valueName: "file"))
  var cert: String?
  @Option(help: ArgumentHelp("Private key of the certificate, PEM.", valueName: "file"))
  var key: String?
  @Option(help: ArgumentHelp("Ask clients for certificates signed by these authorities, PEM.", valueName: "file"))
  var clientCa: String?
  @Option(help: ArgumentHelp("The SQLite file that holds everything. (default: ./var/thaiyyal.sqlite)", valueName: "file"))
  var data: String?
  @Flag(inversion: .prefixedNo, help: "Keep everything in memory: it is gone when the server ends.")
  var memory: Bool?
  @Flag(inversion: .prefixedNo, help: "Let everybody in as owner without a token, even when others can reach the address.")
  var open: Bool?
  @Option(
    help: ArgumentHelp("Access tokens, JSON. Without them and --jwks everybody who can reach the server is an owner.", valueName: "file"))
  var tokens: String?
  @Option(help: ArgumentHelp("Keys of signed tokens (JWT): a JWK Set. Read anew when it changes, and at SIGHUP.", valueName: "file"))
  var jwks: String?
  @Option(help: ArgumentHelp("What signed tokens must have as iss. (default: anything)", valueName: "text"))
  var jwtIssuer: String?
  @Option(help: ArgumentHelp("What signed tokens must have in aud. (default: they must have none)", valueName: "text"))
  var jwtAudience: String?
  @Option(help: ArgumentHelp("Origin of web pages that may connect, beside the server's own. Repeatable.", valueName: "origin"))
  var allowOrigin: [String] = []
  @Option(help: ArgumentHelp("Connections at once. (default: 10000)", valueName: "count"))
  var connectionsMax: Int?
  @Option(help: ArgumentHelp("Connections at once from one address. (default: 2000)", valueName: "count"))
  var connectionsPerAddressMax: Int?
  @Option(
    help: ArgumentHelp(
      "Proxy, or range of proxies, whose word counts about who asks: 10.0.0.0/8. Repeatable. (default: nobody's)", valueName: "address"))
  var trustedProxy: [String] = []
  @Option(
    help: ArgumentHelp("Where they say it: x-forwarded-for or forwarded. (default: x-forwarded-for)", valueName: "name"))
  var proxyHeader: String?
  @Option(
    help: ArgumentHelp(
      "A rate of docs/LIMITS.md set anew: runs-per-subject=20/100 (a second, at once), address=none. Repeatable.",
      valueName: "name=rate"))
  var limit: [String] = []
  @Option(help: ArgumentHelp("How long a shutdown waits for rooms and clients. (default: 20)", valueName: "seconds"))
  var drainSeconds: Int?
  @Option(help: ArgumentHelp("Event loops; 0 takes one per core. (default: 0)", valueName: "count"))
  var loops: Int?
  @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical. (default: info)", valueName: "level"))
  var logLevel: String?
  @Option(
    help: ArgumentHelp("Configuration file: a JSON object whose keys are these flags without hyphens before them.", valueName: "file"))
  var config: String?
  @OptionGroup(title: "Operations") var operations: OperationsOptions
  @OptionGroup(title: "The outside") var outside: OutsideOptions
  @OptionGroup(title: "Webhooks") var webhooks: WebhookOptions

  /// What was given, as the top provider of the configuration.
  var given: [Setting: ConfigValue] {
    var values: [Setting: ConfigValue] = [:]
    func put(_ setting: Setting, _ content: ConfigContent?) {
      if let content { values[setting] = ConfigValue(content, isSecret: false) }
    }
    let texts: [(Setting, String?)] = [
      (.host, host), (.cert, cert), (.key, key), (.clientCA, clientCa), (.data, data), (.tokens, tokens), (.jwks, jwks),
      (.jwtIssuer, jwtIssuer), (.jwtAudience, jwtAudience), (.logLevel, logLevel),
      (.proxyHeader, proxyHeader),
    ]
    for (setting, text) in texts { put(setting, text.map { .string($0) }) }
    let numbers: [(Setting, Int?)] = [
      (.port, port), (.connectionsMax, connectionsMax), (.connectionsPerAddressMax, connectionsPerAddressMax),
      (.drainSeconds, drainSeconds),
      (.loops, loops),
    ]
    for (setting, number) in numbers { put(setting, number.map { .int($0) }) }
    for (setting, flag) in [(Setting.plain, plain), (.memory, memory), (.open, open)] { put(setting, flag.map { .bool($0) }) }
    for (setting, list) in [(Setting.allowedOrigins, allowOrigin), (.trustedProxies, trustedProxy), (.limits, limit)] where !list.isEmpty {
      put(setting, .stringArray(list))
    }
    for (setting, content) in operations.given + outside.given + webhooks.given { put(setting, content) }
    return values
  }
}
