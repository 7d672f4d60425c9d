import Glibc
import Storage

/// The right to write to a database file: one process at a time. The kernel takes it back when the process dies, however it dies.
///
/// SQLite's own locks would let two servers write in turns, and each would overwrite what the other believes it knows.
final class FileLock: Sendable {
  private let descriptor: CInt

  /// How often a lock that is taken is asked for again.
  private static let pauseMicroseconds: UInt32 = 20_000

  /// Blocks for `patience` at most.
  /// - Parameter onWait: told once who has the lock, when it has to be waited for.
  init(of database: String, patience: Duration = .zero, onWait: (_ holder: String) -> Void = { _ in }) throws(StoreError) {
    let path = database + "-lock"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw StoreError(.unavailable, "cannot open \(path): \(String(cString: strerror(errno)))") }
    let deadline = ContinuousClock.now + patience
    var isWaiting = false
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let reason = errno
      let holder = Self.text(in: descriptor)
      guard reason == EWOULDBLOCK || reason == EINTR, ContinuousClock.now < deadline else {
        close(descriptor)
        throw StoreError(.unavailable, "\(database) is in use by another process\(holder.isEmpty ? "" : " (\(holder))")")
      }
      if !isWaiting { onWait(holder) }
      isWaiting = true
      usleep(Self.pauseMicroseconds)
    }
    self.descriptor = descriptor
    let line = "pid \(getpid())"
    // For the message above only: a failure to write it harms nothing.
    if ftruncate(descriptor, 0) == 0 { _ = line.withCString { pwrite(descriptor, $0, strlen($0), 0) } }
  }

  deinit { close(descriptor) }

  private static func text(in descriptor: CInt) -> String {
    let text = String(unsafeUninitializedCapacity: 32) { max(0, pread(descriptor, $0.baseAddress, $0.count, 0)) }
    return text.allSatisfy(\.isASCII) ? text : ""
  }
}
