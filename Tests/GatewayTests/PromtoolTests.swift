import Foundation
import Testing

@testable import Gateway

/// Prometheus' own judge of what it is given. `.ci/promtool` brings it.
@Suite struct PromtoolTests {
  private static let program: String? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL.path
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let places = ([root + "/.build/promtool/usr/bin"] + folders).map { $0 + "/promtool" }
    return places.first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  @Test("[OP3] promtool check metrics finds nothing", .enabled(if: program != nil, "there is no promtool: run .ci/promtool"))
  func check() async throws {
    let metrics = ServerMetrics(version: "thaiyyal \"0\"")
    let text = try await TestServer.with(metrics: metrics) { (server: TestServer) async throws -> String in
      _ = try await RawClient.get("/livez", from: server.port)
      metrics.committed(calls: 3, bytes: 100, duration: .milliseconds(2))
      return try await RawClient.get("/metrics", from: server.port).body
    }
    #expect(try Self.findings(in: text) == "")
    // A judge that finds nothing anywhere would be none.
    #expect(try Self.findings(in: text + "# TYPE late_ms gauge\nlate_ms 1\n").contains("late_ms"))
  }

  private static func findings(in text: String) throws -> String {
    let file = FileManager.default.temporaryDirectory.appending(path: "metrics-\(UUID().uuidString)")
    try text.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(filePath: try #require(program))
    process.arguments = ["check", "metrics"]
    process.standardInput = try FileHandle(forReadingFrom: file)
    let output = Pipe()
    (process.standardOutput, process.standardError) = (output, output)
    try process.run()
    let found = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: found, as: UTF8.self)
  }
}
