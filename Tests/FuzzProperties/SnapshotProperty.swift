import CRDT
import Hashing
import WorkflowDocument
import WorkflowGraph

/// What is accepted as a snapshot is a whole document: it writes itself, reads itself, and works on.
public enum SnapshotProperty {
  private static let magic = Array("THYS".utf8)
  private static let wrapBytes = 4 + 1 + 8 + 8

  static func check(_ input: [UInt8], planted: Bool) throws(PropertyFault) -> FuzzTarget.Reach {
    var limits = SnapshotLimits()
    limits.documentBytesMax = 8 << 10
    guard let document = try read(wrapped(input), limits) else { return .refused }
    try require(document.byteCount <= limits.documentBytesMax, "a document of \(document.byteCount) bytes is taken")
    var again = try document.throughSnapshot()
    // Planted: a parked edge is lost on the way.
    if planted, let edge = document.parkedEdges.first?.key {
      try ChangeProperty.apply(Self.next([.removeEdge(edge, tags: document.liveTags(edge))], document), to: &again)
    }
    try requireSame(again, document, "a snapshot read, written and read")
    var merged = document
    merged.merge(again)
    try requireSame(merged, document, "a document merged with itself")
    try checkGoesOn(document)
    return .taken
  }

  /// The columns of a snapshot that `encodeSnapshot` wrote, as an input.
  public static func input(_ snapshot: [UInt8]) -> [UInt8] {
    var rest = snapshot[13...]
    var columns: [[UInt8]] = []
    for _ in 0..<3 {
      let count = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      columns.append(Array(rest.dropFirst(8).prefix(count)))
      rest = rest.dropFirst(8 + count)
    }
    let counts = columns.prefix(2).flatMap { [UInt8($0.count & 0xFF), UInt8($0.count >> 8)] }
    return [0] + counts + columns.joined()
  }

  /// First byte even: length of shape, length of stamps (two bytes each), then the three columns; length and checksum are put right, since
  /// no mutation ever would. Odd: the bytes as they are.
  private static func wrapped(_ input: [UInt8]) -> [UInt8] {
    var feed = ByteFeed(input)
    guard feed.byte() & 1 == 0 else { return feed.rest() }
    let counts = [Int(feed.byte()) | Int(feed.byte()) << 8, Int(feed.byte()) | Int(feed.byte()) << 8]
    let columns = [feed.take(counts[0]), feed.take(counts[1]), feed.rest()]
    var bytes = magic + [1]
    append(columns.reduce(0) { $0 + 8 + $1.count }, to: &bytes)
    for column in columns {
      append(column.count, to: &bytes)
      bytes += column
    }
    return bytes + SHA256.digest(bytes).prefix(8)
  }

  private static func append(_ count: Int, to bytes: inout [UInt8]) {
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: count >> (8 * shift))) }
  }

  private static func read(_ bytes: [UInt8], _ limits: SnapshotLimits) throws(PropertyFault) -> WorkflowDocument? {
    do throws(SnapshotError) {
      return try WorkflowDocument(snapshot: bytes, limits: limits)
    } catch {
      switch error {
      case .notSnapshot: try require(!bytes.starts(with: magic) || bytes.count == 4, "a snapshot is not known as one")
      case .unknownFormat(let format): try require(bytes[4] == format && format != 1, "a known format is called unknown")
      case .wrongLength(_, let got): try require(got != bytes.count || bytes.count < wrapBytes, "a right length is called wrong")
      case .tooLarge(let bytesMax): try require(bytesMax == limits.documentBytesMax, "another limit than the one given")
      case .malformed(let text): try require(text.utf8.count > 5, "malformed without a reason")
      case .wrongChecksum: break
      }
      return nil
    }
  }

  // MARK: Going on

  private static func next(_ ops: [Op], _ document: WorkflowDocument) -> Change {
    let replica = ReplicaID(4_000_000_000)
    let time = HybridTime(rawValue: document.highestTime.rawValue == .max ? .max : document.highestTime.rawValue + 1)
    return Change(replica: replica, seq: document.version[replica] + 1, hlc: time, ops: ops)
  }

  /// Writes to what is there, and takes it away.
  private static func checkGoesOn(_ read: WorkflowDocument) throws(PropertyFault) {
    guard read.version[ReplicaID(4_000_000_000)] < 1 << 60 else { return }
    var document = read
    let graph = document.graph()
    let edges = Array((graph.edges.map(\.key) + document.parkedEdges.map(\.key)).prefix(8))
    var ops: [Op] = [.setMeta(field: .title, value: "\"on\"".json), .setNodeLife(node: NodeID("new"), alive: true)]
    ops.append(.setNodeField(node: NodeID("new"), field: .type, value: "\"vizNode\"".json))
    for node in graph.nodes.prefix(4) {
      ops.append(.setNodeField(node: node.id, field: .data("value"), value: "1".json))
      ops.append(.addEdge(EdgeKey(source: node.id, target: NodeID("new"))))
      ops.append(.setNodeField(node: NodeID("new"), field: .parentID, value: .string(node.id.rawValue)))
    }
    for edge in edges { ops.append(.setEdgeField(edge: edge, field: "animated", value: "true".json)) }
    try ChangeProperty.apply(next(ops, document), to: &document)
    try requireSame(try document.throughSnapshot(), document, "a document that went on")
    try require(document.isAlive(NodeID("new")) || read.highestTime.rawValue == .max, "a write is lost")

    ops = edges.map { .removeEdge($0, tags: document.liveTags($0)) }
    for node in graph.nodes.prefix(4) { ops.append(.setNodeLife(node: node.id, alive: false)) }
    for comment in document.comments.prefix(4) { ops.append(.setCommentLife(comment: comment, alive: false)) }
    guard !ops.isEmpty else { return }
    try ChangeProperty.apply(next(ops, document), to: &document)
    try require(edges.allSatisfy { document.liveTags($0).isEmpty }, "an edge outlives its removal")
    try requireSame(try document.throughSnapshot(), document, "a document of which something went")
    _ = document.collect(stable: document.version, before: HybridTime(rawValue: .max))
    try requireSame(try document.throughSnapshot(), document, "a document that was collected")
  }
}
