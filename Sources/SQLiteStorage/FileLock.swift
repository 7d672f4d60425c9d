import Glibc
import Storage

/// The right to write to a database file: one process at a time. The kernel takes it back when the process dies, however it dies.
///
/// SQLite's own locks would let two servers write in turns, and each would overwrite what the other believes it knows.
final class FileLock: Sendable {
  private let descriptor: CInt

  init(of database: String) throws(StoreError) {
    let path = database + "-lock"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw StoreError(.unavailable, "cannot open \(path): \(String(cString: strerror(errno)))") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let holder = Self.text(in: descriptor)
      close(descriptor)
      throw StoreError(.unavailable, "\(database) is in use by another process\(holder.isEmpty ? "" : " (\(holder))")")
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
