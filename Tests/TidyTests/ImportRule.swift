/// A target imports what the table allows it, and every target is in the table. SwiftPM misses imports that come in by another's dependency.
enum ImportRule {
  static func violations(in repository: Repository) -> [Violation] {
    guard let table = repository.file(TargetTable.path).map({ TargetTable($0.text) }) else {
      return [Violation(path: TargetTable.path, line: 0, text: "there is no table of targets")]
    }
    var found: [Violation] = []
    for file in repository.swift {
      guard let target = file.target else { continue }
      guard let row = table.rows[target] else {
        found.append(Violation(path: file.path, line: 0, text: "target \(target) is not in the table of \(TargetTable.path)"))
        continue
      }
      for (index, line) in file.code.enumerated() {
        guard let module = importedModule(line), !row.imports.contains(module), !TargetTable.standard.contains(module) else { continue }
        found.append(Violation(path: file.path, line: index + 1, text: "\(target) may not import \(module)"))
      }
    }
    return found
  }

  /// `@preconcurrency public import struct Foundation.Data` → `Foundation`.
  static func importedModule(_ line: Substring) -> String? {
    let words = line.split(separator: " ")
    guard let at = words.firstIndex(of: "import"), at + 1 < words.count else { return nil }
    let levels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
    guard words[..<at].allSatisfy({ $0.hasPrefix("@") || levels.contains($0) }) else { return nil }
    let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias", "actor"]
    let name = kinds.contains(words[at + 1]) && at + 2 < words.count ? words[at + 2] : words[at + 1]
    return name.split(separator: ".").first.map(String.init)
  }
}
