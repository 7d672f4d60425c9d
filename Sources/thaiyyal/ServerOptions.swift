import ArgumentParser
import CollabClient
import Foundation
import Hashing

/// Which server the tools ask, as whom, and whose word they take that it is the right one.
struct ServerOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The server: ws:// or wss://, a host, a port.", valueName: "address"))
  var url = "wss://localhost:8443"

  @Option(help: ArgumentHelp("Who you are to the server. Better in the environment variable THAIYYAL_TOKEN, where others cannot read it."))
  var token: String?

  @Flag(help: "Do not check the server's certificate. For a server on this computer.")
  var insecure = false

  @Option(help: ArgumentHelp("Trust the certificates in this PEM file instead of the computer's.", valueName: "file"))
  var ca: String?

  @Option(
    help: ArgumentHelp(
      "Trust the one server certificate with this SHA-256, in hexadecimal, as \"thaiyyal serve\" prints it.", valueName: "sha256"))
  var fingerprint: String?

  func validate() throws {
    guard ServerAddress(url) != nil else { throw ValidationError("--url: \"\(url)\" is not like wss://example.org:8443") }
    if [insecure, ca != nil, fingerprint != nil].filter({ $0 }).count > 1 {
      throw ValidationError("--insecure, --ca and --fingerprint exclude each other")
    }
    if let fingerprint, Self.bytes(fingerprint)?.count != SHA256.bytes { throw ValidationError("--fingerprint: 64 hexadecimal digits") }
    if let ca, !FileManager.default.isReadableFile(atPath: ca) { throw ValidationError("--ca: cannot read \(ca)") }
  }

  /// Valid after `validate`.
  var address: ServerAddress { ServerAddress(url)! }

  /// What is shown as credential; empty: none.
  var credential: String { token ?? ProcessInfo.processInfo.environment["THAIYYAL_TOKEN"] ?? "" }

  var trust: ServerTrust {
    if insecure { return .anything }
    if let ca { return .authorities(file: ca) }
    return fingerprint.map { .fingerprint(Self.bytes($0)!) } ?? .system
  }

  private static func bytes(_ hex: String) -> [UInt8]? { Hex.decode(hex.filter { $0 != ":" }) }
}
