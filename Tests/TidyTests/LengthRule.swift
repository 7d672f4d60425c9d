/// Files and functions fit their place: a file in a sitting, a function on a screen. A marker with a reason allows more.
enum LengthRule {
  static let fileLinesMax = 400
  static let functionLinesMax = 60
  static let lineBytesMax = 160
  /// `// Long: a reason`, on the first line of a file or right before a function.
  static let marker = "// Long: "

  static func violations(in repository: Repository) -> [Violation] {
    var found: [Violation] = []
    for file in repository.swift {
      if file.lines.count > fileLinesMax + 1, !hasReason(file.lines.first) {
        found.append(
          Violation(path: file.path, line: 0, text: "\(file.lines.count) lines, \(fileLinesMax) are allowed without a reason on the first"))
      }
      for function in functions(in: file) where function.lineCount > functionLinesMax && !hasReason(before: function.line, in: file) {
        let text = "\(function.name) has \(function.lineCount) lines, \(functionLinesMax) are allowed"
        found.append(Violation(path: file.path, line: function.line, text: text))
      }
    }
    return found
  }

  private static func hasReason(_ line: Substring?) -> Bool {
    guard let line = line?.drop(while: { $0 == " " }), line.hasPrefix(marker) else { return false }
    return line.count >= marker.count + 10
  }

  /// Whether one of the comment lines right above carries the marker.
  private static func hasReason(before line: Int, in file: SourceFile) -> Bool {
    var index = line - 2
    while index >= 0 {
      let text = file.lines[index].drop(while: { $0 == " " })
      guard text.hasPrefix("//") || text.hasPrefix("@") else { return false }
      if hasReason(text) { return true }
      index -= 1
    }
    return false
  }

  struct Function {
    var name: String
    var line: Int
    var lineCount: Int
  }

  /// Functions and initialisers with a body, nested ones too.
  static func functions(in file: SourceFile) -> [Function] {
    var found: [Function] = []
    for (index, line) in file.code.enumerated() {
      guard let name = declaredFunction(line), let last = lastLine(of: index, in: file.code) else { continue }
      found.append(Function(name: name, line: index + 1, lineCount: last - index + 1))
    }
    return found
  }

  private static func declaredFunction(_ line: Substring) -> String? {
    if let at = line.firstRange(of: "func ") { return String(line[at.upperBound...].prefix { $0 != "(" && $0 != "<" }) }
    let words = line.split(separator: " ")
    let modifiers: Set<Substring> = [
      "public", "package", "internal", "fileprivate", "private", "convenience", "required", "override", "@inlinable",
    ]
    guard let first = words.first(where: { !modifiers.contains($0) }) else { return nil }
    return first.hasPrefix("init(") || first.hasPrefix("init?(") || first.hasPrefix("init<") ? "init" : nil
  }

  /// The line of the brace that closes the body of the declaration on line `start`; `nil` when it has none.
  private static func lastLine(of start: Int, in code: [Substring]) -> Int? {
    var parentheses = 0
    var braces = 0
    for index in start..<code.count {
      // A requirement of a protocol ends without a body: what follows it is another declaration, or the end of the protocol.
      if index > start, braces == 0, parentheses == 0, startsDeclaration(code[index]) { return nil }
      for character in code[index].utf8 {
        switch character {
        case UInt8(ascii: "("), UInt8(ascii: "["): parentheses += 1
        case UInt8(ascii: ")"), UInt8(ascii: "]"): parentheses -= 1
        case UInt8(ascii: "{") where parentheses == 0 || braces > 0: braces += 1
        case UInt8(ascii: "}") where braces > 0:
          braces -= 1
          if braces == 0 { return index }
        case UInt8(ascii: "}") where parentheses == 0: return nil
        default: break
        }
      }
    }
    return nil
  }

  private static func startsDeclaration(_ line: Substring) -> Bool {
    guard let first = line.split(separator: " ").first else { return false }
    return ["func", "var", "init", "static", "mutating", "associatedtype", "subscript", "public", "}"].contains { first.hasPrefix($0) }
  }
}
