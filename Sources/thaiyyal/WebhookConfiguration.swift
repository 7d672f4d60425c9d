import ArgumentParser
import Configuration
import OutboundPolicy
import Webhooks

/// Where webhooks may lead, checked.
struct WebhookConfiguration {
  var policy: WebhookPolicy

  init(_ sources: ConfigurationSources) throws(ConfigurationFault) {
    let hosts = try sources.texts(.webhookAllow).filter { !$0.isEmpty }
    let outbound = try OutboundPolicy(hosts: hosts, .webhookAllow, ranges: .webhookAllowPrivate, sources)
    policy = WebhookPolicy(outbound: outbound, allowsPlain: try sources.flag(.webhookPlain))
  }
}

/// Flags about webhooks.
struct WebhookOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Host that webhooks may lead to, perhaps with its port: example.org, *.example.org:8443. Repeatable. (default: *, ports 80 and 443)",
      valueName: "host"))
  var webhookAllow: [String] = []
  @Option(
    help: ArgumentHelp("Range of addresses that webhooks may reach although it is not public: 10.1.0.0/16. Repeatable.", valueName: "range")
  )
  var webhookAllowPrivate: [String] = []
  @Flag(inversion: .prefixedNo, help: "Let webhooks be http and not only https.")
  var webhookPlain: Bool?

  var given: [(Setting, ConfigContent?)] {
    [
      (.webhookAllow, webhookAllow.isEmpty ? nil : .stringArray(webhookAllow)),
      (.webhookAllowPrivate, webhookAllowPrivate.isEmpty ? nil : .stringArray(webhookAllowPrivate)),
      (.webhookPlain, webhookPlain.map { .bool($0) }),
    ]
  }
}
