import CollabProtocol
import RoomCore
import Storage

extension StoreWrite {
  init(_ write: RoomWrite) {
    self =
      switch write {
      case .change(let change): .change(change)
      case .lease(let lease): .lease(LeaseRecord(lease))
      case .version(.renamed(let id, let name, let note)): .version(.renamed(id: id, name: name, note: note))
      case .version(.dropped(let id)): .version(.dropped(id: id))
      case .runEvent(let event):
        .runEvent(StoredRunEvent(run: event.run, seq: event.seq, isLast: event.kind.isLast, body: RunEventCodec.encode(event)))
      }
  }
}

extension LeaseRecord {
  init(_ lease: ReplicaLease) {
    self.init(
      replica: lease.replica, secretDigest: lease.secretDigest, seqBefore: lease.seqBefore, seqAtEnd: lease.seqAtEnd,
      touchedAtMilliseconds: lease.touchedAtMilliseconds)
  }
}

extension ReplicaLease {
  init(_ record: LeaseRecord) {
    self.init(
      replica: record.replica, secretDigest: record.secretDigest, seqBefore: record.seqBefore, seqAtEnd: record.seqAtEnd,
      touchedAtMilliseconds: record.touchedAtMilliseconds)
  }
}
