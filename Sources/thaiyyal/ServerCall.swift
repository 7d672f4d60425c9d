import ArgumentParser
import CollabClient
import Foundation
import NIOPosix
import OpenSSLTransport
import OutboundHTTP
import OutboundPolicy

/// One request of a tool to the REST interface of a server (`protocol/openapi.yaml`).
struct ServerCall {
  private let client: OutboundClient
  private let base: OutboundURL
  private let fields: [OutboundRequest.Field]

  /// - Throws: when the certificates that are to be trusted cannot be read.
  init(_ options: ServerOptions) throws {
    let address = options.address
    let host = address.host.contains(":") ? "[\(address.host)]" : address.host
    base = try OutboundURL("\(address.isSecure ? "https" : "http")://\(host):\(address.port)")
    client = OutboundClient(
      policy: .only(base), limits: OutboundLimits(redirectsMax: 0), group: MultiThreadedEventLoopGroup.singleton,
      tls: try TLSClientContext(TLSClientConfiguration(verification: Self.verification(options.trust))))
    fields = options.credential.isEmpty ? [] : [.init("Authorization", "Bearer \(options.credential)")]
  }

  private static func verification(_ trust: ServerTrust) -> TLSClientConfiguration.Verification {
    switch trust {
    case .system: .systemRoots
    case .authorities(let file): .authorityFile(file)
    case .fingerprint(let digest): .pinned([digest])
    case .anything: .insecure
    }
  }

  /// - Parameters:
  ///   - path: below `/api/v1/`, its parts as `part` writes them.
  ///   - body: sent as JSON; `nil`: none.
  /// - Returns: the members of the answer; empty when it has no body.
  /// - Throws: `ExitCode`, after one line on standard error: there is no answer, or it is a refusal.
  func send(_ method: OutboundMethod, _ path: String, body: [String: Any]? = nil) async throws -> [String: Any] {
    let url = try OutboundURL("\(base.origin)/api/v1/\(path)")
    let bytes = try body.map { [UInt8](try JSONSerialization.data(withJSONObject: $0)) }
    let answer: OutboundResponse
    do { answer = try await client.send(OutboundRequest(method, url, fields: fields, body: bytes.map { .init($0) })) } catch {
      Console.error("no answer from \(url.origin): \(error)")
      throw ExitCode.noConnection
    }
    let members = (try? JSONSerialization.jsonObject(with: Data(answer.body))) as? [String: Any]
    guard (200..<300).contains(answer.status), let found = members ?? (answer.body.isEmpty ? [:] : nil) else {
      Console.error("\(url.origin) answered \(answer.status): \(Console.plain(members?["detail"] as? String ?? "no text"))")
      throw [401, 403].contains(answer.status) ? ExitCode.notAllowed : ExitCode.failedResult
    }
    return found
  }

  /// A name as one part of a path.
  static func part(_ text: String) -> String { text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? "" }

  /// RFC 3986, 2.3.
  private static let unreserved = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
