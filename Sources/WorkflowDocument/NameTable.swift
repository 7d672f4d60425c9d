import WorkflowGraph

/// A name's number within one document: field names and handles are few and written often.
typealias Symbol = Int32

/// Where a field may stand and what its values look like.
struct FieldTraits: Sendable {
  enum Shape: Sendable { case any, type, position, parentID }

  /// It says only how a node looks.
  let isLayout: Bool
  let isValidForNode: Bool
  let isValidForEdge: Bool
  let shape: Shape

  init(_ field: FieldKey) {
    isLayout = field.isLayout
    isValidForNode = field.isValidForNode
    isValidForEdge = field.isValidForEdge
    shape =
      switch field {
      case .type: .type
      case .position: .position
      case .parentID: .parentID
      default: .any
      }
  }
}

/// Field names and handles by number, told apart by their bytes. Numbers differ between replicas and never leave the document.
struct NameTable: Sendable {
  static let none: Symbol = -1
  static let type: Symbol = 0
  static let parentID: Symbol = 1

  private(set) var names: [FieldKey] = []
  /// By symbol: what the name means as a field, so that no write compares strings to find out.
  private(set) var traits: [FieldTraits] = []
  private var symbols: [FieldKey: Symbol] = [:]
  /// Asked for last by a write: the next one often names the same field, and comparing costs a fraction of hashing.
  private var latest: Symbol = 0

  init() {
    _ = intern(.type)
    _ = intern(.parentID)
  }

  subscript(symbol: Symbol) -> FieldKey { names[Int(symbol)] }

  func find(_ name: FieldKey) -> Symbol? { isLatest(name) ? latest : symbols[name] }

  mutating func intern(_ name: FieldKey) -> Symbol {
    if isLatest(name) { return latest }
    latest = symbols[name] ?? add(name)
    return latest
  }

  private func isLatest(_ name: FieldKey) -> Bool { Int(latest) < names.count && names[Int(latest)] == name }

  private mutating func add(_ name: FieldKey) -> Symbol {
    let symbol = Symbol(names.count)
    names.append(name)
    traits.append(FieldTraits(name))
    symbols[name] = symbol
    return symbol
  }

  func find(handle: String?) -> Symbol? { handle.map { find(FieldKey($0)) } ?? Self.none }
  func handle(_ symbol: Symbol) -> String? { symbol < 0 ? nil : names[Int(symbol)].rawValue }
}
