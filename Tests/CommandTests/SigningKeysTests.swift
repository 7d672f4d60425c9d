import Access
import ArgumentParser
import Foundation
import Gateway
import Hashing
import Logging
import Testing
import WorkflowGraph

@testable import thaiyyal

/// The key set of a server that runs, and the command that makes one.
@Suite struct SigningKeysTests {
  private static func with(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("thaiyyal-keys-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private static func make(_ path: String, _ more: String...) throws {
    let command = try TokenCommand.parse(["--new-key", path] + more)
    try command.run()
  }

  private static func token(signedWith path: String) throws -> String {
    let entry = try #require(try SigningKeys.load(path).entries.first)
    let claims = try JSONText(validating: #"{"sub":"ada","exp":\#(Date().timeIntervalSince1970 + 60)}"#)
    return try #require(TokenMaker.make(claims: claims, key: entry.key, keyID: entry.id))
  }

  private static func isKnown(_ token: String, _ keys: SigningKeys) -> Bool {
    if case .known(let principal) = keys.authenticator.identify(token) { principal.subject == "ada" } else { false }
  }

  @Test("[AC8] another file brings other keys while the server runs; one that cannot be used changes nothing")
  func rotation() throws {
    try Self.with { folder in
      let (used, first, second) = (folder.path + "/keys.json", folder.path + "/first.json", folder.path + "/second.json")
      try Self.make(first)
      try Self.make(second, "--pair")
      try FileManager.default.copyItem(atPath: first, toPath: used)
      var logger = Logger(label: "test")
      logger.logLevel = .critical
      let keys = try SigningKeys(used, rules: TokenRules(), logger: logger)
      let (old, new) = (try Self.token(signedWith: first), try Self.token(signedWith: second))
      #expect(Self.isKnown(old, keys) && !Self.isKnown(new, keys))
      keys.look()
      #expect(Self.isKnown(old, keys), "the same file")
      try Data(contentsOf: URL(fileURLWithPath: second)).write(to: URL(fileURLWithPath: used), options: .atomic)
      keys.look()
      #expect(!Self.isKnown(old, keys) && Self.isKnown(new, keys))
      try Data("{".utf8).write(to: URL(fileURLWithPath: used), options: .atomic)
      keys.look()
      #expect(Self.isKnown(new, keys))
      try FileManager.default.removeItem(atPath: used)
      keys.reload()
      #expect(Self.isKnown(new, keys))
    }
  }

  @Test("a new key is for its maker's eyes only, and no file is written over")
  func newKey() throws {
    try Self.with { folder in
      let path = folder.path + "/keys.json"
      try Self.make(path)
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o600)
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      #expect(throws: ExitCode.self) { try Self.make(path) }
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }
  }

  @Test(
    "what makes no token is refused before anything is signed",
    arguments: [
      [], ["--subject", "ada"], ["--secret-file", "k"], ["--secret-file", "k", "--subject", "key:1"],
      ["--secret-file", "k", "--subject", "ada", "--role", "god"], ["--secret-file", "k", "--subject", "ada", "--workflow", "demo"],
      ["--secret-file", "k", "--subject", "ada", "--workflow", "demo=editor", "--workflow", "demo=viewer"],
      ["--secret-file", "k", "--subject", "ada", "--ttl", "0h"], ["--secret-file", "k", "--subject", "ada", "--ttl", "soon"],
      ["--new-key", "k", "--subject", "ada"],
    ])
  func wrong(arguments: [String]) {
    #expect(throws: (any Error).self) { try TokenCommand.parse(arguments) }
  }
}
