import ArgumentParser
import Configuration

/// Flags about what runs may reach.
struct OutsideOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Host that http nodes may fetch from: example.org, *.example.org, * for all; with :port for others than 80 and 443. Repeatable. (default: none)",
      valueName: "host"))
  var httpAllow: [String] = []
  @Option(
    help: ArgumentHelp(
      "Range of addresses that allowed hosts may have although they are not public, such as 10.1.0.0/16. Repeatable. (default: none)",
      valueName: "range"))
  var httpAllowPrivate: [String] = []
  @Option(help: ArgumentHelp("How long one request of an http node may take. (default: 30)", valueName: "seconds"))
  var httpTimeoutSeconds: Int?
  @Option(help: ArgumentHelp("Where a plug-in program listens; it adds types of nodes. Repeatable.", valueName: "url"))
  var plugin: [String] = []
  @Option(help: ArgumentHelp("How long a plug-in may take for one node. (default: 30)", valueName: "seconds"))
  var pluginTimeoutSeconds: Int?
  @Option(help: ArgumentHelp("A Thaiyyal server that runs the graphs, instead of the engine in here.", valueName: "url"))
  var engineUrl: String?
  @Option(help: ArgumentHelp("How long that server may take for one request. (default: 60)", valueName: "seconds"))
  var engineTimeoutSeconds: Int?

  var given: [(Setting, ConfigContent?)] {
    func list(_ texts: [String]) -> ConfigContent? { texts.isEmpty ? nil : .stringArray(texts) }
    return [
      (.httpAllow, list(httpAllow)), (.httpAllowPrivate, list(httpAllowPrivate)),
      (.httpTimeoutSeconds, httpTimeoutSeconds.map { .int($0) }),
      (.plugins, list(plugin)), (.pluginTimeoutSeconds, pluginTimeoutSeconds.map { .int($0) }), (.engineURL, engineUrl.map { .string($0) }),
      (.engineTimeoutSeconds, engineTimeoutSeconds.map { .int($0) }),
    ]
  }
}
