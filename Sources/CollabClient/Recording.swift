public import CollabProtocol
import Compression
public import NIOCore
public import WorkflowDocument
public import WorkflowGraph

/// What happened in a workflow, as a file: one JSON object a line, all but the first of them messages of the protocol.
///
/// First line `{"thaiyyalRecording":1,"workflow":…,"position":…}`; then, when the recording starts in the middle, the document at that position as
/// `snapshot` messages; then `changes` messages with authors and times; last a `hash` message of the end. A file without the last was cut off.
public enum RecordingFormat {
  public static let version = 1
  /// No line is longer.
  public static let lineBytesMax = 8 << 20

  static func line(_ message: ServerMessage) -> ByteBuffer {
    var buffer = ByteBuffer()
    MessageCodec.encode(message, as: .json, into: &buffer)
    buffer.writeInteger(UInt8(ascii: "\n"))
    return buffer
  }

  static func header(workflow: WorkflowID, position: UInt64) -> ByteBuffer {
    // A workflow id needs no escaping in JSON.
    ByteBuffer(string: "{\"thaiyyalRecording\":\(version),\"workflow\":\"\(workflow)\",\"position\":\(position)}\n")
  }

  /// The document as snapshot messages, as a server would send it.
  static func snapshotLines(_ document: WorkflowDocument, position: UInt64) -> [ByteBuffer] {
    let raw = document.encodeSnapshot()
    let packed = Zlib.compress(raw)
    let size = SnapshotChunk.dataBytesMax
    let count = max(1, (packed.count + size - 1) / size)
    return (0..<count).map { index in
      let data = Array(packed[(index * size)..<min(packed.count, (index + 1) * size)])
      return line(
        .snapshot(
          SnapshotChunk(
            index: UInt32(index), count: UInt32(count), data: data, crc32: CRC32.checksum(data), position: position,
            rawBytes: UInt32(raw.count))))
    }
  }
}

/// Writes what a session hears, in order, without a gap.
///
/// Told everything by the session's observer; lines go to `write` on the session's event loop.
public struct Recorder {
  public enum Fault: Error, Hashable, Sendable {
    /// The server had cut its log when the connection came back: what happened in between is not known change by change.
    case gap(after: UInt64, resumedAt: UInt64)
  }

  private let workflow: WorkflowID
  private let write: (ByteBuffer) -> Void
  /// Of the last change written, or of the base; `nil` before the first line.
  public private(set) var position: UInt64?
  public private(set) var changeCount = 0
  public private(set) var fault: Fault?

  public init(workflow: WorkflowID, write: @escaping (ByteBuffer) -> Void) {
    self.workflow = workflow
    self.write = write
  }

  /// - Parameter document: as it is after the notice.
  public mutating func heard(_ notice: ClientNotice, document: WorkflowDocument) {
    guard fault == nil else { return }
    switch notice {
    case .changes(let changes):
      guard let first = changes.first else { return }
      if position == nil { begin(at: 0, WorkflowDocument()) }
      guard first.position == position! + 1 else {
        fault = .gap(after: position!, resumedAt: first.position)
        return
      }
      position = changes.last!.position
      changeCount += changes.count
      write(RecordingFormat.line(.changes(changes)))
    case .replaced(let at):
      if let position, at != position {
        fault = .gap(after: position, resumedAt: at)
      } else if position == nil {
        begin(at: at, document)
      }
    case .link(.live):
      if position == nil { begin(at: 0, document) }
    default: break
    }
  }

  /// The last line: what everybody's document must hash to.
  public mutating func finish(_ document: inout WorkflowDocument) {
    if position == nil { begin(at: 0, document) }
    write(
      RecordingFormat.line(
        .hash(
          HashReport(
            version: document.version, position: position ?? 0, graphHash: document.graphHash(), documentHash: document.documentHash()))))
  }

  private mutating func begin(at position: UInt64, _ document: WorkflowDocument) {
    self.position = position
    write(RecordingFormat.header(workflow: workflow, position: position))
    guard position > 0 else { return }
    for line in RecordingFormat.snapshotLines(document, position: position) { write(line) }
  }
}

/// A recording read back.
public struct Recording: Sendable {
  public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
    public var line: Int
    public var text: String
    public var description: String { line > 0 ? "line \(line): \(text)" : text }
  }

  public private(set) var workflow: WorkflowID?
  /// The document before the first change.
  public private(set) var base = WorkflowDocument()
  public private(set) var basePosition: UInt64 = 0
  /// In the server's order, positions without gaps.
  public private(set) var changes: [LoggedChange] = []
  /// What the end must hash to.
  public private(set) var end: HashReport?

  /// - Throws: what is wrong, with its line. A recording without its last line is one.
  public init(reading text: ByteBuffer) throws(Fault) {
    var rest = text.readableBytesView
    var number = 0
    var assembly = SnapshotAssembly(bytesMax: 1 << 30)
    while !rest.isEmpty {
      number += 1
      let cut = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
      let line = rest[..<cut]
      rest = cut == rest.endIndex ? rest[cut...] : rest[rest.index(after: cut)...]
      guard !line.isEmpty else { continue }
      guard line.count <= RecordingFormat.lineBytesMax else {
        throw Fault(line: number, text: "longer than \(RecordingFormat.lineBytesMax) bytes")
      }
      if number == 1 { try readHeader(line) } else { try read(line, number, &assembly) }
    }
    guard end != nil else { throw Fault(line: 0, text: "the recording has no last line with the hash: it was cut off") }
  }

  private mutating func readHeader(_ line: ByteBufferView) throws(Fault) {
    guard let header = try? JSONValue(parsing: String(decoding: line, as: UTF8.self)),
      let version = header["thaiyyalRecording"]?.numberValue
    else {
      throw Fault(line: 1, text: "this is no recording")
    }
    guard version == Double(RecordingFormat.version) else { throw Fault(line: 1, text: "a recording of a newer version (\(version))") }
    guard let position = header["position"]?.numberValue, position >= 0, position < 9e15 else {
      throw Fault(line: 1, text: "position is missing")
    }
    basePosition = UInt64(position)
    workflow = header["workflow"]?.stringValue.flatMap { WorkflowID($0) }
  }

  private mutating func read(_ line: ByteBufferView, _ number: Int, _ assembly: inout SnapshotAssembly) throws(Fault) {
    guard end == nil else { throw Fault(line: number, text: "something after the last line") }
    var limits = DecodeLimits.client
    limits.messageBytesMax = RecordingFormat.lineBytesMax
    let message: ServerMessage
    do { message = try MessageCodec.decodeServer(ByteBuffer(line), as: .json, limits: limits) } catch {
      throw Fault(line: number, text: "\(error)")
    }
    switch message {
    case .snapshot(let chunk):
      do {
        if let whole = try assembly.add(chunk) { base = whole.document }
      } catch { throw Fault(line: number, text: error.text) }
    case .changes(let more):
      for change in more {
        let expected = (changes.last?.position ?? basePosition) + 1
        guard change.position == expected else { throw Fault(line: number, text: "change \(change.position) where \(expected) was due") }
        changes.append(change)
      }
    case .hash(let report): end = report
    default: throw Fault(line: number, text: "not a line of a recording")
    }
  }

  /// The document at the end, from the file alone.
  public func finalDocument() throws(Fault) -> WorkflowDocument {
    var document = base
    for logged in changes {
      do { _ = try document.apply(logged.change) } catch { throw Fault(line: 0, text: "change \(logged.position) does not fit: \(error)") }
    }
    return document
  }
}
