import Synchronization

/// What all slow sessions of a server have on its memory together: one bound for all rooms and loops. Spec: FC2.
///
/// One atomic addition for a write to a session that is behind; nothing for the others.
final class OutboxLedger: Sendable {
  private let total = Atomic<Int>(0)
  private let bytesMax: Int

  init(bytesMax: Int) { self.bytesMax = bytesMax }

  var bytes: Int { total.load(ordering: .relaxed) }
  /// From here on whoever is behind is held back, however little it is.
  var isFull: Bool { bytes > bytesMax }

  /// One connection's part. It goes back when the last who knows of it lets go, which is when the connection is closed.
  final class Share {
    private let ledger: OutboxLedger
    private(set) var bytes = 0

    init(of ledger: OutboxLedger) { self.ledger = ledger }
    deinit { set(0) }

    var isCrowded: Bool { ledger.isFull }

    func set(_ now: Int) {
      guard now != bytes else { return }
      ledger.total.wrappingAdd(now - bytes, ordering: .relaxed)
      bytes = now
    }
  }
}
