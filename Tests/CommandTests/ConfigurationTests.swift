import ArgumentParser
import Foundation
import OutboundPolicy
import RateLimits
import Testing

@testable import thaiyyal

@Suite struct ConfigurationTests {
  /// What `serve` makes of these arguments, environment and file.
  private func configure(_ arguments: [String] = [], environment: [String: String] = [:], file: String? = nil) async throws
    -> ServeConfiguration
  {
    guard let file else { return try await ServeConfiguration(ServeOptions.parse(arguments), environment: environment) }
    let path = FileManager.default.temporaryDirectory.appending(path: "thaiyyal-\(UUID().uuidString).json").path
    try file.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await ServeConfiguration(ServeOptions.parse(arguments + ["--config", path]), environment: environment)
  }

  private func fault(_ arguments: [String] = [], environment: [String: String] = [:], file: String? = nil) async throws -> String {
    do {
      _ = try await configure(arguments, environment: environment, file: file)
      return ""
    } catch let fault as ConfigurationFault {
      return fault.text
    }
  }

  @Test("a flag beats the environment, the environment the file, the file the default")
  func precedence() async throws {
    let file = #"{"port": 1, "drain-seconds": 7, "host": "127.0.0.3"}"#
    let environment = ["THAIYYAL_PORT": "2", "THAIYYAL_HOST": "127.0.0.2"]
    let all = try await configure(["--port", "3"], environment: environment, file: file)
    #expect(all.port == 3)
    #expect(all.host == "127.0.0.2")
    #expect(all.drain == .seconds(7))
    #expect(all.connectionsMax == 10_000)
    #expect(all.lines.contains("port = 3   # flag"))
    #expect(all.lines.contains("host = 127.0.0.2   # environment variable THAIYYAL_HOST"))
    #expect(all.lines.contains("drain-seconds = 7   # configuration file"))
    #expect(all.lines.contains("connections-max = 10000   # default"))
  }

  @Test("every setting can be given in all three ways")
  func everySetting() async throws {
    let texts: [Setting: String] = [
      .host: "127.0.0.9", .port: "4", .plain: "true", .data: "x.sqlite", .memory: "true", .open: "true",
      .allowedOrigins: "https://a.example",
      .connectionsMax: "5", .connectionsPerAddressMax: "6", .trustedProxies: "10.0.0.0/8", .proxyHeader: "forwarded",
      .limits: "runs-per-subject=3/9", .drainSeconds: "7", .loops: "8", .logLevel: "debug",
      .httpAllow: "*.example.org:8443", .httpTimeoutSeconds: "9", .plugins: "http://127.0.0.1:9100/", .pluginTimeoutSeconds: "10",
      .engineTimeoutSeconds: "11", .logFormat: "json", .metricsToken: "secret.txt", .takeoverSeconds: "12",
      .webhookAllow: "*.example.org:8443", .webhookAllowPrivate: "10.1.0.0/16", .webhookPlain: "true",
    ]
    for (setting, text) in texts {
      let isText = [.host, .data, .logLevel, .logFormat, .metricsToken, .proxyHeader].contains(setting)
      let isList = [.allowedOrigins, .httpAllow, .plugins, .trustedProxies, .limits, .webhookAllow, .webhookAllowPrivate].contains(setting)
      let json = isList ? "[\"\(text)\"]" : isText ? "\"\(text)\"" : text
      let flags = ["true"].contains(text) ? [setting.flag] : [setting.flag, text]
      let given = [
        try await configure(flags), try await configure(environment: [setting.environmentName: text]),
        try await configure(file: "{\"\(setting.rawValue)\": \(json)}"),
      ]
      for configuration in given {
        #expect(
          configuration.lines.contains { $0.hasPrefix("\(setting.rawValue) = \(text)   # ") && !$0.hasSuffix("default") }, "\(setting)")
      }
    }
  }

  @Test("limits are set by name, proxies by address or range; a name or a rate that nobody knows is refused")
  func limits() async throws {
    let given = try await configure([
      "--limit", "runs-per-subject=3/9", "--limit", "address=none", "--trusted-proxy", "10.1.0.0/16", "--trusted-proxy", "::1",
    ])
    #expect(given.rates[.runs, per: .subject] == Rate(3, burst: 9))
    #expect(given.rates[.connects, per: .address] == nil)
    #expect(given.proxies.trusts(IPAddress("10.1.2.3")!) && given.proxies.trusts(IPAddress("::1")!))
    #expect(!given.proxies.trusts(IPAddress("10.2.0.1")!))
    #expect(given.lines.contains("limits = runs-per-subject=3/9 address=none   # flag"))
    #expect(try await fault(["--limit", "runs-per-subjekt=3"]).hasSuffix("did you mean runs-per-subject?"))
    #expect(try await fault(["--limit", "runs-per-subject=many"]).contains("\"many\" is no rate"))
    #expect(try await fault(["--trusted-proxy", "10.1.2.3/8"]).contains("no range"))
    #expect(try await fault(["--proxy-header", "x-forwarded"]).contains("x-forwarded-for"))
  }

  @Test("the port follows from plain")
  func ports() async throws {
    #expect(try await configure().port == 8443)
    #expect(try await configure(["--plain"]).port == 8080)
    #expect(try await configure(["--plain", "--port", "0"]).port == 0)
    #expect(try await configure(["--no-plain"], environment: ["THAIYYAL_PLAIN": "true"]).port == 8443)
    #expect(try await configure().url == "https://localhost:8443")
    #expect(try await configure(["--plain"]).url == "http://localhost:8080")
  }

  @Test("a name that nobody knows is an error with a hint, wherever it stands")
  func unknownNames() async throws {
    #expect(try await fault(environment: ["THAIYYAL_PROT": "1"]).hasSuffix("did you mean THAIYYAL_PORT?"))
    #expect(try await fault(file: #"{"drain-second": 1}"#).hasSuffix("did you mean drain-seconds?"))
    #expect(try await fault(environment: ["THAIYYAL_TOKEN": "of a client"]).isEmpty)
    #expect(throws: (any Error).self) { try ServeOptions.parse(["--hots", "x"]) }
  }

  @Test("a value of the wrong shape is an error that names the setting and its source")
  func wrongShapes() async throws {
    #expect(
      try await fault(environment: ["THAIYYAL_PORT": "many"]) == "port: a whole number is needed (environment variable THAIYYAL_PORT)")
    #expect(try await fault(file: #"{"plain": "perhaps"}"#) == "plain: true or false is needed (configuration file)")
    #expect(try await fault(["--port", "70000"]).hasPrefix("port: 70000 is not within"))
    #expect(try await fault(["--log-level", "debgu"]).hasSuffix("did you mean debug?"))
    #expect(try await fault(["--allow-origin", "example.org"]).contains("no origin"))
    #expect(try await fault(file: "[1]").contains("no JSON object"))
    #expect(try await fault(file: "{").contains("cannot read the configuration file"))
    #expect(try await fault(["--config", "/nowhere/at/all.json"]).contains("/nowhere/at/all.json"))
  }

  @Test(
    "settings that contradict each other are refused",
    arguments: [
      ["--plain", "--cert", "c", "--key", "k"], ["--cert", "c"], ["--key", "k"], ["--plain", "--client-ca", "a"],
      ["--open", "--tokens", "t"],
      ["--host", "0.0.0.0"], ["--host", "example.org"],
    ])
  func contradictions(arguments: [String]) async throws {
    #expect(try await !fault(arguments).isEmpty)
  }

  @Test(
    "everybody may be owner on this machine, elsewhere only when said so",
    arguments: [["--host", "127.0.0.1"], ["--host", "::1"], ["--host", "0.0.0.0", "--open"]])
  func openMode(arguments: [String]) async throws {
    #expect(try await fault(arguments).isEmpty)
  }

  @Test("what runs may reach: hosts, ranges, plug-ins, an engine")
  func outside() async throws {
    let none = try await configure().outside
    #expect(none.http.allowsNothing && none.plugins.isEmpty && none.engine == nil)
    let some = try await configure([
      "--http-allow", "example.org", "--http-allow", "*.example.net:8443", "--http-allow-private", "10.1.0.0/16", "--plugin",
      "http://127.0.0.1:9100/geo", "--http-timeout-seconds", "7",
    ]).outside
    #expect(some.http.hosts.map(\.description) == ["example.org", "*.example.net:8443"])
    #expect(some.http.ranges.map(\.description) == ["10.1.0.0/16"])
    #expect(some.httpTimeout == .seconds(7))
    #expect(some.plugins.map(\.description) == ["http://127.0.0.1:9100/geo"])
    #expect(try await configure(["--engine-url", "https://engine.example:8081"]).outside.engine?.origin == "https://engine.example:8081")
  }

  @Test(
    "what runs may reach: what cannot be meant",
    arguments: [
      (["--http-allow", "http://example.org"], "http-allow: \"http://example.org\" is no host"), (["--http-allow", "127.1"], "is no host"),
      (["--http-allow", "*", "--http-allow-private", "10.0.0.1"], "is no range"),
      (["--http-allow-private", "10.0.0.0/8"], "opens nothing by itself"),
      (["--plugin", "localhost:9100"], "plugins: \"localhost:9100\": unsupported"),
      (["--plugin", "http://a/?b"], "has a query"), (["--plugin", "http://a/", "--plugin", "http://a"], "one is named twice"),
      (["--engine-url", "ftp://x"], "engine-url: \"ftp://x\": unsupported protocol scheme \"ftp\" (flag)"),
      (["--engine-url", "http://x", "--plugin", "http://a"], "engine-url excludes"),
      (["--engine-url", "http://x", "--http-allow", "*"], "engine-url excludes"),
      (["--webhook-allow", "https://example.org"], "webhook-allow: \"https://example.org\" is no host"),
      (["--webhook-allow-private", "10.0.0.1"], "webhook-allow-private: \"10.0.0.1\" is no range"),
      (["--http-timeout-seconds", "0"], "is not within 1...3600"),
    ])
  func outsideFaults(arguments: [String], text: String) async throws {
    let found = try await fault(arguments)
    #expect(found.contains(text), "\(found)")
  }

  @Test("the nearest name is offered, a far one is not")
  func hints() {
    #expect(hint(for: "hots", among: ["host", "port"]) == "; did you mean host?")
    #expect(hint(for: "zzzzzzzz", among: ["host", "port"]).isEmpty)
    #expect(editDistance("", "abc") == 3)
    #expect(editDistance("kitten", "sitting") == 3)
    #expect(editDistance("same", "same") == 0)
  }
}
