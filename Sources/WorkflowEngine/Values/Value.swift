import WorkflowGraph

/// What flows along an edge. The distinctions that JSON hides are kept, because nodes see them: a count is no number to calculate with,
/// a list of texts is no list, an empty list may be nil and print as `null`.
public indirect enum Value: Sendable, Hashable {
  case null
  case bool(Bool)
  /// What payloads hold and arithmetic gives; may be infinite or NaN.
  case number(Double)
  /// A count, which no arithmetic accepts.
  case integer(Int)
  case text(String)
  case array(ArrayValue)
  /// Texts only; prints like an array and is none.
  case texts([String])
  /// An array of no elements that prints as `null`.
  case nilArray
  case object(ObjectValue)
}

/// Elements with what they weigh, so that a value's size is known without walking it (shared parts make walks exponential).
public struct ArrayValue: Sendable, Hashable {
  public let elements: [Value]
  public let weight: Weight

  public init(_ elements: [Value]) {
    self.elements = elements
    weight = elements.reduce(into: Weight()) { $0.add($1.weight) }.enclosed()
  }
}

/// Members sorted bytewise by name, each name once.
public struct ObjectValue: Sendable, Hashable {
  public struct Member: Sendable, Hashable {
    public let name: String
    public let value: Value
    public init(_ name: String, _ value: Value) {
      self.name = name
      self.value = value
    }
  }

  public let members: [Member]
  public let weight: Weight

  /// In any order; of several of one name the last counts.
  public init(_ unordered: [Member]) {
    var members = unordered
    let isOrdered = zip(members, members.dropFirst()).allSatisfy { Bytewise.precedes($0.name, $1.name) }
    if !isOrdered {
      let indexed = unordered.enumerated().sorted { a, b in
        Bytewise.equal(a.element.name, b.element.name) ? a.offset < b.offset : Bytewise.precedes(a.element.name, b.element.name)
      }
      members.removeAll(keepingCapacity: true)
      for (_, member) in indexed {
        if let last = members.last, Bytewise.equal(last.name, member.name) { members.removeLast() }
        members.append(member)
      }
    }
    self.members = members
    weight = members.reduce(into: Weight()) { weight, member in
      weight.add(member.value.weight)
      weight.add(bytes: member.name.utf8.count + 3)
    }.enclosed()
  }

  /// O(log members).
  public subscript(name: String) -> Value? {
    var low = 0
    var high = members.count
    while low < high {
      let middle = (low + high) / 2
      if Bytewise.precedes(members[middle].name, name) { low = middle + 1 } else { high = middle }
    }
    return low < members.count && Bytewise.equal(members[low].name, name) ? members[low].value : nil
  }
}

/// How large a value is when it is written out.
public struct Weight: Sendable, Hashable {
  /// About the bytes of its JSON, within a small factor; stops at `Int.max`.
  public private(set) var bytes = 0
  /// Containers within containers; 0 for a scalar.
  public private(set) var depth = 0

  init() {}
  init(bytes: Int) { self.bytes = bytes }

  mutating func add(_ other: Weight) {
    add(bytes: other.bytes + 1)
    depth = max(depth, other.depth)
  }
  mutating func add(bytes more: Int) {
    let (sum, overflow) = bytes.addingReportingOverflow(more)
    bytes = overflow ? Int.max / 2 : min(sum, Int.max / 2)
  }
  func enclosed() -> Weight {
    var weight = self
    weight.add(bytes: 2)
    weight.depth += 1
    return weight
  }
}

extension Value {
  public static func object(_ members: KeyValuePairs<String, Value>) -> Value {
    .object(ObjectValue(members.map { ObjectValue.Member($0.key, $0.value) }))
  }
  public static func array(_ elements: [Value]) -> Value { .array(ArrayValue(elements)) }

  /// O(1), but O(count) for `texts`.
  public var weight: Weight {
    switch self {
    case .null, .nilArray: Weight(bytes: 4)
    case .bool: Weight(bytes: 5)
    case .number, .integer: Weight(bytes: 8)
    case .text(let text): Weight(bytes: text.utf8.count + 2)
    case .array(let array): array.weight
    case .texts(let texts): texts.reduce(into: Weight()) { $0.add(bytes: $1.utf8.count + 3) }.enclosed()
    case .object(let object): object.weight
    }
  }

  /// The number to calculate and compare with; counts are none.
  public var number: Double? { if case .number(let number) = self { number } else { nil } }
  public var text: String? { if case .text(let text) = self { text } else { nil } }
  /// The elements of what nodes take for an array.
  public var elements: [Value]? {
    switch self {
    case .array(let array): array.elements
    case .nilArray: []
    default: nil
    }
  }
  public var object: ObjectValue? { if case .object(let object) = self { object } else { nil } }
}
