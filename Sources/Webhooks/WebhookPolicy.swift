public import OutboundPolicy

/// Where webhooks may lead: what the operator of the server allows. Spec: WH1.
public struct WebhookPolicy: Hashable, Sendable {
  public var outbound: OutboundPolicy
  /// Whether `http` is allowed: then whoever is on the way reads what is told.
  public var allowsPlain: Bool

  public init(outbound: OutboundPolicy, allowsPlain: Bool = false) {
    self.outbound = outbound
    self.allowsPlain = allowsPlain
  }

  /// `https` to every host at a public address, ports 80 and 443.
  public static let standard = WebhookPolicy(outbound: OutboundPolicy(hosts: [HostRule("*")].compactMap { $0 }))

  /// - Throws: why nothing is sent there. A name is not resolved here: what it stands for is looked at whenever something is sent.
  public func url(_ text: String) throws(WebhookURLFault) -> OutboundURL {
    guard text.utf8.count <= Webhook.urlBytesMax else { throw WebhookURLFault("the URL has more than \(Webhook.urlBytesMax) bytes") }
    let url: OutboundURL
    do throws(OutboundURLFault) { url = try OutboundURL(text) } catch { throw WebhookURLFault(error.text) }
    guard url.isSecure || allowsPlain else { throw WebhookURLFault("http is not allowed for webhooks on this server: use https") }
    if outbound.allowsNothing { throw WebhookURLFault("webhooks may lead nowhere on this server") }
    if let refusal = outbound.refusal(of: url) { throw WebhookURLFault(refusal) }
    return url
  }
}

/// Why a URL is none for a webhook, in words for its owner.
public struct WebhookURLFault: Error, Hashable, Sendable, CustomStringConvertible {
  public var text: String
  init(_ text: String) { self.text = text }
  public var description: String { text }
}
