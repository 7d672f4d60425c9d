import Foundation
import Glibc

/// Standard output for results, standard error for everything else.
enum Console {
  static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }
  static func error(_ text: String) { write("thaiyyal: \(text)\n", to: STDERR_FILENO) }
  static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }
  /// Replaces the line being shown; for terminals.
  static func overwrite(_ text: String) { write("\r\u{1B}[K" + text, to: STDERR_FILENO) }

  /// What others wrote, without what moves a terminal's cursor.
  static func plain(_ text: String) -> String {
    text.filter { !$0.unicodeScalars.contains { $0.properties.generalCategory == .control || $0.properties.generalCategory == .format } }
  }

  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  private static func write(_ text: String, to file: Int32) {
    var rest = Substring(text).utf8
    while !rest.isEmpty {
      let written = rest.withContiguousStorageIfAvailable { Glibc.write(file, $0.baseAddress, $0.count) } ?? -1
      // A reader that went away (a closed pipe) is no reason to stop the work.
      guard written > 0 else { return }
      rest = rest.dropFirst(written)
    }
  }
}

/// "how far" on standard error: a line that renews itself on a terminal, a line every few seconds elsewhere.
struct Progress {
  private let what: String
  private let total: Int?
  private let isQuiet: Bool
  private let isTerminal = Console.errorIsTerminal
  private let start = ContinuousClock.now
  private var shownAt: ContinuousClock.Instant?

  init(_ what: String, total: Int? = nil, isQuiet: Bool = false) {
    self.what = what
    self.total = total
    self.isQuiet = isQuiet
  }

  mutating func show(_ done: Int, _ detail: String = "") {
    let now = ContinuousClock.now
    guard !isQuiet, now - (shownAt ?? start) >= (isTerminal ? .milliseconds(200) : .seconds(5)) else { return }
    shownAt = now
    let count = total.map { "\(done) of \($0)" } ?? "\(done)"
    let text = "\(what): \(count)\(detail.isEmpty ? "" : ", " + detail)"
    if isTerminal { Console.overwrite(text) } else { Console.note(text) }
  }

  /// Leaves the line that renews itself.
  func finish() { if isTerminal, shownAt != nil { Console.overwrite("") } }
}
