import CRDT
import NIOCore
import WorkflowDocument

/// A replica's own changes that are not acknowledged: applied here already, oldest first, `seq` without a gap. Spec: CR1, AK1.
///
/// A prefix of them is in flight; the rest waits for room in the window or for a connection.
struct PendingChanges: Sendable {
  struct Entry: Sendable {
    var change: Change
    /// Roughly, on the wire in its longer form.
    var bytes: Int
    /// The position applied here when the change was made. Spec: ME5.
    var seen: UInt64
  }

  private var entries = CircularBuffer<Entry>(initialCapacity: 16)
  private(set) var inFlightCount = 0
  private(set) var byteCount = 0

  var count: Int { entries.count }
  var isEmpty: Bool { entries.isEmpty }
  var changes: [Change] { entries.map(\.change) }
  var firstSeq: UInt64? { entries.first?.change.seq }
  var lastSeq: UInt64? { entries.last?.change.seq }

  mutating func append(_ change: Change, bytes: Int, seen: UInt64) {
    precondition(entries.last.map { $0.change.seq + 1 == change.seq } ?? true, "own changes are numbered without gaps")
    entries.append(Entry(change: change, bytes: bytes, seen: seen))
    byteCount += bytes
  }

  /// - Returns: how many went.
  @discardableResult
  mutating func acknowledge(through seq: UInt64) -> Int {
    var gone = 0
    while let first = entries.first, first.change.seq <= seq {
      byteCount -= first.bytes
      entries.removeFirst()
      gone += 1
    }
    inFlightCount = max(0, inFlightCount - gone)
    return gone
  }

  /// The place of a change by its number; O(1).
  func index(ofSeq seq: UInt64) -> Int? {
    guard let first = entries.first, seq >= first.change.seq, seq - first.change.seq < UInt64(entries.count) else { return nil }
    return Int(seq - first.change.seq)
  }

  func isInFlight(seq: UInt64) -> Bool { index(ofSeq: seq).map { $0 < inFlightCount } ?? false }

  func change(seq: UInt64) -> Change? { index(ofSeq: seq).map { entries[entries.index(entries.startIndex, offsetBy: $0)].change } }

  /// Everything from `seq` on is to be sent again.
  mutating func rewind(to seq: UInt64) {
    if let at = index(ofSeq: seq) { inFlightCount = min(inFlightCount, at) }
  }

  /// A new connection: nothing of it was sent there yet.
  mutating func rewindAll() { inFlightCount = 0 }

  /// The next changes to send, within the bounds of one message and of the window; empty when there are none.
  mutating func nextBatch(countMax: Int, bytesMax: Int, inFlightMax: Int) -> (changes: [Change], seen: UInt64)? {
    let room = min(countMax, inFlightMax - inFlightCount, entries.count - inFlightCount)
    guard room > 0 else { return nil }
    var at = entries.index(entries.startIndex, offsetBy: inFlightCount)
    let seen = entries[at].seen
    var batch: [Change] = []
    var bytes = 0
    while batch.count < room {
      let entry = entries[at]
      if !batch.isEmpty, bytes + entry.bytes > bytesMax { break }
      batch.append(entry.change)
      bytes += entry.bytes
      at = entries.index(after: at)
    }
    inFlightCount += batch.count
    return (batch, seen)
  }

  /// New numbers, and perhaps times and replica, for changes of which none may be in flight under the old ones any more.
  mutating func replace(with changes: [Change], keepingInFlight: Int, seen: UInt64, size: (Change) -> Int) {
    let before = entries.prefix(keepingInFlight).map(\.seen)
    entries.removeAll(keepingCapacity: true)
    byteCount = 0
    inFlightCount = 0
    for (index, change) in changes.enumerated() { append(change, bytes: size(change), seen: index < before.count ? before[index] : seen) }
    inFlightCount = min(keepingInFlight, changes.count)
  }
}
