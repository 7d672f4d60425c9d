/// Rows of the table that goes into docs/BENCHMARKS.md.
struct Table {
  private struct Row {
    var group: String
    var what: String
    var result: String
    var target: String
    var peers: String
  }

  private var rows: [Row] = []
  /// Rows are said as they come, for whoever waits.
  var onRow: (@Sendable (String) -> Void)?

  mutating func add(_ group: String, _ what: String, _ result: String, target: String = "", peers: String = "") {
    rows.append(Row(group: group, what: what, result: result, target: target, peers: peers))
    onRow?("\(group): \(what): \(result)\(peers.isEmpty ? "" : "  [\(peers)]")")
  }

  /// Groups in the order of their first row.
  var markdown: String {
    var groups: [String] = []
    for row in rows where !groups.contains(row.group) { groups.append(row.group) }
    return groups.map { group in
      let rows = rows.filter { $0.group == group }
      // A column that nothing stands in helps nobody.
      let hasPeers = rows.contains { !$0.peers.isEmpty }
      let head =
        hasPeers ? "| what | measured | target | in the same run |\n|---|---|---|---|\n" : "| what | measured | target |\n|---|---|---|\n"
      return "\n## \(group)\n\n" + head
        + rows.map { "| \($0.what) | \($0.result) | \($0.target) |\(hasPeers ? " \($0.peers) |" : "")\n" }.joined()
    }.joined()
  }
}

/// Numbers for people: three digits that count.
func short(_ value: Double) -> String {
  switch value {
  case ..<0.1: return "\((value * 1000).rounded() / 1000)"
  case ..<10: return "\((value * 100).rounded() / 100)"
  case ..<100: return "\((value * 10).rounded() / 10)"
  default:
    let digits = String(Int(value.rounded()))
    return String(
      digits.reversed().enumerated().flatMap { $0.offset > 0 && $0.offset % 3 == 0 ? [" ", $0.element] : [$0.element] }.reversed())
  }
}
