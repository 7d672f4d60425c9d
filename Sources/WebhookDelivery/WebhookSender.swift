import OutboundHTTP
import OutboundPolicy
import Webhooks

/// One request to a receiver. Spec: WH1, WH3, WH4.
struct WebhookSender: Sendable {
  let client: OutboundClient
  let policy: WebhookPolicy

  /// - Returns: `nil` when the task was cancelled.
  func send(_ delivery: WebhookDelivery, body: [UInt8], to hook: Webhook, atMilliseconds now: UInt64) async -> AttemptResult? {
    let url: OutboundURL
    do throws(WebhookURLFault) { url = try policy.url(hook.url) } catch { return .failed(error.text) }
    let seconds = now / 1000
    let signature = WebhookSignature.text(id: delivery.id, seconds: seconds, body: body, secrets: hook.secrets(atMilliseconds: now))
    var request = OutboundRequest(
      .post, url,
      fields: [
        .init(WebhookSignature.idName, delivery.id), .init(WebhookSignature.timestampName, "\(seconds)"),
        .init(WebhookSignature.signatureName, signature),
      ], body: .init(body))
    request.answer = .status
    do throws(OutboundFailure) {
      let response = try await client.send(request)
      return .answered(status: response.status, retryAfter: response["retry-after"])
    } catch {
      return error.kind == .cancelled ? nil : .failed(Self.words(error, url))
    }
  }

  /// The owner reads it. To which address of a closed network a name leads is nothing that a webhook finds out.
  private static func words(_ failure: OutboundFailure, _ url: OutboundURL) -> String {
    guard failure.kind == .refused, case .name(let name) = url.host else { return failure.text }
    return "\(name) may not be reached: it has an address that is not public"
  }
}
