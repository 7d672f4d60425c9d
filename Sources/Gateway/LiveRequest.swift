import CollabProtocol
import NIOHTTP1
import WebSocketTransport
import WorkflowGraph

/// `GET /api/v1/workflows/{id}/live`: what a request for a WebSocket asks for, once its handshake was found in order.
///
/// A pure function of the head, so that the whole matrix of good and bad requests is tested without a socket.
enum LiveRequest: Equatable {
  /// Not for us: the HTTP routes answer.
  case other
  case accepted(WorkflowID, subprotocol: String?)
  case refused(Problem)

  /// The route's path without its id, for whoever asks without an upgrade.
  static let pathPrefix = "/api/v1/workflows/"
  static let pathSuffix = "/live"

  /// In order of preference when a client offers both.
  private static let subprotocols = [ProtocolVersion.subprotocolProto, ProtocolVersion.subprotocolJSON]

  init(_ head: HTTPRequestHead, origins: OriginPolicy) {
    let (authority, target) = Self.split(head.uri)
    guard let id = Self.workflowText(in: target) else {
      self = .other
      return
    }
    guard let workflow = WorkflowID(String(id)) else {
      self = .refused(Problem(.badRequest, "The workflow id is not 1 to 128 of A-Z a-z 0-9 . _ - with no dot first."))
      return
    }
    guard origins.admits(origin: head.headers.first(name: "origin"), host: authority ?? head.headers.first(name: "host")) else {
      self = .refused(Problem(.forbidden, "Pages of this origin may not connect. The server's operator can allow it."))
      return
    }
    let offered = head.offeredSubprotocols
    let chosen = Self.subprotocols.first { offered.contains($0) }
    guard offered.isEmpty || chosen != nil else {
      self = .refused(Problem(.badRequest, "None of the offered subprotocols is known: \(Self.subprotocols.joined(separator: ", ")) are."))
      return
    }
    self = .accepted(workflow, subprotocol: chosen)
  }

  /// A target in absolute form, as to a proxy, must be taken; its host counts, not that of the Host field (RFC 9112 §3.2.2).
  private static func split(_ uri: String) -> (authority: String?, target: Substring) {
    guard let colon = uri.firstRange(of: "://"), ["http", "https", "ws", "wss"].contains(uri[..<colon.lowerBound].lowercased()) else {
      return (nil, uri[...])
    }
    let rest = uri[colon.upperBound...]
    let path = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    return (String(rest[..<path]), rest[path...])
  }

  /// The `{id}` of the path, not checked; `nil` for another path. Ids need no percent-encoding, so an encoded one is no id.
  private static func workflowText(in uri: Substring) -> Substring? {
    let path = uri.prefix { $0 != "?" }
    guard path.utf8.count > pathPrefix.utf8.count + pathSuffix.utf8.count, path.hasPrefix(pathPrefix), path.hasSuffix(pathSuffix) else {
      return nil
    }
    let id = path.dropFirst(pathPrefix.count).dropLast(pathSuffix.count)
    return id.contains("/") ? nil : id
  }
}
