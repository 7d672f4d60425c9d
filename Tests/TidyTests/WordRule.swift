/// Words that may not stand in code, with the reason.
enum WordRule {
  struct Ban {
    var word: String
    var reason: String
    /// What makes it right when it stands on the same line.
    var unless: String?
  }

  /// Ring 0 decides; time, chance and the world come in as values.
  static let core = [
    Ban(word: "Date(", reason: "time comes in as a value"),
    Ban(word: "Date.now", reason: "time comes in as a value"),
    // `.now` of a type that the context names; `room.now` is a value that came in.
    Ban(word: " .now", reason: "time comes in as a value"),
    Ban(word: "(.now", reason: "time comes in as a value"),
    Ban(word: ".now(", reason: "time comes in as a value"),
    Ban(word: "ContinuousClock", reason: "time comes in as a value"),
    Ban(word: "SuspendingClock", reason: "time comes in as a value"),
    Ban(word: ".random(", reason: "chance comes in as a generator", unless: "using:"),
    Ban(word: ".randomElement(", reason: "chance comes in as a generator", unless: "using:"),
    Ban(word: ".shuffled(", reason: "chance comes in as a generator", unless: "using:"),
    Ban(word: ".shuffle(", reason: "chance comes in as a generator", unless: "using:"),
    Ban(word: "SystemRandomNumberGenerator", reason: "chance comes in as a value"),
    Ban(word: "getenv", reason: "configuration comes in as a value"),
    Ban(word: "fatalError(", reason: "say what must hold with precondition"),
  ]
  /// In every target.
  static let everywhere = [
    Ban(word: "try!", reason: "an error is handled or thrown"),
    Ban(word: "as!", reason: "a cast that can fail is checked"),
    Ban(word: "Task.detached", reason: "a task belongs to somebody who waits for it"),
  ]
  static let printing = Ban(word: "print(", reason: "libraries do not speak to the terminal")
  /// Targets that are programs, not libraries.
  static let programs: Set = ["thaiyyal"]

  static func violations(in repository: Repository) -> [Violation] {
    let table = TargetTable(repository.file(TargetTable.path)?.text ?? "")
    var found: [Violation] = []
    for file in repository.swift {
      guard let target = file.target else { continue }
      var bans = everywhere
      if table.rows[target]?.ring == 0 { bans += core }
      if !programs.contains(target) { bans.append(printing) }
      for (index, line) in file.code.enumerated() {
        for ban in bans where line.containsWord(ban.word) && !(ban.unless.map { line.contains($0) } ?? false) {
          found.append(Violation(path: file.path, line: index + 1, text: "\(ban.word): \(ban.reason)"))
        }
      }
    }
    return found
  }
}

/// Texts that may stand nowhere: promises instead of work, and places that exist on one machine only.
enum TextRule {
  // Put together here, so that this file does not break its own rule.
  static let promises = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
  static let places = ["/ho" + "me/", "/Us" + "ers/", "/ro" + "ot/", "/wo" + "rk/", "/tm" + "p/", "C:\\" + "Users"]

  static func violations(in repository: Repository) -> [Violation] {
    var found: [Violation] = []
    for file in repository.files where !file.path.contains("/Generated/") && !file.path.hasPrefix("fixtures/") {
      for (index, line) in file.lines.enumerated() {
        for word in promises where line.containsWord(word) {
          found.append(Violation(path: file.path, line: index + 1, text: "\(word): do it, or open an issue"))
        }
        for place in places where line.contains(place) {
          found.append(Violation(path: file.path, line: index + 1, text: "\(place): a path of one machine"))
        }
      }
    }
    return found
  }
}
