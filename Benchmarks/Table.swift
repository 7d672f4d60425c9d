/// Rows of the table that goes into docs/BENCHMARKS.md.
struct Table {
  private var rows: [(group: String, what: String, result: String, target: String)] = []

  mutating func add(_ group: String, _ what: String, _ result: String, target: String = "") { rows.append((group, what, result, target)) }

  /// Groups in the order of their first row.
  var markdown: String {
    var groups: [String] = []
    for row in rows where !groups.contains(row.group) { groups.append(row.group) }
    return groups.map { group in
      "\n## \(group)\n\n| what | measured | target |\n|---|---|---|\n"
        + rows.filter { $0.group == group }.map { "| \($0.what) | \($0.result) | \($0.target) |\n" }.joined()
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
