public import CRDT
public import CollabProtocol
import Glibc
import NIOCore
public import WorkflowDocument

// What users of a session call.
extension CollabSession {
  /// Waits for the first catch-up; from then on edits are taken, also offline.
  public func joined() async throws { try await wait { $0.canEdit || ($0.isLive && $0.replica == .none) } }

  /// Waits until nothing that the server had at the last welcome is missing here.
  public func live() async throws { try await wait { $0.isLive } }

  /// Makes one change: applied here before this returns, sent at the end of the turn. See `ReplicaMachine.edit` for the parameters.
  /// - Throws: `ClientError`; `ClientStop` once the session is over.
  @discardableResult
  public func edit(_ ops: [Op], group: String? = nil, stampedAt time: HybridTime? = nil) throws -> Change {
    if let stop = machine.stop { throw stop }
    defer { scheduleFlush() }
    return try machine.edit(ops, group: group, stampedAt: time, at: .now())
  }

  /// Takes the last own step back. See `ReplicaMachine.undo`.
  @discardableResult
  public func undo() throws -> [Change] {
    if let stop = machine.stop { throw stop }
    defer { scheduleFlush() }
    return try machine.undo(at: .now())
  }

  @discardableResult
  public func redo() throws -> [Change] {
    if let stop = machine.stop { throw stop }
    defer { scheduleFlush() }
    return try machine.redo(at: .now())
  }

  /// Replaces what others see of this session; sent no oftener than the server's tick, the newest only.
  public func showPresence(_ state: PresenceState) { handle(.presence(state)) }

  /// Several things in one turn, with nothing in between.
  public func turn<R: Sendable>(_ body: @Sendable (isolated CollabSession) throws -> R) rethrows -> R { try body(self) }

  /// One step of a mix, against the document as it is. An undo that takes nothing back does nothing.
  @discardableResult
  public func step(_ mix: inout EditMix) throws -> EditMix.Step {
    let step = mix.next(machine.document)
    switch step {
    case .edit(let ops): try edit(ops)
    case .undo: do { try undo() } catch ClientError.nothingToUndo {} catch ClientError.overwritten {}
    case .redo: do { try redo() } catch ClientError.nothingToUndo {} catch ClientError.overwritten {}
    case .presence(let state): showPresence(state)
    }
    return step
  }

  /// Waits until every change made here is on the server's disk.
  public func saved() async throws { try await wait { $0.isSaved } }

  /// Waits until a restore is on the server's disk as a whole, or was given up, which `restoredInPart` tells.
  public func restored() async throws { try await wait { $0.restoring == nil && $0.isSaved } }

  /// Waits until at most so many changes wait for their acknowledgement: the brake of a writer that is faster than the server.
  public func pending(atMost count: Int) async throws { try await wait { $0.pendingCount <= count } }

  /// Waits until the document holds all of `version`.
  public func reached(_ version: Version) async throws { try await wait { $0.document.version.covers(version) } }

  /// Waits until the document satisfies something; looked at after every event.
  public func document(satisfies condition: @escaping @Sendable (WorkflowDocument) -> Bool) async throws {
    try await wait { condition($0.document) }
  }

  /// Notices from now on. A reader more than `bufferMax` behind gets `ClientError.subscriberTooSlow` instead of a gap.
  /// - Throws while reading: `ClientStop` when the session ends otherwise than by `close()`.
  public func notices(bufferMax: Int = 4096) -> AsyncThrowingStream<ClientNotice, any Error> { subscribe(bufferMax: bufferMax) }

  /// Compares hashes with the server at equal versions: waits until everything is saved and the server's hash is the one here.
  ///
  /// A difference is healed by a snapshot and compared again.
  /// - Returns: the server's report that was found equal.
  public func verified() async throws -> HashReport {
    while true {
      try await wait { $0.isSaved && $0.isLive }
      // Between the two, others may have had a turn.
      guard machine.isSaved, machine.isLive else { continue }
      let stream = subscribe(bufferMax: 65_536)
      handle(.verify)
      reading: for try await notice in stream {
        switch notice {
        case .hash(let report):
          // Others edit: the server's hash came before or after what is here. Ask again.
          guard machine.isSaved, machine.document.version == report.version else { break reading }
          let here = hashes()
          if report.graphHash == here.graph, report.documentHash == here.document { return report }
          break reading
        case .replaced, .link: break reading
        default: continue
        }
      }
      if let stop = machine.stop { throw stop }
      try Task.checkCancellation()
    }
  }

  /// Ends the session: closing handshake, then nothing more. What is not acknowledged is given up; `saved()` first where that matters.
  public func close() async {
    handle(.stop)
    await wireGone()
  }
}

extension ClientTime {
  /// This computer's clocks.
  static func now() -> ClientTime {
    var wall = timespec()
    clock_gettime(CLOCK_REALTIME, &wall)
    let milliseconds = UInt64(wall.tv_sec) * 1000 + UInt64(wall.tv_nsec) / 1_000_000
    return ClientTime(wallMilliseconds: milliseconds, uptimeMilliseconds: NIODeadline.now().uptimeNanoseconds / 1_000_000)
  }
}
