/// Fills `{{ variable.name }}` and `{{ const.name }}` into texts, once, not into what was filled in.
///
/// White space inside the braces is tab, line feed, form feed, carriage return and space; a name is `[0-9A-Za-z_]+`. What names nothing
/// stays as it is written.
struct Interpolation {
  let variables: [String: Value]
  let constants: [String: Value]

  /// The settings whose texts are filled in. No others are: not conditions, separators, durations, cases.
  private static let texts = ["text", "url", "label", "var_name", "field", "cache_key"]
  private static let lists = ["fields", "paths"]
  private static let values = ["initial_value", "fallback_value"]

  func apply(to settings: inout NodeSettings) {
    for name in Self.texts { if let text = settings.text(name) { settings[name] = .text(apply(to: text)) } }
    for name in Self.lists { if let texts = settings.texts(name) { settings[name] = .texts(texts.map { apply(to: $0) }) } }
    for name in Self.values { if let value = settings.value(name) { settings[name] = .anything(apply(to: value)) } }
  }

  func apply(to value: Value) -> Value {
    switch value {
    case .text(let text): .text(apply(to: text))
    case .array(let array): .array(array.elements.map { apply(to: $0) })
    case .object(let object): .object(ObjectValue(object.members.map { ObjectValue.Member($0.name, apply(to: $0.value)) }))
    default: value
    }
  }

  /// O(bytes of the text and of what is filled in).
  func apply(to text: String) -> String {
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
    let key = String(decoding: name, as: UTF8.self)
    return (at, isVariable ? variables[key] : constants[key])
  }
}
