import Foundation
import OpenSSLTransport

/// A folder that goes away with its owner.
final class Folder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  func file(_ name: String) -> String { path + "/" + name }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A server's certificate made by the code under test, and by `openssl` an authority with a client's certificate.
struct Certificates {
  let folder: Folder
  var chain: String { folder.file("server.pem") }
  var key: String { folder.file("server.key") }
  var authority: String { folder.file("ca.pem") }
  var clientChain: String { folder.file("client.pem") }
  var clientKey: String { folder.file("client.key") }

  init() throws {
    folder = try Folder()
    try SelfSignedCertificate.ensure(certificateFile: chain, keyFile: key)
  }

  /// Adds `ca.pem`, `client.pem` and `client.key`.
  func makeClient() throws {
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    try Tool.openssl(["req", "-x509", "-subj", "/CN=Test authority", "-keyout", folder.file("ca.key"), "-out", authority] + curve)
    try Tool.openssl(
      [
        "req", "-x509", "-CA", authority, "-CAkey", folder.file("ca.key"), "-subj", "/O=Example/CN=ada", "-keyout", clientKey, "-out",
        clientChain,
      ] + curve)
  }

  func sha256(_ file: String) throws -> [UInt8] {
    let line = try Tool.openssl(["x509", "-in", file, "-noout", "-fingerprint", "-sha256"])
    return line.split(separator: "=")[1].split(separator: ":").compactMap { UInt8($0.filter(\.isHexDigit), radix: 16) }
  }
}

/// Other people's programs.
enum Tool {
  struct Failed: Error { var output: String }

  @discardableResult
  static func openssl(_ arguments: [String], input: String = "") throws -> String {
    let (status, output) = try run("openssl", arguments, input: input)
    guard status == 0 else { throw Failed(output: output) }
    return output
  }

  /// Runs a program to its end, 20 s at most.
  /// - Returns: exit status, and what it said on both outputs.
  static func run(_ program: String, _ arguments: [String], input: String = "") throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    // Foundation's children inherit blocked signals from async tests: only SIGKILL is sure to end them.
    process.arguments = ["timeout", "-s", "KILL", "20", program] + arguments
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stdout
    try process.run()
    stdin.fileHandleForWriting.write(Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let output = String(decoding: stdout.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }

  /// The same away from the threads that async code runs on.
  static func runAside(_ program: String, _ arguments: [String], input: String = "") async throws -> (status: Int32, output: String) {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try run(program, arguments, input: input) }) }
    }
  }
}
