/// Every rule of the specification is quoted by at least one test, and tests quote no rule that is not there.
enum SpecRule {
  static let path = "protocol/SPEC.md"

  static func violations(in repository: Repository) -> [Violation] {
    guard let spec = repository.file(path) else { return [] }
    let quoted = quotedRules(in: repository)
    var found: [Violation] = []
    let defined = definedRules(in: spec)
    if defined.isEmpty { found.append(Violation(path: path, line: 0, text: "no rule is defined here")) }
    var seen: Set<String> = []
    for (rule, line) in defined {
      if !seen.insert(rule).inserted { found.append(Violation(path: path, line: line, text: "\(rule) is defined twice")) }
      if quoted[rule] == nil { found.append(Violation(path: path, line: line, text: "no test quotes [\(rule)]")) }
    }
    // Other documents have rules too; a family that the specification knows must be known whole.
    let families = Set(seen.map(family))
    for (rule, place) in quoted.sorted(by: { $0.key < $1.key }) where !seen.contains(rule) && families.contains(family(rule)) {
      found.append(Violation(path: place.path, line: place.line, text: "[\(rule)] is not defined in \(path)"))
    }
    return found
  }

  /// A rule is defined where its id in bold opens a line, a list entry or a table cell: `**CR1** …`, `- **CR1** …`, `| **CR1** | …`.
  static func definedRules(in spec: SourceFile) -> [(rule: String, line: Int)] {
    spec.lines.enumerated().compactMap { index, line in
      var rest = line.drop { " -*|#".contains($0) && $0 != "*" }
      guard rest.hasPrefix("**") else { return nil }
      rest = rest.dropFirst(2)
      guard let end = rest.firstRange(of: "**") else { return nil }
      let word = rest[..<end.lowerBound]
      return isRule(word) ? (String(word), index + 1) : nil
    }
  }

  /// Ids in brackets inside the names of tests: `[CR4]`, `[CR4, DO2]`.
  static func quotedRules(in repository: Repository) -> [String: (path: String, line: Int)] {
    var found: [String: (path: String, line: Int)] = [:]
    for file in repository.swift where file.path.hasPrefix("Tests/") && !file.path.hasPrefix("Tests/TidyTests/") {
      for (index, line) in file.lines.enumerated() where line.contains("@Test(") || line.contains("@Suite(") || line.contains("\"[") {
        for group in line.split(separator: "[", omittingEmptySubsequences: false).dropFirst() {
          guard let end = group.firstIndex(of: "]") else { continue }
          let rules = group[..<end].split { $0 == "," || $0 == " " }
          guard rules.allSatisfy(isRule) else { continue }
          for rule in rules where found[String(rule)] == nil { found[String(rule)] = (file.path, index + 1) }
        }
      }
    }
    return found
  }

  /// `CR4` → `CR`.
  static func family(_ rule: String) -> String { String(rule.prefix { $0.isUppercase }) }

  /// Two or three capitals, a number, perhaps a letter.
  static func isRule(_ word: Substring) -> Bool {
    let letters = word.prefix { $0.isASCII && $0.isUppercase }
    let rest = word.dropFirst(letters.count)
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    let tail = rest.dropFirst(digits.count)
    return (2...3).contains(letters.count) && (1...2).contains(digits.count)
      && (tail.isEmpty || (tail.count == 1 && tail.first?.isLowercase == true))
  }
}
