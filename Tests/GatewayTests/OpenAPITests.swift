import Foundation
import Testing

@testable import Gateway

/// `protocol/openapi.yaml` beside the routes of the server.
@Suite struct OpenAPITests {
  struct Operation: Hashable {
    var method: String
    var path: String
  }

  static func described() throws -> Set<Operation> {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../protocol/openapi.yaml")
    var operations: Set<Operation> = []
    var path = ""
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      if line.hasPrefix("  /"), line.hasSuffix(":") { path = line.dropFirst(2).dropLast().description }
      for method in ["get", "post", "put", "patch", "delete"] where line == "    \(method):" {
        operations.insert(Operation(method: method.uppercased(), path: path))
      }
    }
    return operations
  }

  @Test("every operation that is described is answered by a route of its own, and none but these")
  func operations() async throws {
    let described = try Self.described()
    #expect(described.count >= 14)
    try await TestServer.with { (server: TestServer) async throws in
      let paths = Set(described.map(\.path))
      for path in paths {
        let real = path.replacing("{id}", with: "none").replacing("{subject}", with: "ada").replacing("{version}", with: "1").replacing(
          /\{[a-z]+\}/, with: "0123456789abcdef")
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
          let answer = try await RawClient.get(real, from: server.port, headers: ["content-length: 0"], method: method)
          #expect(!answer.body.contains("There is nothing at this address."), "\(method) \(path)")
          let isThere = answer.status != 405
          #expect(isThere == described.contains(Operation(method: method, path: path)), "\(method) \(path): \(answer.status)")
          if !isThere {
            let allowed = Set((answer["allow"] ?? "").split(separator: ", ").map(String.init)).subtracting(["HEAD"])
            #expect(allowed == Set(described.filter { $0.path == path }.map(\.method)), "\(method) \(path)")
            // Also when it brings a body, which no address of this method would read.
            let withBody = try await TestTokens.send(method, real, "{}", to: server)
            #expect(withBody.status == 405 && withBody["allow"] == answer["allow"], "\(method) \(path): \(withBody.status)")
          }
        }
      }
    }
  }

  @Test("a description with a comma or a colon inside braces is in quotes: else YAML takes its rest for another member")
  func quoted() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../protocol/openapi.yaml")
    for (number, line) in try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
      .enumerated()
    {
      for part in line.matches(of: #/[{,] *(?:description|summary): ([^"{][^{}]*)/#) {
        // Up to the next member.
        let text = part.1.replacing(#/, (?:[a-zA-Z-]+|"[0-9]+"): ?.*/#, with: "")
        #expect(!text.contains(",") && !text.contains(": ") && !text.contains("["), "line \(number + 1): \(text)")
      }
    }
  }
}
