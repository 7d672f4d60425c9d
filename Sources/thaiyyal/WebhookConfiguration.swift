import ArgumentParser
import Configuration
import OutboundPolicy
import Webhooks

/// Where webhooks may lead, checked.
struct WebhookConfiguration {
  var policy: WebhookPolicy

  init(_ sources: ConfigurationSources) throws(ConfigurationFault) {
    var outbound = OutboundPolicy()
    for text in try sources.texts(.webhookAllow) where !text.isEmpty {
      guard let rule = HostRule(text) else {
        throw ConfigurationFault(
          "webhook-allow: \"\(text)\" is no host such as example.org, *.example.org:8443 or * (\(sources.origin(of: .webhookAllow)))")
      }
      outbound.hosts.append(rule)
    }
    for text in try sources.texts(.webhookAllowPrivate) {
      guard let range = IPRange(text) else {
        throw ConfigurationFault(
          "webhook-allow-private: \"\(text)\" is no range such as 10.1.0.0/16 (\(sources.origin(of: .webhookAllowPrivate)))")
      }
      outbound.ranges.append(range)
    }
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
