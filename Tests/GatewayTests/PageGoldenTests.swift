import Foundation
import Testing
import WebCanvas

/// The replica that the page loads out of the binary, run by Node.js where there is one, against the golden documents of the protocol.
@Suite struct PageGoldenTests {
  private static let node: String? = ["/usr/bin/node", "/usr/local/bin/node"].first { FileManager.default.isExecutableFile(atPath: $0) }

  @Test(
    "[ME1] [ME4] the page's replica shows every golden document as the server does, from changes and from snapshots, and refuses cut ones",
    .enabled(if: Self.node != nil, "no Node.js here"))
  func golden() async throws {
    let node = try #require(Self.node)
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let documents = tests.deletingLastPathComponent().deletingLastPathComponent().appending(path: "fixtures/protocol/documents.json")
    let folder = FileManager.default.temporaryDirectory.appending(path: "page-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for asset in WebAsset.all where asset.name.hasSuffix(".js") {
      let file = folder.appending(path: asset.name)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(asset.bytes.buffer).write(to: file)
    }
    try Data(#"{"type": "module"}"#.utf8).write(to: folder.appending(path: "package.json"))

    let process = Process()
    process.executableURL = URL(fileURLWithPath: node)
    process.arguments = [tests.appending(path: "Page/golden.mjs").path, folder.path, documents.path]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
  }
}
