import CollabProtocol
import DequeModule
import WorkflowDocument

/// Everything that waits for the store, in order: writes, and what may only leave the room once the writes before it are durable.
///
/// This queue is output commit: a change becomes visible by coming out of it, and no other way. Spec: RM1.
struct CommitQueue: Sendable {
  enum Entry: Sendable {
    case change(LoggedChange, by: SessionID)
    case lease
    case runEvent(RunEvent)
    case version(VersionEdit, by: SessionID, request: UInt64)
    case after(Deferred)
  }

  /// Needs no write of its own, but reveals state that the writes before it made.
  enum Deferred: Sendable {
    /// A batch was dealt with: how many of its changes were taken, as how many bytes, and why the others were not.
    case answer(SessionID, batch: UInt64, taken: Int, bytes: Int, refused: [Refusal])
    case welcome(SessionID)
    case snapshot(position: UInt64)
    case issues(IssuesChange)
    case hash(HashReport)
    case comparison(SessionID, HashReport, equal: Bool)
    case fresh(SessionID)
    case runNamed(RunID, to: SessionID, key: String)
    case error(ErrorReport, to: SessionID)
    /// An outside edit was dealt with.
    case edited(UInt64, EditOutcome)
    /// Everything in the version is durable: the shell may read it.
    case naming(NamedVersion)
  }

  private var entries: Deque<Entry> = []
  /// Of writes that are not durable yet.
  private(set) var writeCount = 0
  private(set) var undurableBytes = 0

  var isEmpty: Bool { entries.isEmpty }

  mutating func append(_ entry: Entry) {
    switch entry {
    case .change(let change, _): undurableBytes += change.estimatedBytes
    case .runEvent(let event): undurableBytes += event.estimatedBytes
    case .lease, .version, .after: break
    }
    if case .after = entry {} else { writeCount += 1 }
    entries.append(entry)
  }

  /// The next entry that may leave: a write while `budget` lasts, or something that has no write before it any more.
  mutating func pop(budget: inout Int) -> Entry? {
    switch entries.first {
    case nil: return nil
    case .after: return entries.popFirst()
    case .change(let change, _):
      guard budget > 0 else { return nil }
      undurableBytes -= change.estimatedBytes
    case .runEvent(let event):
      guard budget > 0 else { return nil }
      undurableBytes -= event.estimatedBytes
    case .lease, .version:
      guard budget > 0 else { return nil }
    }
    budget -= 1
    writeCount -= 1
    return entries.popFirst()
  }

  /// Empties the queue: the store failed, and what is in it has to be settled by hand.
  mutating func takeAll() -> Deque<Entry> {
    let all = entries
    self = CommitQueue()
    return all
  }
}

extension RunEvent {
  var estimatedBytes: Int { 96 + node.utf8.count + result.utf8.count + error.utf8.count }
}
