/// Fills `{{ variable.name }}` and `{{ const.name }}` into texts, once, not into what was filled in.
///
/// White space inside the braces is tab, line feed, form feed, carriage return and space; a name is `[0-9A-Za-z_]+`. What names nothing
/// stays as it is written.
struct Interpolation {
  let variables: [RunState.Name: Value]
  let constants: [RunState.Name: Value]
  /// Of one text with everything filled in; a short text may name a long value many times.
  let bytesMax: Int

  /// The settings whose texts are filled in. No others are: not conditions, separators, durations, cases. Of a plug-in's node all are.
  private static let texts = ["text", "url", "label", "var_name", "field", "cache_key"]
  private static let lists = ["fields", "paths"]
  private static let values = ["initial_value", "fallback_value", NodeSettings.plugin]

  func apply(to settings: inout NodeSettings) throws(NodeFailure) {
    for name in Self.texts { if let text = settings.text(name) { settings[name] = .text(try apply(to: text)) } }
    for name in Self.lists {
      guard var texts = settings.texts(name) else { continue }
      for index in texts.indices { texts[index] = try apply(to: texts[index]) }
      settings[name] = .texts(texts)
    }
    for name in Self.values { if let value = settings.value(name) { settings[name] = .anything(try apply(to: value)) } }
  }

  func apply(to value: Value) throws(NodeFailure) -> Value {
    switch value {
    case .text(let text): return .text(try apply(to: text))
    case .array(let array):
      var elements = array.elements
      for index in elements.indices { elements[index] = try apply(to: elements[index]) }
      return .array(elements)
    case .object(let object):
      var members: [ObjectValue.Member] = []
      for member in object.members { members.append(ObjectValue.Member(member.name, try apply(to: member.value))) }
      return .object(ObjectValue(members))
    default: return value
    }
  }

  /// O(bytes of the text and of what is filled in).
  func apply(to text: String) throws(NodeFailure) -> String {
    let bytes = Array(text.utf8)
    var output: [UInt8] = []
    var run = 0
    var at = 0
    while at < bytes.count {
      guard bytes[at] == UInt8(ascii: "{"), let (end, value) = reference(in: bytes, at: at) else {
        at += 1
        continue
      }
      if let value {
        output.append(contentsOf: bytes[run..<at])
        output.append(contentsOf: GoFormat.text(of: value).utf8)
        guard output.count <= bytesMax else { throw NodeFailure("value too large: \(output.count) bytes (limit: \(bytesMax))") }
        run = end
      }
      at = end
    }
    return run == 0 ? text : String(decoding: output + bytes[run...], as: UTF8.self)
  }

  /// The reference that starts at `start`: where it ends and what it stands for.
  private func reference(in bytes: [UInt8], at start: Int) -> (end: Int, value: Value?)? {
    var at = start
    func pass(_ expected: StaticString) -> Bool {
      guard at + expected.utf8CodeUnitCount <= bytes.count else { return false }
      for index in 0..<expected.utf8CodeUnitCount where bytes[at + index] != expected.utf8Start[index] { return false }
      at += expected.utf8CodeUnitCount
      return true
    }
    func passSpace() { while at < bytes.count, [0x09, 0x0a, 0x0c, 0x0d, 0x20].contains(bytes[at]) { at += 1 } }
    guard pass("{{") else { return nil }
    passSpace()
    let isVariable = pass("variable.")
    guard isVariable || pass("const.") else { return nil }
    let name = bytes[at...].prefix { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "_"):
        true
      default: false
      }
    }
    at += name.count
    passSpace()
    guard !name.isEmpty, pass("}}") else { return nil }
    let key = RunState.Name(String(decoding: name, as: UTF8.self))
    return (at, isVariable ? variables[key] : constants[key])
  }
}
