import CRDT
import CollabProtocol
import Compression
import Logging
import RoomCore
import Storage
import WorkflowDocument
import WorkflowGraph

/// From what the store holds to what a room starts from. Runs off the event loops.
struct RoomLoader: Sendable {
  let store: any WorkflowStore
  let limits: RoomLimits
  let logger: Logger

  /// A snapshot that inflates to more is not one of ours.
  static let snapshotBytesMax = 1 << 30

  /// - Returns: `nil` when there is no such workflow.
  func load(_ workflow: WorkflowID) async throws(StoreError) -> RoomSeed? {
    guard let stored = try await store.load(workflow) else { return nil }
    for damage in stored.damage {
      logger.error("damage found in the store", metadata: ["workflow": "\(workflow)", "damage": "\(damage)"])
    }
    return try seed(from: stored, try await runs(of: workflow, interrupted: stored.interruptedRuns), workflow)
  }

  /// The document alone; `nil` when there is no such workflow. Only while no room of it is open: the store takes a load for a fresh start.
  func document(of workflow: WorkflowID) async throws(StoreError) -> WorkflowDocument? { try await state(of: workflow)?.document }

  /// Likewise, with its position.
  func state(of workflow: WorkflowID) async throws(StoreError) -> (document: WorkflowDocument, position: UInt64)? {
    guard let stored = try await store.load(workflow) else { return nil }
    let seed = try seed(from: stored, [], workflow)
    return (seed.document, seed.position)
  }

  /// Whole: those that were interrupted, and the newest that ended. Of the others that ended lately, the first and the last event, and of
  /// those beyond `runPageBytesMax` the last one without its result: a room that opens need not hold what nobody may ask for.
  private func runs(of workflow: WorkflowID, interrupted: [StoredRun]) async throws(StoreError) -> [[RunEvent]] {
    var runs: [[RunEvent]] = []
    var before: String?
    var asked = 0
    var bytes = 0
    while asked < Self.recentRunCountMax {
      let page = try await store.runs(
        of: workflow, before: before, limit: Self.recentRunCountMax - asked, bytesMax: Self.runPageBytesMax)
      guard let oldest = page.last else { break }
      before = oldest.run
      asked += page.count
      for run in page {
        guard let last = run.last else { continue }
        let isNewest = runs.isEmpty
        var events = read(isNewest ? try await store.runEvents(of: workflow, run: run.run) : [run.first, last], workflow)
        bytes += run.byteCount
        if !isNewest, bytes > Self.runPageBytesMax, !events.isEmpty { events[events.count - 1].result = "" }
        runs.insert(events, at: 0)
      }
    }
    for run in interrupted { runs.append(read(try await store.runEvents(of: workflow, run: run.run), workflow)) }
    return runs
  }

  /// Those before the first that cannot be read: a run has no gap.
  private func read(_ events: [StoredRunEvent], _ workflow: WorkflowID) -> [RunEvent] {
    var read: [RunEvent] = []
    for event in events {
      do { read.append(try RunEventCodec.decode(event.body)) } catch {
        logger.error(
          "an event of a run cannot be read",
          metadata: ["workflow": "\(workflow)", "run": "\(event.run)", "seq": "\(event.seq)", "reason": "\(error)"])
        break
      }
    }
    return read
  }

  /// Ended runs that a room remembers over a restart.
  static let recentRunCountMax = 32

  /// Ends of runs, with their results, are read so many bytes at a time.
  static let runPageBytesMax = 8 << 20

  /// The newest snapshot that can be read, and the log after it.
  private func seed(from stored: StoredWorkflow, _ runs: [[RunEvent]], _ workflow: WorkflowID) throws(StoreError) -> RoomSeed {
    var document = WorkflowDocument()
    var position: UInt64 = 0
    for snapshot in stored.snapshots {
      guard let read = decode(snapshot, workflow) else { continue }
      document = read
      position = snapshot.position
      break
    }
    let snapshotPosition = position
    for entry in stored.log where entry.position > snapshotPosition {
      guard entry.position == position + 1 else {
        throw StoreError(.corrupt, "the log jumps from \(position) to \(entry.position) behind the newest snapshot that can be read")
      }
      do { _ = try document.apply(entry.change) } catch {
        throw StoreError(.corrupt, "the change at \(entry.position) does not follow what the log holds before it")
      }
      position = entry.position
    }
    let recent = Array(stored.log.suffix(limits.tailCountMax))
    return RoomSeed(
      document: document, position: position, snapshotPosition: snapshotPosition, recent: recent,
      versionBeforeRecent: Self.version(document.version, before: recent), leases: stored.leases.map(ReplicaLease.init),
      runs: runs, versions: stored.versions)
  }

  private func decode(_ snapshot: StoredSnapshot, _ workflow: WorkflowID) -> WorkflowDocument? {
    do {
      return try WorkflowDocument(snapshot: Zlib.decompress(snapshot.data, bytesMax: Self.snapshotBytesMax))
    } catch {
      logger.error(
        "a snapshot cannot be read; trying the one before",
        metadata: ["workflow": "\(workflow)", "position": "\(snapshot.position)", "reason": "\(error)"])
      return nil
    }
  }

  /// Seqs have no gaps, so what was there before a stretch of the log follows from its first seq per replica.
  static func version(_ version: Version, before log: [LoggedChange]) -> Version {
    var first: [ReplicaID: UInt64] = [:]
    for entry in log where first[entry.change.replica] == nil { first[entry.change.replica] = entry.change.seq }
    return Version(
      version.entries.map { Version.Entry(replica: $0.replica, seq: first[$0.replica].map { $0 - 1 } ?? $0.seq) })
  }
}
