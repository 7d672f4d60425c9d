import CRDT
import Hashing
import WorkflowGraph

extension WorkflowDocument {
  /// The whole document as bytes, not compressed. Deterministic for one replica; two replicas of the same document may write
  /// different bytes. O(document). Spec: ME4.
  public func encodeSnapshot() -> [UInt8] {
    var writer = SnapshotWriter(state)
    writer.write(projection)
    return writer.finish()
  }
}

private struct SnapshotWriter {
  private let state: DocumentState
  private var shape: [UInt8] = []
  private var stamps = StampColumn()
  private var text: [UInt8] = []
  /// By slot: the node's number in the snapshot.
  private var numbers: [UInt32]

  init(_ state: DocumentState) {
    self.state = state
    numbers = Array(repeating: 0, count: state.nodes.count)
    shape.reserveCapacity(state.nodes.count * 32)
    text.reserveCapacity(state.byteCount / 2)
  }

  mutating func write(_ projection: Projection) {
    number(UInt64(state.version.entries.count))
    for entry in state.version.entries {
      number(UInt64(entry.replica.rawValue))
      number(entry.seq)
    }
    number(state.highestTime.rawValue)
    number(UInt64(state.names.names.count))
    for name in state.names.names { string(name.rawValue) }
    write(state.meta)
    writeNodes(projection)
    writeEdges(projection)
    writeComments()
    writePendingRemovals()
  }

  func finish() -> [UInt8] {
    let columns = [shape, stamps.bytes, text]
    let bodyBytes = columns.reduce(0) { $0 + 8 + $1.count }
    var output = SnapshotFormat.magic
    output.reserveCapacity(SnapshotFormat.headerBytes + bodyBytes + SnapshotFormat.checksumBytes)
    output.append(SnapshotFormat.version)
    append(UInt64(bodyBytes), to: &output)
    for column in columns {
      append(UInt64(column.count), to: &output)
      output.append(contentsOf: column)
    }
    output.append(contentsOf: SHA256.digest(output).prefix(SnapshotFormat.checksumBytes))
    return output
  }

  private mutating func writeNodes(_ projection: Projection) {
    var order: [Slot] = []
    var ends: [Slot] = []
    order.reserveCapacity(state.nodes.count)
    projection.visibleNodes.visit { order.append($0) }
    // Slots are this replica's own affair: what has no order in the view goes by id.
    for slot in inIDOrder(state.nodeSlotsInUse.filter { !projection.isVisible($0) }) {
      if state.nodes[Int(slot)].isEmpty { ends.append(slot) } else { order.append(slot) }
    }
    number(UInt64(order.count))
    for slot in order {
      numbers[Int(slot)] = UInt32(truncatingIfNeeded: nextNumber)
      nextNumber += 1
      write(id: state.nodes[Int(slot)].id.rawValue, life: state.nodes[Int(slot)].life, state.nodes[Int(slot)].fields)
    }
    number(UInt64(ends.count))
    for slot in ends {
      numbers[Int(slot)] = UInt32(truncatingIfNeeded: nextNumber)
      nextNumber += 1
      string(state.nodes[Int(slot)].id.rawValue)
    }
  }
  private var nextNumber = 0

  /// Most ids differ in their first eight bytes, and numbers are compared faster than texts.
  private func inIDOrder(_ slots: [Slot]) -> [Slot] {
    let starts = slots.map { (start: Bytewise.start(of: state.nodes[Int($0)].id.rawValue), slot: $0) }
    let sorted = starts.sorted { a, b in
      if a.start != b.start { return a.start < b.start }
      return state.nodes[Int(a.slot)].id < state.nodes[Int(b.slot)].id
    }
    return sorted.map { $0.slot }
  }

  private mutating func writeEdges(_ projection: Projection) {
    var order: [Slot] = []
    projection.live.visit { order.append($0) }
    let gone = state.edgeSlotsInUse.filter { state.edges[Int($0)].tags.isEmpty }
    order += gone.sorted { state.key(of: $0) < state.key(of: $1) }
    number(UInt64(order.count))
    for slot in order {
      let edge = state.edges[Int(slot)]
      number(UInt64(numbers[Int(edge.name.source)]))
      number(UInt64(numbers[Int(edge.name.target)]))
      number(UInt64(edge.name.sourceHandle + 1))
      number(UInt64(edge.name.targetHandle + 1))
      number(UInt64(edge.tags.count))
      edge.tags.visit { stamps.append($0) }
      write(edge.fields)
    }
  }

  private mutating func writeComments() {
    number(UInt64(state.comments.count))
    for (id, comment) in state.comments.sorted(by: { $0.key < $1.key }) { write(id: id.rawValue, life: comment.life, comment.fields) }
  }

  private mutating func writePendingRemovals() {
    let removals = state.pendingRemovals.removals.sorted { ($0.tag, $0.element) < ($1.tag, $1.element) }
    number(UInt64(removals.count))
    for removal in removals {
      string(removal.element.source.rawValue)
      handle(removal.element.sourceHandle)
      string(removal.element.target.rawValue)
      handle(removal.element.targetHandle)
      stamps.append(removal.tag)
    }
  }

  private mutating func write(id: String, life: LWWRegister<Bool>?, _ fields: FieldMap) {
    string(id)
    switch life {
    case nil: number(0)
    case let life?:
      number(life.value ? 2 : 1)
      stamps.append(life.stamp)
    }
    write(fields)
  }

  private mutating func write(_ fields: FieldMap) {
    number(UInt64(fields.count))
    for entry in fields.entries {
      number(UInt64(entry.key))
      stamps.append(entry.register.stamp)
      optional(entry.register.value?.text)
    }
  }

  private mutating func handle(_ handle: String?) { optional(handle) }

  private mutating func optional(_ value: String?) {
    guard let value else { return number(0) }
    number(UInt64(value.utf8.count) + 1)
    append(value)
  }

  private mutating func string(_ value: String) {
    number(UInt64(value.utf8.count))
    append(value)
  }

  private mutating func append(_ value: String) {
    var value = value
    value.withUTF8 { text.append(contentsOf: $0) }
  }

  private mutating func number(_ value: UInt64) { LEB128.append(value, to: &shape) }

  private func append(_ value: UInt64, to output: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { output.append(contentsOf: $0) }
  }
}

/// Stamps, each against the one before. An op of the same change, the usual neighbour, is one byte.
private struct StampColumn {
  private(set) var bytes: [UInt8] = []
  private var last = Stamp.zero

  mutating func append(_ stamp: Stamp) {
    if stamp.hlc == last.hlc, stamp.seq == last.seq, stamp.replica == last.replica {
      LEB128.append(LEB128.zigzag(Int64(stamp.index) - Int64(last.index)) << 1 | 1, to: &bytes)
    } else {
      LEB128.append(UInt64(stamp.replica.rawValue) << 1, to: &bytes)
      LEB128.append(LEB128.zigzag(Int64(bitPattern: stamp.hlc.rawValue &- last.hlc.rawValue)), to: &bytes)
      LEB128.append(LEB128.zigzag(Int64(bitPattern: stamp.seq &- last.seq)), to: &bytes)
      LEB128.append(UInt64(stamp.index), to: &bytes)
    }
    last = stamp
  }
}

enum LEB128 {
  static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: value << 1 ^ value >> 63) }
  static func unzigzag(_ value: UInt64) -> Int64 { Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }

  @inline(__always) static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: value))
  }
}
