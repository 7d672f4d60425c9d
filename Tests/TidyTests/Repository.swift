import Foundation

/// The files of this repository, as the rules see them.
struct Repository: Sendable {
  /// By path, relative to the root.
  let files: [SourceFile]

  init(_ files: [SourceFile]) { self.files = files.sorted { $0.path < $1.path } }

  /// The repository these tests are part of.
  static let here = Repository(readFiles())

  /// Where texts are looked for; what is not there yet is passed over.
  private static let places = [
    "Sources", "Tests", "Benchmarks", "docs", "protocol", "fixtures", ".ci", "Package.swift", "Makefile", "README.md", "CHANGELOG.md",
  ]
  private static let endings: Set = ["swift", "md", "proto", "sh", "js", "html", "css", "c", "h", "json", "jsonl", "modulemap"]

  private static func readFiles() -> [SourceFile] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    var found: [SourceFile] = []
    for place in places { collect(root.appendingPathComponent(place), place, into: &found) }
    return found
  }

  private static func collect(_ url: URL, _ path: String, into found: inout [SourceFile]) {
    let url = url.resolvingSymlinksInPath()
    if let names = try? FileManager.default.contentsOfDirectory(atPath: url.path) {
      for name in names where !name.hasPrefix(".") { collect(url.appendingPathComponent(name), path + "/" + name, into: &found) }
    } else if endings.contains(url.pathExtension) || url.pathExtension.isEmpty, let text = try? String(contentsOf: url, encoding: .utf8) {
      found.append(SourceFile(path: path, text: text))
    }
  }

  /// Swift files that people write.
  var swift: [SourceFile] { files.filter { $0.path.hasSuffix(".swift") && !$0.path.contains("/Generated/") } }

  func file(_ path: String) -> SourceFile? { files.first { $0.path == path } }
}

struct SourceFile: Sendable {
  let path: String
  let text: String
  let lines: [Substring]
  /// For Swift: the text with comments and the contents of literals blanked out, line by line.
  let code: [Substring]

  init(path: String, text: String) {
    self.path = path
    self.text = text
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    code = path.hasSuffix(".swift") ? CodeOnly.of(text).split(separator: "\n", omittingEmptySubsequences: false) : lines
  }

  /// `Sources/CRDT/Stamp.swift` → `CRDT`; `nil` outside `Sources`.
  var target: String? {
    let parts = path.split(separator: "/")
    return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
  }
}

/// A place where a rule is broken.
struct Violation: Hashable, Sendable, CustomStringConvertible {
  var path: String
  /// From 1; 0 for the file as a whole.
  var line: Int
  var text: String
  var description: String { line == 0 ? "\(path): \(text)" : "\(path):\(line): \(text)" }
}
