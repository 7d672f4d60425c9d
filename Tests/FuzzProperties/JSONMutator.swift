/// Changes JSON as JSON: values, members and items come, go, and change places. Bytes changed at random are mostly no JSON any more, and
/// then only the reader's first lines are tried.
///
/// The members that went by are remembered: what one input has, another can get.
public struct JSONMutator {
  private static let membersMax = 512
  private static let interesting = [
    "0", "1", "-1", "-0.0", "4294967296", "1e308", "true", "null", "[]", "{}", #""""#, #""a""#, #""1""#, #""9007199254740993""#,
    #""18446744073709551615""#, #""\u0000\"\\""#, #""\ud83d\ude42""#,
  ].map { Node.scalar(Array($0.utf8)) }
  private var members: [Member] = []

  public init() {}

  /// - Returns: `nil` when the input is not JSON.
  public mutating func mutate(_ input: [UInt8], seed: UInt64) -> [UInt8]? {
    var reader = Reader(bytes: input[...])
    guard var root = reader.value(depth: 0), reader.isAtEnd else { return nil }
    var random = Seeded(seed)
    remember(root, &random)
    var place = Int.random(in: 0..<root.count, using: &random)
    root.change(&place) { self.change(&$0, &random) }
    var bytes: [UInt8] = []
    root.write(to: &bytes)
    return bytes
  }

  private mutating func remember(_ node: Node, _ random: inout Seeded) {
    switch node {
    case .scalar: break
    case .array(let items): for item in items { remember(item, &random) }
    case .object(let own):
      for member in own {
        if members.count < Self.membersMax {
          members.append(member)
        } else {
          members[Int.random(in: 0..<members.count, using: &random)] = member
        }
        remember(member.value, &random)
      }
    }
  }

  private func change(_ node: inout Node, _ random: inout Seeded) {
    switch node {
    case .scalar(let bytes):
      let number = "\(random.next() >> UInt64.random(in: 0...63, using: &random))"
      switch Int.random(in: 0..<3, using: &random) {
      case 0: node = .scalar(Array((bytes.first == UInt8(ascii: "\"") ? "\"\(number)\"" : number).utf8))
      case 1: node = members.randomElement(using: &random)?.value ?? node
      default: node = Self.interesting.randomElement(using: &random) ?? node
      }
    case .array(var items):
      let place = Int.random(in: 0...items.count, using: &random)
      if Bool.random(using: &random), place < items.count {
        items.remove(at: place)
      } else if let item = items.randomElement(using: &random) ?? members.randomElement(using: &random)?.value {
        items.insert(item, at: place)
      }
      node = .array(items)
    case .object(var own):
      let place = Int.random(in: 0...own.count, using: &random)
      if let other = members.randomElement(using: &random) {
        switch Int.random(in: 0..<4, using: &random) {
        case 0 where place < own.count: own.remove(at: place)
        case 1 where place < own.count: own[place].key = other.key
        default: own.insert(other, at: place)
        }
      }
      node = .object(own)
    }
  }
}

private struct Member: Sendable {
  /// With its quotes.
  var key: [UInt8]
  var value: Node
}

private indirect enum Node: Sendable {
  /// As it was written.
  case scalar([UInt8])
  case array([Node])
  case object([Member])

  /// Itself and all below.
  var count: Int {
    switch self {
    case .scalar: 1
    case .array(let items): items.reduce(1) { $0 + $1.count }
    case .object(let members): members.reduce(1) { $0 + $1.value.count }
    }
  }

  /// - Parameter place: which of ``count``, itself first. Negative once it was met.
  mutating func change(_ place: inout Int, _ body: (inout Node) -> Void) {
    if place == 0 { body(&self) }
    place -= 1
    switch self {
    case .scalar: break
    case .array(var items):
      for index in items.indices where place >= 0 { items[index].change(&place, body) }
      self = .array(items)
    case .object(var members):
      for index in members.indices where place >= 0 { members[index].value.change(&place, body) }
      self = .object(members)
    }
  }

  func write(to bytes: inout [UInt8]) {
    switch self {
    case .scalar(let text): bytes += text
    case .array(let items):
      bytes.append(UInt8(ascii: "["))
      for (index, item) in items.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        item.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        bytes += member.key + [UInt8(ascii: ":")]
        member.value.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }
}

/// Finds where values begin and end. What is inside of strings and numbers is for the code under test to judge.
private struct Reader {
  private static let depthMax = 64
  var bytes: ArraySlice<UInt8>

  var isAtEnd: Bool {
    mutating get {
      skipBlanks()
      return bytes.isEmpty
    }
  }

  private mutating func skipBlanks() { bytes = bytes.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) } }

  private mutating func takes(_ sign: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard bytes.first == UInt8(ascii: sign) else { return false }
    bytes.removeFirst()
    return true
  }

  mutating func value(depth: Int) -> Node? {
    guard depth < Self.depthMax else { return nil }
    if takes("[") { return list("]") { $0.value(depth: depth + 1) }.map(Node.array) }
    if takes("{") { return list("}") { $0.member(depth: depth + 1) }.map(Node.object) }
    return string().map(Node.scalar) ?? word().map(Node.scalar)
  }

  private mutating func member(depth: Int) -> Member? {
    skipBlanks()
    guard let key = string(), takes(":"), let value = value(depth: depth) else { return nil }
    return Member(key: key, value: value)
  }

  private mutating func list<Item>(_ end: Unicode.Scalar, _ item: (inout Reader) -> Item?) -> [Item]? {
    var items: [Item] = []
    if takes(end) { return items }
    repeat {
      guard let next = item(&self) else { return nil }
      items.append(next)
    } while takes(",")
    return takes(end) ? items : nil
  }

  private mutating func string() -> [UInt8]? {
    guard bytes.first == UInt8(ascii: "\"") else { return nil }
    var end = bytes.startIndex + 1
    while end < bytes.endIndex, bytes[end] != UInt8(ascii: "\"") { end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1 }
    guard end < bytes.endIndex else { return nil }
    return take(through: end)
  }

  private mutating func word() -> [UInt8]? {
    let count = bytes.prefix { !",:[]{}\" \t\r\n".utf8.contains($0) }.count
    return count == 0 ? nil : take(through: bytes.startIndex + count - 1)
  }

  private mutating func take(through last: Int) -> [UInt8] {
    defer { bytes = bytes[(last + 1)...] }
    return Array(bytes[...last])
  }
}
