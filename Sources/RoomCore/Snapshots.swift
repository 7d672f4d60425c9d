import CRDT
import CollabProtocol
import WorkflowDocument

/// One encoded snapshot for all who join, and for the store. Spec: SN1, RM1.
extension Room {
  /// The session waits for a snapshot that the tail reaches from; served at once when there is one.
  mutating func awaitSnapshot(_ id: SessionID, for purpose: Session.Purpose, into actions: inout [RoomAction]) {
    sessions[id]?.stage = .catchingUp(purpose)
    watched.insert(id)
    armOnce(.watch, afterMilliseconds: Self.watchIntervalMilliseconds, into: &actions)
    if let ready = snapshots.ready, durablePosition - ready.position <= UInt64(limits.snapshotReuseChangeCountMax),
      let since = tail.after(ready.position)
    {
      return serve(id, ready.position, since, into: &actions)
    }
    snapshots.wait(id)
    makeSnapshot(forStore: false, into: &actions)
  }

  mutating func makeSnapshot(forStore: Bool, into actions: inout [RoomAction]) {
    if snapshots.making != nil {
      if forStore { snapshots.making?.isForStore = true }
      return
    }
    snapshots.making = SnapshotDesk.Making(position: appliedPosition, isForStore: forStore)
    actions.append(.encodeSnapshot(document, position: appliedPosition))
    queue.append(.after(.snapshot(position: appliedPosition)))
  }

  mutating func snapshotDurable(at position: UInt64, into actions: inout [RoomAction]) {
    guard snapshots.making?.position == position else { return }
    snapshots.making?.isDurable = true
    useSnapshotIfComplete(into: &actions)
  }

  mutating func snapshotEncoded(at position: UInt64, bytes: Int, into actions: inout [RoomAction]) {
    guard snapshots.making?.position == position else {
      // Begun before the store failed: it may hold what was lost.
      actions.append(.dropSnapshot(position: position))
      return
    }
    snapshots.making?.bytes = bytes
    useSnapshotIfComplete(into: &actions)
  }

  mutating func snapshotFailed(at position: UInt64, into actions: inout [RoomAction]) {
    guard snapshots.making?.position == position else { return }
    snapshots.making = nil
    for id in snapshots.takeWaiting() { dismiss(id, .serverFault, "no snapshot could be made", into: &actions) }
    finishSaving(into: &actions)
  }

  private mutating func useSnapshotIfComplete(into actions: inout [RoomAction]) {
    guard let making = snapshots.making, making.isDurable, let bytes = making.bytes else { return }
    snapshots.making = nil
    if let old = snapshots.ready, old.position != making.position { actions.append(.dropSnapshot(position: old.position)) }
    snapshots.ready = SnapshotDesk.Ready(position: making.position, bytes: bytes)
    if making.isForStore { storeReadySnapshot(into: &actions) }
    for id in snapshots.takeWaiting() {
      if let since = tail.after(making.position) {
        serve(id, making.position, since, into: &actions)
      } else {
        // More was committed while it was encoded than the tail holds.
        snapshots.wait(id)
        makeSnapshot(forStore: false, into: &actions)
      }
    }
  }

  private mutating func serve(_ id: SessionID, _ position: UInt64, _ since: [LoggedChange], into actions: inout [RoomAction]) {
    guard let session = sessions[id], case .catchingUp(let purpose) = session.stage else { return }
    let catchUp = CatchUp.snapshot(position: position, then: since)
    switch purpose {
    case .join(let joining): finishJoin(id, joining, catchUp, into: &actions)
    case .resync: returnToLive(id, catchUp, missed: nil, into: &actions)
    case .lag(let lag): returnToLive(id, catchUp, missed: lag, into: &actions)
    }
  }

  // MARK: for the store

  mutating func storeSnapshotIfDue(into actions: inout [RoomAction]) {
    guard case .open = life,
      snapshots.isDue(durablePosition: durablePosition, nowMilliseconds: now.monotonicMilliseconds, limits: limits)
    else { return }
    makeSnapshot(forStore: true, into: &actions)
  }

  /// The last snapshot before the room goes; `finishSaving` follows when it is stored, or cannot be.
  mutating func save(isDraining: Bool, into actions: inout [RoomAction]) {
    life = .saving(isDraining: isDraining)
    guard !isDegraded, durablePosition > snapshots.storedPosition else { return finishSaving(into: &actions) }
    if snapshots.storingPosition == durablePosition { return }
    if snapshots.ready?.position == durablePosition, snapshots.making == nil {
      storeReadySnapshot(into: &actions)
    } else {
      collectTombstones(into: &actions)
      makeSnapshot(forStore: true, into: &actions)
    }
  }

  private mutating func storeReadySnapshot(into actions: inout [RoomAction]) {
    guard let ready = snapshots.ready else { return }
    snapshots.storingPosition = ready.position
    snapshots.storedAtMilliseconds = now.monotonicMilliseconds
    snapshots.storedBytes = ready.bytes
    snapshots.loggedBytes = 0
    actions.append(.storeSnapshot(position: ready.position))
  }

  mutating func snapshotStored(at position: UInt64, into actions: inout [RoomAction]) {
    snapshots.storedPosition = max(snapshots.storedPosition, position)
    snapshots.storingPosition = nil
    finishSaving(into: &actions)
  }

  /// Tried again with the next one that is due.
  mutating func snapshotNotStored(into actions: inout [RoomAction]) {
    snapshots.storingPosition = nil
    finishSaving(into: &actions)
  }

  mutating func finishSaving(into actions: inout [RoomAction]) {
    guard case .saving(let isDraining) = life, snapshots.storingPosition == nil, snapshots.making == nil else { return }
    guard isDraining || (sessions.isEmpty && queue.isEmpty && runs.isIdle && versions.isIdle) else {
      life = .open
      return
    }
    // A version that is named later could come to a workflow that was made anew under this one's id.
    guard versions.isIdle else { return }
    life = .over
    actions.append(.unload)
  }
}
