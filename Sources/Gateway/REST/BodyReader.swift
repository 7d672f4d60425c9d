import Hummingbird
import NIOCore
import NIOHTTP1
import Synchronization

/// Reads a body that keeps coming: in time as a whole, and never slower than some bytes in each stretch of time, or its sender holds a
/// connection, a task and what has come so far for as long as it likes.
struct BodyReader: Sendable {
  /// How the server was set up; of the request that is being answered.
  @TaskLocal static var current = BodyReader(GatewayConfiguration())

  private let patience: Duration
  private let bytesMin: Int
  private let deadline: Duration
  private let ledger: BodyLedger

  init(_ configuration: GatewayConfiguration) {
    patience = configuration.bodyPatience
    bytesMin = configuration.bodyBytesMin
    deadline = configuration.bodyDeadline
    ledger = BodyLedger(bytesMax: configuration.bodyBytesHeldMax)
  }

  /// The body of the request that is being answered. What it holds is given back with the request: until then its text or what was read of it lives.
  final class Reading: Sendable {
    @TaskLocal static var current: Reading?
    /// Whether it was read to its end.
    let isDone = Atomic(false)
    private let held = Mutex<(ledger: BodyLedger, bytes: Int)?>(nil)

    /// - Returns: whether there is room for it.
    func hold(_ bytes: Int, in ledger: BodyLedger) -> Bool {
      held.withLock { held in
        held = (ledger, (held?.bytes ?? 0) + bytes)
        return ledger.change(by: bytes)
      }
    }

    deinit {
      if let held = held.withLock({ $0 }) { _ = held.ledger.change(by: -held.bytes) }
    }
  }

  private final class Progress: Sendable {
    let bytes = Atomic<Int>(0)
  }

  /// - Throws: `NIOTooManyBytesError`; a problem for the peer that is too slow.
  func collect(_ body: RequestBody, upTo bytesMax: Int) async throws -> ByteBuffer {
    let progress = Progress()
    let reading = Reading.current ?? Reading()
    return try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
      group.addTask {
        var whole = ByteBuffer()
        for try await piece in body {
          guard whole.readableBytes + piece.readableBytes <= bytesMax else { throw NIOTooManyBytesError(maxBytes: bytesMax) }
          let before = whole.storageCapacity
          whole.writeImmutableBuffer(piece)
          guard reading.hold(whole.storageCapacity - before, in: ledger) else { throw ledger.problem }
          progress.bytes.store(whole.readableBytes, ordering: .relaxed)
        }
        return whole
      }
      group.addTask {
        try await watch(progress)
        return nil
      }
      defer { group.cancelAll() }
      // The watch ends by throwing only.
      let whole = try await group.next().flatMap { $0 } ?? ByteBuffer()
      reading.isDone.store(true, ordering: .relaxed)
      return whole
    }
  }

  private func watch(_ progress: Progress) async throws {
    var left = deadline
    var before = 0
    while left > .zero {
      let pause = min(patience, left)
      try await Task.sleep(for: pause)
      left -= pause
      let now = progress.bytes.load(ordering: .relaxed)
      guard now - before >= bytesMin || pause < patience else { break }
      before = now
    }
    throw Problem(
      .requestTimeout, "The body comes too slowly: at least \(bytesMin) bytes are due every \(patience), and all of it within \(deadline).",
      headers: [("connection", "close")])
  }
}

/// Memory of all bodies that are being read or dealt with: each is within its own bound, and many together would not be.
final class BodyLedger: Sendable {
  private let bytesMax: Int
  private let bytes = Atomic<Int>(0)

  init(bytesMax: Int) { self.bytesMax = bytesMax }

  var heldBytes: Int { bytes.load(ordering: .relaxed) }

  /// - Returns: whether all of it is within the bound.
  func change(by difference: Int) -> Bool { bytes.wrappingAdd(difference, ordering: .relaxed).newValue <= bytesMax }

  var problem: Problem {
    Problem(
      .tooManyRequests, "The bodies of other requests fill the memory that there is for them.", limit: "bodyBytesHeldMax",
      retryAfterMilliseconds: 1000, headers: [("connection", "close")])
  }
}
