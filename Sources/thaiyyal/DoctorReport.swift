/// One thing looked at, and what to do about it.
struct Finding: Sendable {
  enum Level: String, Sendable { case ok, warn, fail }
  var level: Level
  var subject: String
  var text: String
  /// For `warn` and `fail`: the next step of whoever reads this.
  var remedy = ""

  static func ok(_ subject: String, _ text: String) -> Finding { Finding(level: .ok, subject: subject, text: text) }
  static func warn(_ subject: String, _ text: String, _ remedy: String) -> Finding {
    Finding(level: .warn, subject: subject, text: text, remedy: remedy)
  }
  static func fail(_ subject: String, _ text: String, _ remedy: String) -> Finding {
    Finding(level: .fail, subject: subject, text: text, remedy: remedy)
  }

  private static let subjectWidth = 12

  var line: String {
    let head = level.rawValue + String(repeating: " ", count: 6 - level.rawValue.count)
    let name = subject + String(repeating: " ", count: max(1, Self.subjectWidth - subject.count))
    return head + name + text + (remedy.isEmpty ? "" : "\n" + String(repeating: " ", count: 6 + Self.subjectWidth) + "→ " + remedy)
  }
}
