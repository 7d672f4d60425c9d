import Logging
import Synchronization

/// What a server of a test writes to its log, at every level, as one text per line.
final class CapturedLog: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }

  var logger: Logger {
    var logger = Logger(label: "test") { _ in Handler(log: self) }
    logger.logLevel = .trace
    return logger
  }

  private struct Handler: LogHandler {
    let log: CapturedLog
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
      let words = all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      log.lines.withLock { $0.append("\(event.level) \(event.message) " + words.joined(separator: " ")) }
    }
  }
}
