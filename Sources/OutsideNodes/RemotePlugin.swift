import OutboundHTTP
import OutboundPolicy
public import WorkflowEngine
import WorkflowGraph

/// Where a plug-in program listens, and how to talk to it. See docs/PLUGINS.md.
struct PluginPlace: Sendable {
  let url: OutboundURL
  let client: OutboundClient

  /// What one request may carry: inputs and settings together.
  static let requestBytesMax = 16 << 20

  /// `GET /plugin`.
  func describe() async throws(PluginFault) -> PluginDescription {
    let response = try await ask(.get, "plugin")
    guard response.mediaType == "application/json" else {
      throw PluginFault("/plugin gave \(response.mediaType.isEmpty ? "no type" : response.mediaType), not application/json")
    }
    return try PluginDescription(json: response.body)
  }

  /// `GET /health`.
  func checkHealth() async throws(PluginFault) { _ = try await ask(.get, "health") }

  private func ask(_ method: OutboundMethod, _ name: String) async throws(PluginFault) -> OutboundResponse {
    do {
      let response = try await client.send(OutboundRequest(method, try url.below(name), deadline: .seconds(5)))
      guard response.status == 200 else { throw PluginFault("/\(name) answered with status \(response.status)") }
      return response
    } catch let fault as PluginFault {
      throw fault
    } catch {
      throw PluginFault("\(error)")
    }
  }
}

/// A plug-in in a program of its own, in any language, asked over HTTP.
public struct RemotePlugin: NodePlugin {
  public let name: String
  public let version: String
  public let types: [PluginType]
  private let place: PluginPlace
  private let callID: @Sendable () -> String

  init(_ description: PluginDescription, at place: PluginPlace, callID: @escaping @Sendable () -> String) {
    name = description.name
    version = description.version
    types = description.types
    self.place = place
    self.callID = callID
  }

  /// `POST /execute`. Tried once: only the plug-in knows whether a second time would do harm.
  public func execute(_ call: PluginCall) async throws(NodeFailure) -> Value {
    let response: OutboundResponse
    do throws(OutboundFailure) {
      let request = OutboundRequest(.post, try url(), body: .init(try encode(call)), deadline: call.timeLeft)
      response = try await place.client.send(request, admit: call.outside.admit)
    } catch {
      throw NodeFailure(error.kind == .budget ? error.text : "plug-in \(name) at \(place.url.origin) gave no answer: \(error.text)")
    }
    try call.outside.takeBytes(response.body.count, total: response.body.count)
    guard response.status == 200 else { throw bad("status \(response.status)") }
    let answer: Value
    do throws(NodeFailure) { answer = try Value(json: response.body) } catch { throw bad(error.text) }
    if let error = answer.object?["error"], error != .null { throw NodeFailure(error.text ?? "plug-in \(name) failed without a text") }
    guard let value = answer.object?["value"] else { throw bad("neither value nor error") }
    return value
  }

  private func bad(_ text: String) -> NodeFailure { NodeFailure("plug-in \(name) at \(place.url.origin) gave a bad answer: \(text)") }

  private func url() throws(OutboundFailure) -> OutboundURL {
    do throws(OutboundURLFault) { return try place.url.below("execute") } catch { throw OutboundFailure(.request, error.text) }
  }

  private func encode(_ call: PluginCall) throws(OutboundFailure) -> [UInt8] {
    let milliseconds = (min(call.timeLeft, place.client.limits.callDeadline) / .milliseconds(1)).rounded(.down)
    let message = Value.object([
      "call": .text(callID()), "node": .text(call.node.rawValue), "type": .text(call.type), "settings": .object(call.settings),
      "inputs": .array(call.inputs), "deadline_ms": .number(milliseconds),
    ])
    guard message.weight.bytes <= PluginPlace.requestBytesMax else {
      throw OutboundFailure(.request, "the inputs are too large (limit: \(PluginPlace.requestBytesMax) bytes)")
    }
    var bytes: [UInt8] = []
    do throws(ValueNotEncodable) { try message.encode(into: &bytes) } catch { throw OutboundFailure(.request, error.description) }
    return bytes
  }
}

extension OutboundURL {
  /// The place of that name below this one: `/base` and `/base/` both give `/base/name`.
  func below(_ name: String) throws(OutboundURLFault) -> OutboundURL {
    try replacing(target: target.hasSuffix("/") ? target + name : "\(target)/\(name)")
  }
}
