/// The settings of one node that some type reads, of the kinds the catalogue says. Missing and JSON null are the same: not set.
public struct NodeSettings: Sendable, Hashable {
  enum Setting: Sendable, Hashable {
    case number(Double)
    case integer(Int)
    case bool(Bool)
    case text(String)
    case texts([String])
    case anything(Value)
    case cases([SwitchCase])
  }

  /// A handful per node: found by walking, faster than by hashing.
  private var entries: [(name: String, setting: Setting)] = []

  public init() {}

  subscript(name: String) -> Setting? {
    get { entries.first { $0.name == name }?.setting }
    set {
      let index = entries.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let setting?): entries[index].setting = setting
      case (let index?, nil): entries.remove(at: index)
      case (nil, let setting?): entries.append((name, setting))
      case (nil, nil): break
      }
    }
  }

  public func isSet(_ name: String) -> Bool { self[name] != nil }
  public func number(_ name: String) -> Double? { if case .number(let number)? = self[name] { number } else { nil } }
  public func integer(_ name: String) -> Int? { if case .integer(let integer)? = self[name] { integer } else { nil } }
  public func bool(_ name: String) -> Bool? { if case .bool(let bool)? = self[name] { bool } else { nil } }
  public func text(_ name: String) -> String? { if case .text(let text)? = self[name] { text } else { nil } }
  public func texts(_ name: String) -> [String]? { if case .texts(let texts)? = self[name] { texts } else { nil } }
  public func value(_ name: String) -> Value? { if case .anything(let value)? = self[name] { value } else { nil } }
  public func cases(_ name: String) -> [SwitchCase]? { if case .cases(let cases)? = self[name] { cases } else { nil } }

  public static func == (a: Self, b: Self) -> Bool {
    a.entries.count == b.entries.count && a.entries.allSatisfy { $0.setting == b[$0.name] }
  }
  public func hash(into hasher: inout Hasher) { hasher.combine(entries.count) }
}

/// One case of a switch.
public struct SwitchCase: Sendable, Hashable {
  public var when = ""
  /// `nil` when not set: then `when` decides.
  public var value: Value?
  public var outputPath: String?
  public init() {}
}
