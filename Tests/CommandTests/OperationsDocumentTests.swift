import ArgumentParser
import Foundation
import Testing

@testable import Gateway
@testable import thaiyyal

/// docs/OPERATIONS.md beside the program. `UPDATE_DOCS=1` writes the table of settings anew.
@Suite struct OperationsDocumentTests {
  private static let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/OPERATIONS.md")
  private static let head = "<!-- settings: made from Setting by OperationsDocumentTests -->\n"
  private static let foot = "<!-- end of settings -->"

  /// A row per setting: flag, environment variable, default, and the flag's own help.
  private static func table() -> String {
    var rows = "| key in the file | flag | environment | default | |\n|---|---|---|---|---|\n"
    for setting in Setting.allCases {
      let text = setting == .port ? "8443, with plain 8080" : setting.defaultText.isEmpty ? "(none)" : setting.defaultText
      let help = Self.help(of: setting)
      rows += "| `\(setting.rawValue)` | `\(setting.flag)` | `\(setting.environmentName)` | \(text) | \(help) |\n"
    }
    return rows
  }

  /// As `serve --help` has it, without the default, on one line.
  private static func help(of setting: Setting) -> String {
    let lines = ServeCommand.helpMessage(columns: 2000).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard let at = lines.firstIndex(where: { $0.hasPrefix("  \(setting.flag) ") || $0.hasPrefix("  \(setting.flag)/") }) else { return "" }
    // The text stands behind the flag and its value, or on the next line when there is no room for it.
    let beside = lines[at].replacing(#/^ *--[^ ]+(?: <[^>]+>)? */#, with: "")
    let text = beside.isEmpty && at + 1 < lines.count ? lines[at + 1] : beside
    return text.replacing(#/ *\(default:[^)]*\)/#, with: "").trimmingCharacters(in: .whitespaces).replacing("|", with: "\\|")
  }

  @Test("the table of settings is the program's")
  func settings() throws {
    let text = try String(contentsOf: Self.file, encoding: .utf8)
    let start = try #require(text.range(of: Self.head)).upperBound
    let end = try #require(text.range(of: Self.foot)).lowerBound
    let table = Self.table()
    if ProcessInfo.processInfo.environment["UPDATE_DOCS"] == "1" {
      try text.replacingCharacters(in: start..<end, with: table).write(to: Self.file, atomically: true, encoding: .utf8)
      return
    }
    #expect(text[start..<end] == table, "UPDATE_DOCS=1 swift test --filter OperationsDocumentTests")
    for row in table.split(separator: "\n").dropFirst(2) { #expect(!row.hasSuffix("|  |"), "no help: \(row)") }
  }

  @Test("[OP3] every metric is explained, and none that is not there")
  func metrics() throws {
    let text = try String(contentsOf: Self.file, encoding: .utf8)
    let metrics = ServerMetrics()
    // Those that only a whole server adds.
    let added: Set = [
      "thaiyyal_outbox_bytes", "thaiyyal_store_file_bytes", "thaiyyal_webhook_attempts_total", "thaiyyal_webhooks_switched_off_total",
      "thaiyyal_webhooks", "thaiyyal_webhook_pending", "thaiyyal_webhook_dead_letters", "thaiyyal_webhook_oldest_pending_seconds",
    ]
    let written = Set(metrics.text().split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) })
    let explained = Set(text.matches(of: #/`((?:thaiyyal|process)_[a-z_]+)(?:\{[a-z,]+\})?`/#).map { String($0.1) })
    #expect(explained == written.union(added), "\(explained.symmetricDifference(written.union(added)))")
  }
}
