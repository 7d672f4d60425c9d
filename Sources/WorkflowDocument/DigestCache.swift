import CRDT
import Hashing
import WorkflowGraph

/// SHA-256 of 32 bytes.
struct Digest: Hashable, Sendable {
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  init(of bytes: [UInt8]) {
    let digest = SHA256.digest(bytes)
    withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: digest) }
  }

  func append(to bytes: inout [UInt8]) { withUnsafeBytes(of: words) { bytes.append(contentsOf: $0) } }

  /// With the byte that says what it is of, 33 bytes in all.
  @inline(__always) func write(_ kind: UInt8, at target: inout UnsafeMutableRawPointer, before end: UnsafeMutableRawPointer) {
    precondition(end - target > SHA256.bytes, "what is hashed is more than was counted")
    target.storeBytes(of: kind, as: UInt8.self)
    (target + 1).storeBytes(of: words, as: (UInt64, UInt64, UInt64, UInt64).self)
    target += 1 + SHA256.bytes
  }

  static func == (a: Self, b: Self) -> Bool { a.words == b.words }
  func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// Digests of nodes and edges, each made once and kept until its element is written; and the hashes over them. Spec: GV5.
struct DigestCache: Sendable {
  private struct Entry: Sendable {
    var graph: Digest?
    var document: Digest?
  }

  private var nodes: [Entry] = []
  private var edges: [Entry] = []
  private var meta: Digest?
  private var comments: [Digest]?
  private var graphHash: [UInt8]?
  private var documentHash: [UInt8]?

  mutating func nodeChanged(_ slot: Slot, isLayout: Bool) {
    documentHash = nil
    if !isLayout { graphHash = nil }
    guard Int(slot) < nodes.count else { return }
    nodes[Int(slot)].document = nil
    if !isLayout { nodes[Int(slot)].graph = nil }
  }

  mutating func edgeChanged(_ slot: Slot) {
    documentHash = nil
    graphHash = nil
    if Int(slot) < edges.count { edges[Int(slot)] = Entry() }
  }

  mutating func metaChanged() {
    documentHash = nil
    meta = nil
  }

  mutating func commentsChanged() {
    documentHash = nil
    comments = nil
  }

  mutating func graphHash(_ state: DocumentState, _ projection: Projection) -> [UInt8] {
    if let graphHash { return graphHash }
    makeRoom(state)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(SHA256.bytes * (projection.visibleNodes.count + projection.visibleEdgeCount))
    projection.visibleNodes.visit { graphDigest(node: $0, state).append(to: &bytes) }
    projection.live.visit { edge in
      if projection.standing(edge) == .taken { graphDigest(edge: edge, state).append(to: &bytes) }
    }
    let hash = SHA256.digest(bytes)
    graphHash = hash
    return hash
  }

  /// Over a byte that says what follows (1 node, 2 visible edge, 3 orphan, 4 edge that would close a cycle, 5 meta, 6 comment) and a digest
  /// each: visible nodes in id order, edges in edge order, meta, living comments in id order.
  mutating func documentHash(_ state: DocumentState, _ projection: Projection) -> [UInt8] {
    if let documentHash { return documentHash }
    makeRoom(state)
    let comments = commentDigests(state)
    let count = projection.visibleNodes.count + projection.live.count + 1 + comments.count
    let bytes = [UInt8](unsafeUninitializedCapacity: (SHA256.bytes + 1) * count) { buffer, written in
      let start = UnsafeMutableRawPointer(buffer.baseAddress!)
      let end = start + (SHA256.bytes + 1) * count
      var target = start
      projection.visibleNodes.visit { documentDigest(node: $0, state).write(1, at: &target, before: end) }
      projection.live.visit { edge in
        let kind: UInt8 =
          switch projection.standing(edge) {
          case .taken: 2
          case .cyclic: 4
          default: 3
          }
        documentDigest(edge: edge, state).write(kind, at: &target, before: end)
      }
      metaDigest(state).write(5, at: &target, before: end)
      for comment in comments { comment.write(6, at: &target, before: end) }
      written = target - start
    }
    let hash = SHA256.digest(bytes)
    documentHash = hash
    return hash
  }

  /// Of an edge that is there.
  mutating func graphDigest(of edge: Slot, _ state: DocumentState) -> Digest {
    makeRoom(state)
    return graphDigest(edge: edge, state)
  }

  private mutating func makeRoom(_ state: DocumentState) {
    while nodes.count < state.nodes.count { nodes.append(Entry()) }
    while edges.count < state.edges.count { edges.append(Entry()) }
  }

  private mutating func graphDigest(node slot: Slot, _ state: DocumentState) -> Digest {
    if let digest = nodes[Int(slot)].graph { return digest }
    let digest = Digest(of: DigestText.graph(node: state.nodes[Int(slot)], state.names))
    nodes[Int(slot)].graph = digest
    return digest
  }

  private mutating func graphDigest(edge slot: Slot, _ state: DocumentState) -> Digest {
    if let digest = edges[Int(slot)].graph { return digest }
    let digest = Digest(of: DigestText.graph(edge: state.key(of: slot), state.edges[Int(slot)].presentFields, state.names))
    edges[Int(slot)].graph = digest
    return digest
  }

  private mutating func documentDigest(node slot: Slot, _ state: DocumentState) -> Digest {
    if let digest = nodes[Int(slot)].document { return digest }
    let record = state.nodes[Int(slot)]
    let digest = Digest(of: DigestText.document(id: record.id.rawValue, record.fields.entries, state.names))
    nodes[Int(slot)].document = digest
    return digest
  }

  private mutating func documentDigest(edge slot: Slot, _ state: DocumentState) -> Digest {
    if let digest = edges[Int(slot)].document { return digest }
    let digest = Digest(of: DigestText.document(edge: state.key(of: slot), state.edges[Int(slot)].presentFields, state.names))
    edges[Int(slot)].document = digest
    return digest
  }

  private mutating func metaDigest(_ state: DocumentState) -> Digest {
    if let meta { return meta }
    let digest = Digest(of: DigestText.meta(state.meta.entries, state.names))
    meta = digest
    return digest
  }

  private mutating func commentDigests(_ state: DocumentState) -> [Digest] {
    if let comments { return comments }
    let living = state.comments.filter { $0.value.isAlive }.sorted { $0.key < $1.key }
    let digests = living.map { Digest(of: DigestText.document(id: $0.key.rawValue, $0.value.fields.entries, state.names)) }
    comments = digests
    return digests
  }
}

extension WorkflowDocument {
  /// SHA-256 over the digests of the visible nodes in id order and of the visible edges in edge order, layout left out. 32 bytes.
  ///
  /// O(1) when nothing changed, else O(visible elements) plus the canonical JSON of those that were written. Spec: GV5.
  public mutating func graphHash() -> [UInt8] { digests.graphHash(state, projection) }

  /// As `graphHash`, with layout, meta, comments and parked edges with their reasons. 32 bytes. Spec: GV5.
  public mutating func documentHash() -> [UInt8] { digests.documentHash(state, projection) }
}
