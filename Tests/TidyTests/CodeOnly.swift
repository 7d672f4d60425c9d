/// Blanks out what is not code, so that a word in a comment or a text is not taken for a call.
enum CodeOnly {
  static func of(_ text: String) -> String {
    var scanner = Scanner(Array(text.utf8))
    scanner.run()
    return String(decoding: scanner.bytes, as: UTF8.self)
  }

  private struct Scanner {
    var bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func run() {
      while at < bytes.count {
        if starts(with: "//") {
          while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { blank() }
        } else if starts(with: "/*") {
          blankComment()
        } else if let fence = literalFence() {
          blankLiteral(fence)
        } else {
          at += 1
        }
      }
    }

    private func starts(with word: StaticString) -> Bool {
      let count = word.utf8CodeUnitCount
      guard at + count <= bytes.count else { return false }
      return (0..<count).allSatisfy { bytes[at + $0] == word.utf8Start[$0] }
    }

    private mutating func blank(_ count: Int = 1) {
      for _ in 0..<count where at < bytes.count {
        if bytes[at] != UInt8(ascii: "\n") { bytes[at] = UInt8(ascii: " ") }
        at += 1
      }
    }

    private mutating func blankComment() {
      var depth = 0
      repeat {
        if starts(with: "/*") {
          depth += 1
          blank(2)
        } else if starts(with: "*/") {
          depth -= 1
          blank(2)
        } else {
          blank()
        }
      } while depth > 0 && at < bytes.count
    }

    /// How a literal that starts here is fenced: `#` signs before the quotes, and one or three of them.
    private func literalFence() -> (hashes: Int, quotes: Int)? {
      var index = at
      while index < bytes.count, bytes[index] == UInt8(ascii: "#") { index += 1 }
      let hashes = index - at
      guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { return nil }
      let isTriple = index + 2 < bytes.count && bytes[index + 1] == UInt8(ascii: "\"") && bytes[index + 2] == UInt8(ascii: "\"")
      return (hashes, isTriple ? 3 : 1)
    }

    private mutating func blankLiteral(_ fence: (hashes: Int, quotes: Int)) {
      blank(fence.hashes + fence.quotes)
      while at < bytes.count {
        if bytes[at] == UInt8(ascii: "\\"), hashCount(at + 1) >= fence.hashes {
          blank(1 + fence.hashes)
          if at < bytes.count, bytes[at] == UInt8(ascii: "(") { blankInterpolation() } else { blank() }
        } else if closes(fence) {
          blank(fence.quotes + fence.hashes)
          return
        } else if fence.quotes == 1, bytes[at] == UInt8(ascii: "\n") {
          return
        } else {
          blank()
        }
      }
    }

    private func hashCount(_ start: Int) -> Int {
      var index = start
      while index < bytes.count, bytes[index] == UInt8(ascii: "#") { index += 1 }
      return index - start
    }

    private func closes(_ fence: (hashes: Int, quotes: Int)) -> Bool {
      let end = at + fence.quotes
      guard end <= bytes.count, (at..<end).allSatisfy({ bytes[$0] == UInt8(ascii: "\"") }) else { return false }
      return hashCount(end) >= fence.hashes
    }

    /// Code inside a text: with literals of its own, so it is walked, not searched for its end.
    private mutating func blankInterpolation() {
      var depth = 0
      repeat {
        if let fence = literalFence() {
          blankLiteral(fence)
          continue
        }
        if bytes[at] == UInt8(ascii: "(") { depth += 1 }
        if bytes[at] == UInt8(ascii: ")") { depth -= 1 }
        blank()
      } while depth > 0 && at < bytes.count
    }
  }
}

extension StringProtocol {
  /// Whether `word` stands in this text and neither end of it is in the middle of a longer name.
  func containsWord(_ word: String) -> Bool {
    let text = Array(utf8)
    let needle = Array(word.utf8)
    guard let first = needle.first, let last = needle.last, text.count >= needle.count else { return false }
    for start in 0...(text.count - needle.count) where text[start] == first && text[start..<start + needle.count].elementsEqual(needle) {
      let end = start + needle.count
      let startsInside = first.isNamePart && start > 0 && text[start - 1].isNamePart
      let endsInside = last.isNamePart && end < text.count && text[end].isNamePart
      if !startsInside && !endsInside { return true }
    }
    return false
  }
}

extension UInt8 {
  fileprivate var isNamePart: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
