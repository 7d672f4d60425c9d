import CRDT
import WorkflowDocument

/// The distinct authors of some changes, in the order of their first change.
struct AuthorTable {
  private(set) var authors: [Author] = []
  /// Index into `authors` for each change.
  private(set) var indices: [UInt32] = []
  /// Only filled when there are many: a room has few authors at a time.
  private var places: [Author: UInt32] = [:]
  private static let linearMax = 8

  init(_ changes: [LoggedChange]) {
    indices.reserveCapacity(changes.count)
    for change in changes { indices.append(index(of: change.author)) }
  }

  private mutating func index(of author: Author) -> UInt32 {
    if let last = indices.last, authors[Int(last)] == author { return last }
    if authors.count <= Self.linearMax {
      if let at = authors.firstIndex(of: author) { return UInt32(at) }
    } else if let at = places[author] {
      return at
    }
    let at = UInt32(authors.count)
    authors.append(author)
    if authors.count == Self.linearMax + 1 {
      for (place, author) in authors.enumerated() { places[author] = UInt32(place) }
    } else if authors.count > Self.linearMax {
      places[author] = at
    }
    return at
  }
}

extension WireWriter {
  @inline(__always) mutating func changesFields(_ changes: [LoggedChange], _ table: AuthorTable) {
    messages(1, "authors", table.authors) { $0.authorFields($1) }
    var at = 0
    messages(2, "changes", changes) { writer, logged in
      writer.uint64(1, "position", logged.position)
      writer.uint32(2, "author", table.indices[at])
      writer.uint64(3, "takenAtMilliseconds", logged.takenAtMilliseconds)
      writer.message(4, "change") { $0.changeFields(logged.change) }
      at += 1
    }
  }

  @inline(__always) mutating func ackFields(_ ack: Ack) {
    uint64(1, "batch", ack.batch)
    uint32(2, "replica", ack.replica.rawValue)
    uint64(3, "seq", ack.seq)
    uint64(4, "position", ack.position)
    messages(5, "refused", ack.refused) { writer, refusal in
      writer.uint64(1, "seq", refusal.seq)
      writer.enumeration(2, "code", refusal.code)
      writer.string(3, "text", refusal.text)
      writer.messages(4, "revert", refusal.revert) { $0.opFields($1) }
      writer.uint32(5, "retryAfterMilliseconds", refusal.retryAfterMilliseconds)
    }
  }
}

/// `changes` while it is read: authors may come after the changes that name them.
struct ChangesDraft: WireReadable {
  struct Logged: WireReadable {
    var position: UInt64 = 0
    var author: UInt32 = 0
    var takenAtMilliseconds: UInt64 = 0
    var change = Change.blank

    static let fieldNames = FieldNames("position", "author", "takenAtMilliseconds", "change")
    var names: FieldNames { Self.fieldNames }

    mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
      switch field {
      case 1: position = try reader.uint64()
      case 2: author = try reader.uint32()
      case 3: takenAtMilliseconds = try reader.uint64()
      case 4: change = try reader.soundChange(or: change)
      default: try reader.skip()
      }
    }
  }

  private var authors: [Author] = []
  private var changes: [Logged] = []

  static let fieldNames = FieldNames("authors", "changes")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1:
      try reader.elements { reader throws(DecodeError) in
        try reader.room(for: "authors", count: authors.count, max: reader.limits.elementsMax)
        authors.append(try reader.message(or: Author.blank))
      }
    case 2:
      try reader.elements { reader throws(DecodeError) in
        try reader.room(for: "changes", count: changes.count, max: reader.limits.changesPerBatchMax)
        changes.append(try reader.message(or: Logged()))
      }
    default: try reader.skip()
    }
  }

  func logged() throws(DecodeError) -> [LoggedChange] {
    var result: [LoggedChange] = []
    result.reserveCapacity(changes.count)
    for draft in changes {
      guard draft.author < authors.count else { throw .malformed("a change whose author is not in the list") }
      // Here and not while it was read: in binary a change may come in parts.
      guard draft.change.seq > 0 else { throw .malformed("a change without seq") }
      guard !draft.change.ops.isEmpty else { throw .malformed("a change without ops") }
      result.append(
        LoggedChange(
          position: draft.position, author: authors[Int(draft.author)], takenAtMilliseconds: draft.takenAtMilliseconds, change: draft.change
        ))
    }
    return result
  }
}

extension Ack: WireReadable {
  static let fieldNames = FieldNames("batch", "replica", "seq", "position", "refused")
  var names: FieldNames { Self.fieldNames }

  static var blank: Ack { Ack(batch: 0, replica: .none, seq: 0, position: 0) }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: batch = try reader.uint64()
    case 2: replica = ReplicaID(try reader.uint32())
    case 3: seq = try reader.uint64()
    case 4: position = try reader.uint64()
    case 5:
      try reader.elements { reader throws(DecodeError) in
        try reader.room(for: "refusals", count: refused.count, max: reader.limits.elementsMax)
        refused.append(try reader.message(or: Refusal.blank))
      }
    default: try reader.skip()
    }
  }
}

extension Refusal: WireReadable {
  static let fieldNames = FieldNames("seq", "code", "text", "revert", "retryAfterMilliseconds")
  var names: FieldNames { Self.fieldNames }

  /// A code that is not known counts as `invalid`: the change is not taken, and sending it again would not help.
  static var blank: Refusal { Refusal(seq: 0, code: .invalid, text: "") }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: seq = try reader.uint64()
    case 2: code = try reader.enumeration(RefusalCode.self) ?? .invalid
    case 3: text = try reader.string("refusal.text", max: DecodeLimits.sentenceBytesMax)
    case 4:
      try reader.elements { reader throws(DecodeError) in
        try reader.room(for: "ops to go back to", count: revert.count, max: reader.limits.opsPerChangeMax)
        revert.append(try reader.stateOp())
      }
    case 5: retryAfterMilliseconds = try reader.uint32()
    default: try reader.skip()
    }
  }
}
