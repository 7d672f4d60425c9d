import Glibc

/// Histories for whoever implements the document in another language: one JSON object a line.
///
/// - `history-stream emit FIRST COUNT`: histories of the seeds from FIRST on, with what must come of them.
/// - `history-stream verify`: reads histories from standard input and says whether the document here comes out the same.
/// - `history-stream catalogue`: the catalogue of node types as a JavaScript module.
/// Exit code 1 when something differs, 2 for a wrong call.
@main
struct HistoryStream {
  static func main() {
    let words = CommandLine.arguments.dropFirst()
    switch words.first {
    case "emit" where words.count == 3:
      guard let first = UInt64(words[words.startIndex + 1]), let count = UInt64(words[words.startIndex + 2]) else { usage() }
      for seed in first..<first + count { print(History(seed: seed).line) }
    case "verify" where words.count == 1:
      let verdict = Verifier.run()
      print("\(verdict.count) histories, \(verdict.wrong) wrong")
      if verdict.wrong > 0 || verdict.count == 0 { exit(1) }
    case "catalogue" where words.count == 1: print(Catalogue.module)
    default: usage()
    }
  }

  private static func usage() -> Never {
    print("usage: history-stream emit FIRST COUNT | history-stream verify < HISTORIES | history-stream catalogue")
    exit(2)
  }
}
