import CRDT
import Hashing
import HeapModule
public import WorkflowGraph

/// What each node's result follows from, as 8 bytes per node: its settings, everything upstream, and what nodes share without an edge.
///
/// Nothing is kept until somebody asks. From then on what was written is looked at again when somebody asks the next time, and what hangs
/// on it as far as it differs. Spec: RU6.
struct FingerprintBook: Sendable {
  private struct Entry: Sendable {
    /// Of the node's own text, until it is written.
    var own: Digest?
    /// A text of it may be filled in from elsewhere.
    var isTemplate = false
    var sharesState = false
    /// Something upstream of it, or itself, hangs on what nodes share.
    var takesPart = false
    var isShown = false
    var base: UInt64 = 0
  }

  private var isKept = false
  private var entries: [Entry] = []
  private var marks = Marks()
  /// Nodes that share state, in id order.
  private var sharers = SortedSlots<NodeID>()
  /// Over the bases of `sharers`.
  private var shared: UInt64 = 0

  /// Its type or a setting was written, or it came or went.
  mutating func nodeChanged(_ node: Slot) {
    guard isKept else { return }
    if Int(node) < entries.count { entries[Int(node)].own = nil }
    marks.mark(node)
  }

  /// An edge into the node came, went or was written.
  mutating func inputsChanged(_ node: Slot) {
    if isKept { marks.mark(node) }
  }

  /// `nil` for a node that is not visible. Call after `refresh`.
  func fingerprint(_ node: Slot) -> UInt64? {
    guard Int(node) < entries.count, entries[Int(node)].isShown else { return nil }
    let entry = entries[Int(node)]
    return entry.takesPart ? entry.base ^ shared : entry.base
  }

  /// O(what was written and what hangs on it, log n each); the first time O(document).
  mutating func refresh(_ state: DocumentState, _ projection: Projection, _ digests: inout DigestCache) {
    if !isKept {
      isKept = true
      for slot in state.nodeSlotsInUse { marks.mark(slot) }
    }
    guard !marks.isEmpty else { return }
    while entries.count < state.nodes.count { entries.append(Entry()) }
    var isSharedTouched = false
    // Sources before what follows them: each node is looked at once.
    var work = Heap(marks.take().map { Place(rank: projection.rank($0), node: $0) })
    var isQueued = Set(work.unordered.map(\.node))
    while let node = work.popMin()?.node {
      let before = entries[Int(node)]
      renew(node, state, projection, &digests)
      let now = entries[Int(node)]
      if before.sharesState != now.sharesState || (now.sharesState && before.base != now.base) { isSharedTouched = true }
      if before.base == now.base, before.takesPart == now.takesPart { continue }
      projection.forEachTakenEdge(from: node) { _, target in
        if isQueued.insert(target).inserted { work.insert(Place(rank: projection.rank(target), node: target)) }
      }
    }
    if isSharedTouched { renewShared() }
  }

  private struct Place: Comparable {
    var rank: Int32
    var node: Slot
    static func < (a: Self, b: Self) -> Bool { (a.rank, a.node) < (b.rank, b.node) }
  }

  private mutating func renew(_ node: Slot, _ state: DocumentState, _ projection: Projection, _ digests: inout DigestCache) {
    let before = entries[Int(node)]
    let record = state.nodes[Int(node)]
    var entry = Entry()
    if projection.isVisible(node) {
      entry.isShown = true
      entry.sharesState = record.fields[NameTable.type]?.value.flatMap(\.stringValue).map(Self.sharingTypes.contains) ?? false
      if let own = before.own {
        (entry.own, entry.isTemplate) = (own, before.isTemplate)
      } else {
        let text = DigestText.settings(of: record, state.names)
        (entry.own, entry.isTemplate) = (Digest(of: text), Self.isTemplate(text))
      }
      fill(&entry, node, state, projection, &digests)
    }
    if before.sharesState != entry.sharesState {
      if entry.sharesState { sharers.insert(node, key: record.id) } else { sharers.remove(node, key: record.id) }
    }
    entries[Int(node)] = entry
  }

  private func fill(
    _ entry: inout Entry, _ node: Slot, _ state: DocumentState, _ projection: Projection, _ digests: inout DigestCache
  ) {
    entry.takesPart = entry.sharesState || entry.isTemplate
    var bytes: [UInt8] = []
    entry.own?.append(to: &bytes)
    for input in projection.takenEdges(into: node) {
      digests.graphDigest(of: input.edge, state).append(to: &bytes)
      let source = entries[Int(input.source)]
      withUnsafeBytes(of: source.base.bigEndian) { bytes.append(contentsOf: $0) }
      if source.takesPart { entry.takesPart = true }
    }
    entry.base = Self.first(bytes)
  }

  private mutating func renewShared() {
    var bytes: [UInt8] = []
    sharers.visit { node in withUnsafeBytes(of: entries[Int(node)].base.bigEndian) { bytes.append(contentsOf: $0) } }
    shared = sharers.isEmpty ? 0 : Self.first(bytes)
  }

  /// The first 8 bytes of SHA-256.
  private static func first(_ bytes: [UInt8]) -> UInt64 {
    SHA256.digest(bytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// `{{` stands in no JSON text but inside of its strings.
  private static func isTemplate(_ text: [UInt8]) -> Bool {
    let brace = UInt8(ascii: "{")
    return zip(text, text.dropFirst()).contains { $0 == brace && $1 == brace }
  }

  /// Types whose nodes give each other what no edge carries, by both names.
  private static let sharingTypes = Set(
    NodeCatalogue.types.filter { $0.category == .context || ["variable", "accumulator", "counter", "cache"].contains($0.engineName) }
      .flatMap { [$0.engineName, $0.canvasName] })
}

extension WorkflowDocument {
  /// What the node's result follows from, 8 bytes; `nil` for a node that is not visible. Equal as long as a run gives the same.
  ///
  /// O(what was written since somebody asked, and what hangs on it); the first time O(document). Spec: RU6.
  public mutating func fingerprint(of node: NodeID) -> UInt64? {
    fingerprints.refresh(state, projection, &digests)
    return state.slot(of: node).flatMap { fingerprints.fingerprint($0) }
  }

  /// As above, of all visible nodes. O(visible nodes).
  public mutating func allFingerprints() -> [NodeID: UInt64] {
    fingerprints.refresh(state, projection, &digests)
    var all = [NodeID: UInt64](minimumCapacity: projection.visibleNodes.count)
    projection.visibleNodes.visit { all[state.nodes[Int($0)].id] = fingerprints.fingerprint($0) }
    return all
  }
}
