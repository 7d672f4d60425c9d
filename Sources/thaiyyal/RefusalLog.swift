import Synchronization

/// What the server did not take, told by the thread that hears it to the one that asks.
final class RefusalLog: Sendable {
  private let texts = Mutex<[String]>([])
  /// Enough to tell; more would be the same again.
  private static let countMax = 100

  func add(_ text: String) { texts.withLock { if $0.count < Self.countMax { $0.append(text) } } }
  var first: String? { texts.withLock { $0.first } }
}
