import Compression
import WorkflowDocument

/// A change as its row: author and time in columns, the change itself as bytes, a checksum over all of it.
struct LogRecord {
  var position: UInt64
  var takenAtMilliseconds: UInt64
  var kind: UInt8
  var subject: String
  var name: String
  var body: [UInt8]
  var checksum: UInt32

  init(_ logged: LoggedChange) {
    position = logged.position
    takenAtMilliseconds = logged.takenAtMilliseconds
    kind = logged.author.kind.rawValue
    subject = logged.author.subject
    name = logged.author.name
    body = ChangeBody.encode(logged.change)
    checksum = 0
    checksum = computedChecksum()
  }

  init(position: UInt64, takenAtMilliseconds: UInt64, kind: UInt8, subject: String, name: String, body: [UInt8], checksum: UInt32) {
    self.position = position
    self.takenAtMilliseconds = takenAtMilliseconds
    self.kind = kind
    self.subject = subject
    self.name = name
    self.body = body
    self.checksum = checksum
  }

  /// CRC-32 over position, time, kind, both texts with their lengths, body. SQLite itself checks no content.
  func computedChecksum() -> UInt32 {
    var head: [UInt8] = []
    head.reserveCapacity(33 + subject.utf8.count + name.utf8.count)
    for number in [position, takenAtMilliseconds, UInt64(kind), UInt64(subject.utf8.count), UInt64(name.utf8.count)] {
      for shift in stride(from: 0, to: 64, by: 8) { head.append(UInt8(truncatingIfNeeded: number >> UInt64(shift))) }
    }
    head.append(contentsOf: subject.utf8)
    head.append(contentsOf: name.utf8)
    return CRC32.checksum(body, seed: CRC32.checksum(head))
  }

  /// `nil` when the row is not what was written.
  func decoded() -> LoggedChange? {
    guard checksum == computedChecksum(), let kind = Author.Kind(rawValue: kind), let change = try? ChangeBody.decode(body) else {
      return nil
    }
    return LoggedChange(
      position: position, author: Author(subject: subject, name: name, kind: kind), takenAtMilliseconds: takenAtMilliseconds, change: change
    )
  }
}
