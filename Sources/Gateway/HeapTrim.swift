import Glibc
import NIOCore
import NIOPosix

/// Gives memory back to the system once a storm of connections is over.
///
/// A TLS handshake holds two buffers of 16 KiB and gives them back to the allocator, which keeps them, with what lives long scattered between
/// them: after 1 500 handshakes at once that is 10 KB for each connection. `malloc_trim` hands the pages inside back; it looks at what is
/// free only, and takes some milliseconds, on a thread of its own.
struct HeapTrim {
  /// Fewer comings and goings leave too little behind to look for it.
  static let movementCountMin: UInt64 = 64

  private var seen: UInt64 = 0
  private var trimmed: UInt64 = 0

  /// - Returns: whether now is the moment: much has moved since the last time, and nothing since the last question.
  mutating func isDue(movements: UInt64) -> Bool {
    defer { seen = movements }
    guard movements == seen, movements - trimmed >= Self.movementCountMin else { return false }
    trimmed = movements
    return true
  }

  /// Asks once a second until the loop ends or the task is cancelled.
  static func watch(_ census: ConnectionCensus, on loop: any EventLoop) -> RepeatedTask {
    let state = NIOLoopBoundBox.makeBoxSendingValue(HeapTrim(), eventLoop: loop)
    return loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
      guard state.value.isDue(movements: census.movementCount) else { return }
      NIOThreadPool.singleton.submit { _ in giveBack() }
    }
  }

  private static func giveBack() {
    // An extension of glibc that Swift does not import; elsewhere the allocator is left to itself.
    guard let symbol = dlsym(nil, "malloc_trim") else { return }
    _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)(0)
  }
}
