import Foundation
import SQLiteStorage
import Storage

/// Whether the data file can be written, trusted, and flushed fast enough.
enum DoctorStorage {
  private static let freeBytesNeeded: UInt64 = 64 << 20
  private static let freeBytesWanted: UInt64 = 1 << 30
  private static let flushCount = 16
  private static let faultsShownMax = 5

  static func check(_ configuration: ServeConfiguration) async -> [Finding] {
    guard let file = configuration.dataFile else {
      return [.warn("data", "everything is kept in memory", "leave out --memory to keep workflows over a restart")]
    }
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
    guard let existing = nearestExisting(folder) else { return [.fail("data", "\(folder) cannot be reached", "choose another --data")] }
    guard access(existing, W_OK | X_OK) == 0 else {
      return [
        .fail(
          "data", "\(existing) cannot be written: \(String(cString: strerror(errno)))",
          "chown it to the user of the server, or choose another --data")
      ]
    }
    let machine: [Finding] = [
      .ok("data", existing == folder ? "\(folder) can be written" : "\(folder) will be made in \(existing)"), freeSpace(existing),
      flush(existing),
    ]
    return await machine + database(file)
  }

  private static func nearestExisting(_ folder: String) -> String? {
    var url = URL(fileURLWithPath: folder)
    while url.path != "/" {
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) { return isFolder.boolValue ? url.path : nil }
      url.deleteLastPathComponent()
    }
    return "/"
  }

  private static func freeSpace(_ folder: String) -> Finding {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return .warn("free space", "cannot be read", "check df \(folder)") }
    let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
    let text = "\(free >> 20) MiB in \(folder)"
    if free < freeBytesNeeded { return .fail("free space", text, "make room: a full disk makes all workflows read-only") }
    if free < freeBytesWanted { return .warn("free space", text, "make room: a full disk makes all workflows read-only") }
    return .ok("free space", text)
  }

  /// Every edit waits for one flush, which it shares with the edits of the same moment.
  private static func flush(_ folder: String) -> Finding {
    let path = folder + "/.thaiyyal-doctor-\(getpid())"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      return .fail("flush", "no file can be made in \(folder): \(String(cString: strerror(errno)))", "check its owner and mode")
    }
    defer {
      close(descriptor)
      unlink(path)
    }
    let page = [UInt8](repeating: 0x55, count: 4096)
    var times: [Duration] = []
    for _ in 0..<flushCount {
      let start = ContinuousClock.now
      guard write(descriptor, page, page.count) == page.count, fdatasync(descriptor) == 0 else {
        return .fail("flush", "writing failed: \(String(cString: strerror(errno)))", "check the disk")
      }
      times.append(ContinuousClock.now - start)
    }
    times.sort()
    let middle = times[flushCount / 2]
    let text = "a flush takes \(microseconds(middle)) µs, at worst \(microseconds(times[flushCount - 1])) µs"
    if middle > .milliseconds(50) { return .warn("flush", text, "edits feel slow beyond 20 ms: use a local disk") }
    return .ok("flush", text)
  }

  private static func microseconds(_ duration: Duration) -> Int64 {
    duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000
  }

  private static func webhooks(_ report: StoreReport) -> [Finding] {
    guard report.webhookCount > 0 else { return [] }
    let (off, dead) = (report.webhooksSwitchedOffCount, report.deadLetterCount)
    guard off + dead > 0 else { return [.ok("webhooks", "\(report.webhookCount): none switched off by the server, no dead letters")] }
    return [
      .warn(
        "webhooks", "\(report.webhookCount), \(off) of them switched off by the server, \(dead) dead letters",
        "thaiyyal inspect ID --data FILE shows a workflow's; then its owner switches them on and has them delivered again")
    ]
  }

  /// Reads only, so it may look at the file of a running server.
  private static func database(_ file: String) async -> [Finding] {
    guard FileManager.default.fileExists(atPath: file) else { return [.ok("database", "\(file) will be made")] }
    if let written = try? FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date, written > Date() + 60 {
      return [.fail("database", "\(file) was written \(written.ISO8601Format()), which is yet to come", "set the clock: it stands behind")]
    }
    do {
      let report = try await SQLiteStore.check(file)
      let content = "format \(report.format), \(report.workflowCount) workflows, \(report.changeCount) changes in the log"
      guard report.faults.isEmpty else {
        let faults = report.faults.prefix(faultsShownMax).joined(separator: "; ")
        return [
          .fail("database", "\(file) is damaged (\(content)): \(faults)", "stop the server, keep a copy, and restore the last backup")
        ]
      }
      return [.ok("database", "\(file) is whole: \(content)")] + webhooks(report)
    } catch {
      return [.fail("database", error.text, "check the path, and that it is a file of this program")]
    }
  }
}
