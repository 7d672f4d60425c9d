/// The table of targets in `docs/ARCHITECTURE.md`: the one place that says which ring a target is in and what it may import.
struct TargetTable {
  struct Row: Hashable {
    var ring: Int
    var imports: Set<String>
  }

  static let path = "docs/ARCHITECTURE.md"
  /// What every target may import.
  static let standard: Set = ["Swift", "Synchronization"]
  /// Products whose modules have other names than they.
  static let families: [String: [String]] = [
    "Collections": [
      "Collections", "OrderedCollections", "DequeModule", "HeapModule", "HashTreeCollections", "BitCollections", "BasicContainers",
    ],
    "Hummingbird": ["Hummingbird", "HummingbirdCore"],
    "NIOHTTPTypes": ["HTTPTypes", "NIOHTTPTypes", "NIOHTTPTypesHTTP1"],
    "Glibc": ["Glibc", "Musl"],
    "Foundation": ["Foundation", "FoundationEssentials"],
  ]

  private(set) var rows: [String: Row] = [:]

  /// Rows look like ``| 0 | `Target` | what it does | `Import`, `Import` |``.
  init(_ text: String) {
    for line in text.split(separator: "\n") where line.hasPrefix("|") {
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().map(Self.trimmed)
      guard cells.count >= 4, let ring = Int(cells[0]) else { continue }
      let imports = Self.codeWords(cells[3]).flatMap { Self.families[$0] ?? [$0] }
      for name in Self.codeWords(cells[1]) { rows[name] = Row(ring: ring, imports: Set(imports)) }
    }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return text
  }

  /// What stands between backticks.
  private static func codeWords(_ cell: Substring) -> [String] {
    cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }
}
