import Foundation
import Testing

@testable import thaiyyal

@Suite struct TokensFileTests {
  private static let secret = "a secret nobody may read"

  private func load(_ text: String) throws -> Int {
    let path = FileManager.default.temporaryDirectory.appending(path: "tokens-\(UUID().uuidString).json").path
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try ServeTokens.load(path).count
  }

  @Test("[WP1] a file of tokens is read; a kind may be left out")
  func good() throws {
    let text = """
      {"tokens": [{"name": "ada", "role": "editor", "kind": "person", "secret": "\(Self.secret)"},
                  {"name": "ci", "role": "runner", "secret": "\(Self.secret) either"}]}
      """
    #expect(try load(text) == 2)
  }

  @Test(
    "[WP1] a file that is not as it should be is refused, and its secrets stay out of the words",
    arguments: [
      "", "[]", #"{"tokens": []}"#, #"{"tokens": [{"name": "ada", "secret": "\#(Self.secret)"}]}"#,
      #"{"tokens": [{"name": "ada", "role": "editr", "secret": "\#(Self.secret)"}]}"#,
      #"{"tokens": [{"name": "ada", "role": "editor", "kind": "cat", "secret": "\#(Self.secret)"}]}"#,
      #"{"tokens": [{"name": "ada", "role": "editor", "secret": "short"}]}"#,
      #"{"tokens": [{"name": "", "role": "editor", "secret": "\#(Self.secret)"}]}"#,
      #"{"tokens": [{"name": "ada", "role": "editor", "secret": ["\#(Self.secret)"]}]}"#,
      #"{"tokens": [{"name": "a", "role": "editor", "secret": "\#(Self.secret)"}, {"name": "a", "role": "owner", "secret": "\#(Self.secret)"}]}"#,
    ])
  func bad(text: String) throws {
    do {
      _ = try load(text)
      Issue.record("taken")
    } catch let fault as ConfigurationFault {
      #expect(!fault.text.contains(Self.secret))
      #expect(!fault.text.contains("\n"))
    }
  }

  @Test("a finding is one line, and what to do about it a second one")
  func findings() {
    #expect(Finding.ok("port", "is free").line == "ok    port        is free")
    #expect(Finding.fail("port", "is taken", "choose another").line == "fail  port        is taken\n                  → choose another")
  }
}
