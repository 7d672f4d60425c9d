import Synchronization

/// Memory that holds what all connections of a server have read and cannot deliver yet: the beginnings of messages. Each peer alone stays within the
/// size of a message; thousands that never finish theirs would fill the memory. Buffers count with all they take, not with what is in them.
public final class InputLedger: Sendable {
  public let bytesMax: Int
  private let bytes = Atomic<Int>(0)

  public init(bytesMax: Int) { self.bytesMax = bytesMax }

  public var heldBytes: Int { bytes.load(ordering: .relaxed) }

  /// - Returns: whether all of it is within the bound.
  func change(by difference: Int) -> Bool { bytes.wrappingAdd(difference, ordering: .relaxed).newValue <= bytesMax }
}
