import CRDT
import WorkflowGraph

extension WorkflowDocument {
  /// Takes in everything another replica has seen.
  ///
  /// One rule for registers and tags alike: what only one side holds stays, unless the other side has seen it and holds it no more; then it
  /// was removed or collected there. Commutative, associative, idempotent, and equal to having applied both sides' changes. O(n log n) in both
  /// documents together. Spec: ME1, ME2, ME5.
  public mutating func merge(_ other: WorkflowDocument) {
    adopt(DocumentState.merged(state, other.state))
  }
}

extension DocumentState {
  static func merged(_ mine: DocumentState, _ theirs: DocumentState) -> DocumentState {
    var result = DocumentState()
    result.adoptNames(mine.names)
    result.reserve(nodes: max(mine.nodes.count, theirs.nodes.count), edges: max(mine.edges.count, theirs.edges.count))
    let merger = Merger(mine: mine, theirs: theirs, symbols: result.translation(of: theirs.names))
    result.version = mine.version
    result.version.merge(theirs.version)
    result.highestTime = max(mine.highestTime, theirs.highestTime)
    result.put(meta: merger.fields(mine.meta, theirs.meta))
    merger.nodes(into: &result)
    merger.edges(into: &result)
    merger.comments(into: &result)
    result.pendingRemovals = mine.pendingRemovals
    for removal in result.pendingRemovals.merge(theirs.pendingRemovals, covered: result.version) {
      guard let slot = result.slot(of: removal.element), result.removeTag(slot, removal.tag) else { continue }
      result.releaseEdgeIfEmpty(slot)
    }
    return result
  }
}

private struct Merger {
  let mine: DocumentState
  let theirs: DocumentState
  /// Their symbols in the result's numbers, which continue mine.
  let symbols: [Symbol]

  func fields(_ a: FieldMap, _ b: FieldMap) -> FieldMap {
    var result = a
    let translated = FieldMap(b.entries.map { FieldMap.Entry(key: symbols[Int($0.key)], register: $0.register) })
    result.merge(translated, mySeen: mine.version, theirSeen: theirs.version)
    return result
  }

  func life(_ a: LWWRegister<Bool>?, _ b: LWWRegister<Bool>?) -> LWWRegister<Bool>? {
    LWWRegister.merged(a, seen: mine.version, b, seen: theirs.version)
  }

  func nodes(into result: inout DocumentState) {
    for slot in mine.nodeSlotsInUse.sorted() {
      let a = mine.nodes[Int(slot)]
      let b = theirs.slot(of: a.id).map { theirs.nodes[Int($0)] }
      result.put(node: a.id, life: life(a.life, b?.life), fields: fields(a.fields, b?.fields ?? FieldMap()))
    }
    for slot in theirs.nodeSlotsInUse.sorted() {
      let b = theirs.nodes[Int(slot)]
      if mine.slot(of: b.id) == nil { result.put(node: b.id, life: life(nil, b.life), fields: fields(FieldMap(), b.fields)) }
    }
  }

  func edges(into result: inout DocumentState) {
    for slot in mine.edgeSlotsInUse.sorted() {
      let key = mine.key(of: slot)
      put(key, mine.edges[Int(slot)], theirs.slot(of: key).map { theirs.edges[Int($0)] }, into: &result)
    }
    for slot in theirs.edgeSlotsInUse.sorted() {
      let key = theirs.key(of: slot)
      if mine.slot(of: key) == nil { put(key, nil, theirs.edges[Int(slot)], into: &result) }
    }
  }

  private func put(_ key: EdgeKey, _ a: EdgeRecord?, _ b: EdgeRecord?, into result: inout DocumentState) {
    var tags = a?.tags ?? TagSet()
    tags.merge(b?.tags ?? TagSet(), mySeen: mine.version, theirSeen: theirs.version)
    result.put(edge: key, tags: tags, fields: fields(a?.fields ?? FieldMap(), b?.fields ?? FieldMap()))
  }

  func comments(into result: inout DocumentState) {
    for id in Set(mine.comments.keys).union(theirs.comments.keys).sorted() {
      let (a, b) = (mine.comments[id], theirs.comments[id])
      let record = CommentRecord(
        life: life(a?.life, b?.life), fields: fields(a?.fields ?? FieldMap(), b?.fields ?? FieldMap()))
      result.put(comment: id, record)
    }
  }
}
