public import WorkflowEngine
import WorkflowGraph

/// Counts what is in a text: a plug-in to read before writing one, and of use by itself.
///
/// One type, `text_statistics`. Its inputs are texts, joined by line feeds; it gives an object with the counts that its setting `count` names
/// and, where asked for, the most frequent words.
public struct TextStatistics: NodePlugin {
  public let name = "text-statistics"
  public let version = "1.0.0"
  public let types = [
    PluginType(
      Self.type, category: "Text", summary: "Counts characters, words and lines, and finds the most frequent words.", inputs: .oneOrMore,
      settings: [
        PluginSetting(
          "count", .choice(["all", "characters", "words", "lines"]), initial: .text("all"), standard: .text("all"),
          summary: "What to count."),
        PluginSetting("top_words", .integer, standard: .number(0), min: 0, summary: "How many of the most frequent words to list."),
        PluginSetting("min_length", .integer, standard: .number(1), min: 1, summary: "Shorter words are not listed."),
      ])
  ]

  private static let type = "text_statistics"
  private static let topWordsMax = 1000

  public init() {}

  public func findings(in settings: ObjectValue, type: String) -> [PluginFinding] {
    guard settings.count("top_words") <= Self.topWordsMax else {
      return [PluginFinding(setting: "top_words", "the setting top_words must be at most \(Self.topWordsMax)")]
    }
    return []
  }

  public func execute(_ call: PluginCall) async throws(NodeFailure) -> Value {
    var text = ""
    for (index, input) in call.inputs.enumerated() {
      guard let part = input.text else { throw NodeFailure("text_statistics input \(index) must be text") }
      text += index == 0 ? part : "\n" + part
    }
    let words = text.split(whereSeparator: { $0.isWhitespace })
    let all: [(name: String, value: Value)] = [
      ("characters", .number(Double(text.count))), ("words", .number(Double(words.count))),
      ("lines", .number(Double(text.isEmpty ? 0 : text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).count))),
    ]
    let wanted = call.settings["count"]?.text ?? "all"
    var members = all.filter { wanted == "all" || wanted == $0.name }.map { ObjectValue.Member($0.name, $0.value) }
    let top = call.settings.count("top_words")
    if top > 0 { members.append(ObjectValue.Member("top", frequent(words, top, call.settings.count("min_length")))) }
    return .object(ObjectValue(members))
  }

  /// The most frequent first; of equally frequent ones the first in the alphabet.
  private func frequent(_ words: [Substring], _ count: Int, _ lengthMin: Int) -> Value {
    var counts: [String: Int] = [:]
    for word in words {
      let bare = word.drop { !$0.isLetter && !$0.isNumber }.reversed().drop { !$0.isLetter && !$0.isNumber }.reversed()
      let plain = String(bare).lowercased()
      if plain.count >= max(1, lengthMin) { counts[plain, default: 0] += 1 }
    }
    let order = counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
    return .array(order.prefix(count).map { .object(["word": .text($0.key), "count": .number(Double($0.value))]) })
  }
}

extension ObjectValue {
  /// A whole number, which the description has checked.
  fileprivate func count(_ name: String) -> Int { self[name]?.number.flatMap { Int(exactly: $0) } ?? 0 }
}
