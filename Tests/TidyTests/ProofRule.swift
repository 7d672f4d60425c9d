/// What the compiler cannot check carries a proof: a comment on the line or close above it.
enum ProofRule {
  static let words = ["@unchecked Sendable", "nonisolated(unsafe)", "unsafeBitCast", "@unchecked"]
  static let proofBytesMin = 20
  /// How far above the comment may stand: on the type, with its head and a few attributes between.
  static let linesAbove = 6

  static func violations(in repository: Repository) -> [Violation] {
    var found: [Violation] = []
    for file in repository.swift {
      for (index, line) in file.code.enumerated() {
        guard let word = words.first(where: { line.contains($0) }), !hasProof(index, in: file) else { continue }
        found.append(Violation(path: file.path, line: index + 1, text: "\(word) without a comment that says why it is safe"))
      }
    }
    return found
  }

  private static func hasProof(_ index: Int, in file: SourceFile) -> Bool {
    if let comment = file.lines[index].firstRange(of: "//") {
      return file.lines[index][comment.upperBound...].utf8.count >= proofBytesMin
    }
    return file.lines[max(0, index - linesAbove)..<index].contains { line in
      let text = line.drop { $0 == " " }
      return text.hasPrefix("//") && text.utf8.count >= proofBytesMin
    }
  }
}

/// A decision is one page with five headings, numbered without gaps.
enum DecisionRule {
  static let headings = ["Status", "Context", "Decision", "Consequences", "Alternatives"]
  static let folder = "docs/adr/"
  static let linesMax = 80

  static func violations(in repository: Repository) -> [Violation] {
    var found: [Violation] = []
    var numbers: Set<String> = []
    for file in repository.files where file.path.hasPrefix(folder) {
      let name = file.path.dropFirst(folder.count)
      if name == "README.md" { continue }
      let number = name.prefix(4)
      let isNumbered = number.count == 4 && number.allSatisfy(\.isNumber) && name.dropFirst(4).first == "-" && name.hasSuffix(".md")
      if !isNumbered { found.append(Violation(path: file.path, line: 0, text: "a decision is called NNNN-title.md")) }
      if isNumbered, !numbers.insert(String(number)).inserted {
        found.append(Violation(path: file.path, line: 0, text: "two decisions have the number \(number)"))
      }
      for heading in headings where !file.lines.contains(where: { isHeading($0, heading) }) {
        found.append(Violation(path: file.path, line: 0, text: "the heading “\(heading)” is missing"))
      }
      if file.lines.count > linesMax { found.append(Violation(path: file.path, line: 0, text: "a decision is one page")) }
    }
    return found
  }

  private static func isHeading(_ line: Substring, _ heading: String) -> Bool {
    line == "## \(heading)" || line.hasPrefix("## \(heading) ")
  }
}
