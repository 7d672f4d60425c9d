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

  init(_ configuration: GatewayConfiguration) {
    patience = configuration.bodyPatience
    bytesMin = configuration.bodyBytesMin
    deadline = configuration.bodyDeadline
  }

  /// Whether the body of the request that is being answered was read to its end.
  final class Reading: Sendable {
    @TaskLocal static var current: Reading?
    let isDone = Atomic(false)
  }

  private final class Progress: Sendable {
    let bytes = Atomic<Int>(0)
  }

  /// - Throws: `NIOTooManyBytesError`; a problem for the peer that is too slow.
  func collect(_ body: RequestBody, upTo bytesMax: Int) async throws -> ByteBuffer {
    let progress = Progress()
    return try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
      group.addTask {
        var whole = ByteBuffer()
        for try await piece in body {
          guard whole.readableBytes + piece.readableBytes <= bytesMax else { throw NIOTooManyBytesError(maxBytes: bytesMax) }
          whole.writeImmutableBuffer(piece)
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
      Reading.current?.isDone.store(true, ordering: .relaxed)
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
