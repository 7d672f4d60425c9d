import CRDT
import Hashing
import WorkflowGraph

extension WorkflowDocument {
  /// Reads what `encodeSnapshot` wrote.
  ///
  /// Any bytes may come in: nothing traps, and nothing is allocated for a count that the bytes and limits do not bear out. Values are
  /// checked to be UTF-8, not to be JSON. O(document) for a snapshot of ours.
  public init(snapshot bytes: [UInt8], limits: SnapshotLimits = .default) throws(SnapshotError) {
    self = try bytes.withUnsafeBytes { bytes in
      Result { () throws(SnapshotError) in try WorkflowDocument(snapshot: bytes, limits: limits) }
    }.get()
  }

  public init(snapshot bytes: UnsafeRawBufferPointer, limits: SnapshotLimits = .default) throws(SnapshotError) {
    let columns = try SnapshotReader.unwrap(bytes, limits)
    var reader = SnapshotReader(columns, limits)
    try reader.read()
    self.init()
    adopt(reader.takeState())
  }
}

/// Numbers, texts and stamps from the front of a column: a cursor over bare bytes, which must outlive it.
private struct Column {
  private var at: UnsafePointer<UInt8>
  private let end: UnsafePointer<UInt8>
  private var lastStamp = Stamp.zero

  /// - Parameter bytes: part of a snapshot that has a header, so there is an address.
  init(_ bytes: UnsafeRawBufferPointer) {
    at = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
    end = at + bytes.count
  }

  var count: Int { end - at }
  var isEmpty: Bool { at == end }

  @inline(__always)
  mutating func number() throws(SnapshotError) -> UInt64 {
    // Nearly every number is below 128.
    guard at < end, at.pointee < 0x80 else { return try longNumber() }
    defer { at += 1 }
    return UInt64(at.pointee)
  }

  private mutating func longNumber() throws(SnapshotError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while at < end {
      let byte = at.pointee
      at += 1
      if shift == 63, byte > 1 { break }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
      if shift > 63 { break }
    }
    throw .malformed("a number that does not end")
  }

  mutating func string(_ count: UInt64) throws(SnapshotError) -> String {
    guard count <= UInt64(end - at) else { throw .malformed("a text beyond the end") }
    guard let text = UTF8Text.string(UnsafeBufferPointer(start: at, count: Int(count))) else { throw .malformed("a text that is no UTF-8") }
    at += Int(count)
    return text
  }

  mutating func stamp() throws(SnapshotError) -> Stamp {
    let first = try number()
    if first & 1 == 1 {
      let index = Int64(lastStamp.index).addingReportingOverflow(LEB128.unzigzag(first >> 1))
      guard !index.overflow, let index = UInt32(exactly: index.partialValue) else { throw .malformed("a stamp's index out of range") }
      lastStamp.index = index
    } else {
      guard let replica = UInt32(exactly: first >> 1) else { throw .malformed("a replica out of range") }
      let hlc = lastStamp.hlc.rawValue &+ UInt64(bitPattern: LEB128.unzigzag(try number()))
      let seq = lastStamp.seq &+ UInt64(bitPattern: LEB128.unzigzag(try number()))
      guard let index = UInt32(exactly: try number()) else { throw .malformed("a stamp's index out of range") }
      lastStamp = Stamp(hlc: HybridTime(rawValue: hlc), replica: ReplicaID(replica), seq: seq, index: index)
    }
    return lastStamp
  }
}

private struct SnapshotReader {
  private var state = DocumentState()
  private let limits: SnapshotLimits
  private var shape: Column
  private var stamps: Column
  private var text: Column
  /// Names have the same numbers here as in the snapshot.
  private var nameCount = 0
  /// Nodes in the snapshot's order.
  private var nodes: [Slot] = []

  init(_ columns: [UnsafeRawBufferPointer], _ limits: SnapshotLimits) {
    shape = Column(columns[0])
    stamps = Column(columns[1])
    text = Column(columns[2])
    self.limits = limits
  }

  /// Checks everything about the wrapping.
  static func unwrap(_ bytes: UnsafeRawBufferPointer, _ limits: SnapshotLimits) throws(SnapshotError) -> [UnsafeRawBufferPointer] {
    guard bytes.count <= limits.snapshotBytesMax else { throw .tooLarge(bytesMax: limits.snapshotBytesMax) }
    guard bytes.prefix(SnapshotFormat.magic.count).elementsEqual(SnapshotFormat.magic), bytes.count > SnapshotFormat.magic.count else {
      throw .notSnapshot
    }
    guard bytes[4] == SnapshotFormat.version else { throw .unknownFormat(bytes[4]) }
    let wrapBytes = SnapshotFormat.headerBytes + SnapshotFormat.checksumBytes
    guard bytes.count >= wrapBytes else { throw .wrongLength(declared: UInt64(wrapBytes), got: bytes.count) }
    let declared = bytes.loadUnaligned(fromByteOffset: 5, as: UInt64.self).littleEndian
    guard declared == UInt64(bytes.count - wrapBytes) else { throw .wrongLength(declared: declared, got: bytes.count - wrapBytes) }
    let signed = bytes.dropLast(SnapshotFormat.checksumBytes)
    guard SHA256.digest(signed).prefix(SnapshotFormat.checksumBytes).elementsEqual(bytes.suffix(SnapshotFormat.checksumBytes)) else {
      throw .wrongChecksum
    }
    var columns: [UnsafeRawBufferPointer] = []
    var rest = signed.dropFirst(SnapshotFormat.headerBytes)
    for _ in 0..<3 {
      guard rest.count >= 8 else { throw .malformed("a column is missing") }
      let count = UnsafeRawBufferPointer(rebasing: rest).loadUnaligned(as: UInt64.self).littleEndian
      rest = rest.dropFirst(8)
      guard count <= UInt64(rest.count) else { throw .malformed("a column beyond the end") }
      columns.append(UnsafeRawBufferPointer(rebasing: rest.prefix(Int(count))))
      rest = rest.dropFirst(Int(count))
    }
    guard rest.isEmpty else { throw .malformed("bytes behind the last column") }
    return columns
  }

  /// What was read, not to be shared with the reader: everything derived is about to be made of it.
  mutating func takeState() -> DocumentState {
    var taken = DocumentState()
    swap(&taken, &state)
    return taken
  }

  mutating func read() throws(SnapshotError) {
    for _ in 0..<(try count(eachAtLeast: 2)) {
      guard let replica = UInt32(exactly: try shape.number()) else { throw .malformed("a replica out of range") }
      let seq = try shape.number()
      // Ascending, so that each goes to the end; the same below for names, tags and fields.
      guard seq > 0, state.version.entries.last.map({ $0.replica.rawValue < replica }) ?? true else {
        throw .malformed("version entries out of order")
      }
      state.version.raise(ReplicaID(replica), to: seq)
    }
    state.highestTime = HybridTime(rawValue: try shape.number())
    nameCount = try count(eachAtLeast: 1)
    for index in 0..<nameCount {
      guard state.intern(FieldKey(try string())) == Symbol(index) else { throw .malformed("names out of order") }
      try checkSize()
    }
    state.put(meta: try fields())
    try checkSize()
    try readNodes()
    try readEdges()
    for _ in 0..<(try count(eachAtLeast: 3)) {
      let id = CommentID(try string())
      guard state.comments[id] == nil else { throw .malformed("a comment is there twice") }
      state.put(comment: id, CommentRecord(life: try life(), fields: try fields()))
      try checkSize()
    }
    try readPendingRemovals()
    guard shape.isEmpty, stamps.isEmpty, text.isEmpty else { throw .malformed("bytes that mean nothing") }
  }

  private mutating func readNodes() throws(SnapshotError) {
    let nodeCount = try count(eachAtLeast: 3)
    let room = min(nodeCount, limits.documentBytesMax / DocumentState.recordBytes)
    state.reserve(nodes: room, edges: 0)
    nodes.reserveCapacity(room)
    for _ in 0..<nodeCount {
      let id = NodeID(try string())
      let slot = state.ensureNode(id)
      guard state.nodes[Int(slot)].isEmpty else { throw .malformed("a node is there twice") }
      state.put(slot, try life(), try fields())
      nodes.append(slot)
      try checkSize()
    }
    for _ in 0..<(try count(eachAtLeast: 1)) {
      nodes.append(state.ensureNode(NodeID(try string())))
      try checkSize()
    }
  }

  private mutating func readEdges() throws(SnapshotError) {
    let edgeCount = try count(eachAtLeast: 6)
    state.reserve(nodes: 0, edges: min(edgeCount, limits.documentBytesMax / DocumentState.recordBytes))
    for _ in 0..<edgeCount {
      let name = EdgeName(source: try node(), target: try node(), sourceHandle: try handle(), targetHandle: try handle())
      var tags = TagSet()
      var lastTag = Stamp.zero
      let tagCount = try shape.number()
      guard tagCount <= UInt64(stamps.count) else { throw .malformed("a count beyond the end") }
      for _ in 0..<tagCount {
        let tag = try seenStamp()
        guard tags.isEmpty || lastTag < tag else { throw .malformed("tags out of order") }
        _ = tags.add(tag)
        lastTag = tag
      }
      let fields = try fields()
      if tags.isEmpty, fields.isEmpty { throw .malformed("an edge of which nothing is left") }
      let slot = state.ensureEdge(name)
      guard state.edges[Int(slot)].isEmpty else { throw .malformed("an edge is there twice") }
      state.put(slot, tags, fields)
      try checkSize()
    }
  }

  private mutating func readPendingRemovals() throws(SnapshotError) {
    var removalBytes = 0
    for _ in 0..<(try count(eachAtLeast: 4)) {
      let source = NodeID(try string())
      let sourceHandle = try optional()
      let target = NodeID(try string())
      let edge = EdgeKey(source: source, sourceHandle: sourceHandle, target: target, targetHandle: try optional())
      let tag = try stamps.stamp()
      guard !state.version.covers(tag.id) else { throw .malformed("a removal waits for what is here") }
      state.pendingRemovals.remember(edge, tag)
      removalBytes += DocumentState.recordBytes
      guard removalBytes <= limits.documentBytesMax else { throw .tooLarge(bytesMax: limits.documentBytesMax) }
    }
  }

  private mutating func life() throws(SnapshotError) -> LWWRegister<Bool>? {
    switch try shape.number() {
    case 0: return nil
    case 1: return LWWRegister(false, stamp: try seenStamp())
    case 2: return LWWRegister(true, stamp: try seenStamp())
    default: throw .malformed("a life that is none")
    }
  }

  private mutating func fields() throws(SnapshotError) -> FieldMap {
    let count = try count(eachAtLeast: 2)
    if count == 0 { return FieldMap() }
    var fields = FieldMap(capacity: min(count, 64))
    var last = Symbol.none
    for _ in 0..<count {
      guard let symbol = Symbol(exactly: try shape.number()), symbol < nameCount else { throw .malformed("a name that is not listed") }
      guard symbol > last else { throw .malformed("fields out of order") }
      last = symbol
      let stamp = try seenStamp()
      let value = try optional().map { JSONText(unchecked: $0) }
      fields.append(symbol, value, stamp: stamp)
    }
    return fields
  }

  private mutating func node() throws(SnapshotError) -> Slot {
    guard let number = Int(exactly: try shape.number()), number < nodes.count else { throw .malformed("an end that is not listed") }
    return nodes[number]
  }

  private mutating func handle() throws(SnapshotError) -> Symbol {
    guard let number = Int(exactly: try shape.number()), number <= nameCount else { throw .malformed("a handle that is not listed") }
    return Symbol(number) - 1
  }

  private mutating func optional() throws(SnapshotError) -> String? {
    let count = try shape.number()
    return count == 0 ? nil : try text.string(count - 1)
  }

  private mutating func string() throws(SnapshotError) -> String { try text.string(try shape.number()) }

  /// Whoever holds a write has seen it: merging relies on that.
  private mutating func seenStamp() throws(SnapshotError) -> Stamp {
    let stamp = try stamps.stamp()
    guard state.version.covers(stamp.id) else { throw .malformed("a stamp beyond the version") }
    return stamp
  }

  /// A count of things that take at least so many bytes of shape each.
  private mutating func count(eachAtLeast bytes: Int) throws(SnapshotError) -> Int {
    let count = try shape.number()
    guard count <= UInt64(shape.count / bytes) else { throw .malformed("a count beyond the end") }
    return Int(count)
  }

  private func checkSize() throws(SnapshotError) {
    guard state.byteCount <= limits.documentBytesMax else { throw .tooLarge(bytesMax: limits.documentBytesMax) }
  }
}
