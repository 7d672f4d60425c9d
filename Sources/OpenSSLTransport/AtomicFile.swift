internal import Glibc

enum AtomicFile {
  /// Writes a file beside its place, makes it durable and moves it there: nobody ever sees it half, and nobody reads it before its mode is set.
  static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(TLSError) {
    let temporary = "\(path).\(getpid()).new"
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard file >= 0 else { throw failure("create", temporary) }
    var isWhole = fchmod(file, mode) == 0 && writeAll(bytes, file) && fsync(file) == 0
    let reason = errno
    isWhole = close(file) == 0 && isWhole
    guard isWhole, rename(temporary, path) == 0 else {
      let error = failure("write", path, isWhole ? errno : reason)
      unlink(temporary)
      throw error
    }
  }

  private static func writeAll(_ bytes: [UInt8], _ file: Int32) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        let count = Glibc.write(file, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        offset += count
      }
      return true
    }
  }

  private static func failure(_ verb: String, _ path: String, _ code: Int32 = errno) -> TLSError {
    TLSError(.configuration, "cannot \(verb) \(path): \(String(cString: strerror(code)))")
  }
}
