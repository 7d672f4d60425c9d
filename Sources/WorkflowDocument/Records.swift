import CRDT
import WorkflowGraph

/// A place in one of the document's arrays; handed out again once its thing is gone.
typealias Slot = Int32

extension Slot {
  static let none: Slot = -1
}

typealias FieldMap = LWWMap<Symbol, JSONText?>

/// All registers of one node, or a placeholder for a node that an edge or a child names and nobody has written to.
struct NodeRecord: Sendable {
  var id: NodeID
  var life: LWWRegister<Bool>?
  var fields = FieldMap()
  /// How many edge records and `parentId` registers name this node.
  var uses: Int32 = 0
  /// The node that the `parentId` register names.
  var parent: Slot = .none

  init(id: NodeID) { self.id = id }

  var isAlive: Bool { life?.value ?? false }
  var isVisible: Bool { isAlive && (fields[NameTable.type]?.value ?? nil) != nil }
  /// Nothing replicated is held here.
  var isEmpty: Bool { life == nil && fields.isEmpty }
}

/// An edge's ends and handles by number: 16 bytes to hash and compare where the key has four strings.
struct EdgeName: Hashable, Sendable {
  var source: Slot
  var target: Slot
  var sourceHandle: Symbol
  var targetHandle: Symbol

  func hash(into hasher: inout Hasher) {
    hasher.combine(UInt64(UInt32(bitPattern: source)) << 32 | UInt64(UInt32(bitPattern: target)))
    hasher.combine(UInt64(UInt32(bitPattern: sourceHandle)) << 32 | UInt64(UInt32(bitPattern: targetHandle)))
  }
}

struct EdgeRecord: Sendable {
  var name: EdgeName
  var tags = TagSet()
  var fields = FieldMap()

  init(name: EdgeName) { self.name = name }

  var isEmpty: Bool { tags.isEmpty && fields.isEmpty }

  /// The attributes that count: those written after the add that holds the edge. Drawing an edge anew starts with none, so what a removed
  /// edge had can be collected without anybody noticing. Spec: DO4, ME5.
  var presentFields: [FieldMap.Entry] {
    guard let lowest = tags.lowest else { return [] }
    return fields.entries.filter { lowest < $0.register.stamp }
  }
}

struct CommentRecord: Sendable {
  var life: LWWRegister<Bool>?
  var fields = FieldMap()

  var isAlive: Bool { life?.value ?? false }
  var isEmpty: Bool { life == nil && fields.isEmpty }
}
