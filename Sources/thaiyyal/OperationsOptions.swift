import ArgumentParser
import Configuration

/// Flags for whoever runs the server.
struct OperationsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Holds the secret that /metrics takes as a bearer token. (default: open while only this machine reaches the server, else closed)",
      valueName: "file"))
  var metricsToken: String?
  @Option(help: ArgumentHelp("text, json, or auto: text on a terminal, json elsewhere. (default: auto)", valueName: "format"))
  var logFormat: String?
  @Option(
    help: ArgumentHelp(
      "How long to wait for a server that has the data file and is about to end; 0: not at all. (default: 40)", valueName: "seconds"))
  var takeoverSeconds: Int?

  var given: [(Setting, ConfigContent?)] {
    [
      (.metricsToken, metricsToken.map { .string($0) }), (.logFormat, logFormat.map { .string($0) }),
      (.takeoverSeconds, takeoverSeconds.map { .int($0) }),
    ]
  }
}
