import Compression
import NIOCore
import WebSocketTransport

/// RFC 6455 §5 once more, slow and in one piece: what a stream of frames says, read without the code under test.
struct ReferenceFrames {
  struct Rules {
    var role: WebSocketRole
    var frameBytesMax: Int
    var messageBytesMax: Int
    /// `nil`: no compression.
    var keepsContext: Bool?
  }

  private let rules: Rules
  private let inflater = RawInflater()
  private var rest: ArraySlice<UInt8>
  private var message: (kind: UInt8, isCompressed: Bool, bytes: [UInt8])?
  private(set) var record = Heard.Record()
  /// Payloads of the pongs that are owed, in order.
  private(set) var pongs: [[UInt8]] = []

  init(_ bytes: [UInt8], _ rules: Rules) {
    self.rules = rules
    rest = bytes[...]
    while record.closeCode == nil, readFrame() {}
  }

  /// - Returns: whether a whole frame was there.
  private mutating func readFrame() -> Bool {
    guard let first = rest.first else { return false }
    let (isFinal, isCompressed, opcode) = (first & 0x80 != 0, first & 0x40 != 0, first & 0x0F)
    let isControl = opcode >= 8
    guard [0, 1, 2, 8, 9, 10].contains(opcode), first & 0x30 == 0 else { return fail(1002) }
    if isControl { guard isFinal, !isCompressed else { return fail(1002) } }
    if opcode == 0 { guard message != nil, !isCompressed else { return fail(1002) } }
    if opcode == 1 || opcode == 2 { guard message == nil, !isCompressed || rules.keepsContext != nil else { return fail(1002) } }

    let bytes = Array(rest.prefix(14))
    guard bytes.count >= 2 else { return false }
    let isMasked = bytes[1] & 0x80 != 0
    let lengthCount = bytes[1] & 0x7F == 127 ? 8 : bytes[1] & 0x7F == 126 ? 2 : 0
    guard bytes.count >= 2 + lengthCount else { return false }
    var length = UInt64(bytes[1] & 0x7F)
    if lengthCount > 0 { length = bytes[2..<2 + lengthCount].reduce(0) { $0 << 8 | UInt64($1) } }
    if lengthCount == 2, length < 126 { return fail(1002) }
    if lengthCount == 8, length < 65536 || length > UInt64(Int.max) - 64 { return fail(1002) }
    let headCount = 2 + lengthCount + (isMasked ? 4 : 0)
    guard bytes.count >= headCount else { return false }
    guard isMasked == (rules.role == .server) else { return fail(1002) }
    let mask = isMasked ? Array(bytes[(headCount - 4)..<headCount]) : [0, 0, 0, 0]

    if isControl, length > 125 { return fail(1002) }
    let there = rest.dropFirst(headCount).prefix(Int(length)).enumerated().map { $1 ^ mask[$0 & 3] }
    if isControl {
      guard there.count == Int(length) else { return false }
      rest = rest.dropFirst(headCount + there.count)
      return control(opcode, there)
    }
    if opcode != 0 { message = (opcode, isCompressed, []) }
    return data(there, Int(length), headCount, isFinal)
  }

  private mutating func data(_ there: [UInt8], _ length: Int, _ headCount: Int, _ isFinal: Bool) -> Bool {
    guard var open = message else { return fail(1002) }
    let bytesMax = open.isCompressed ? rules.messageBytesMax + rules.messageBytesMax >> 10 + 64 : rules.messageBytesMax
    guard length <= rules.frameBytesMax, open.bytes.count + length <= bytesMax else { return fail(1009) }
    open.bytes += there
    message = open
    let isText = open.kind == 1 && !open.isCompressed
    guard there.count == length else {
      // What cannot become text is refused before the rest has come.
      return isText && !Self.mayBecomeText(open.bytes) ? fail(1007) : false
    }
    rest = rest.dropFirst(headCount + length)
    if isText, !Self.mayBecomeText(open.bytes) { return fail(1007) }
    return isFinal ? finish(open) : true
  }

  private mutating func finish(_ open: (kind: UInt8, isCompressed: Bool, bytes: [UInt8])) -> Bool {
    message = nil
    var payload = ByteBuffer(bytes: open.bytes)
    if open.isCompressed, let keepsContext = rules.keepsContext {
      do throws(CompressionError) {
        payload = try inflater.message(payload, bytesMax: rules.messageBytesMax, keepsContext: keepsContext)
      } catch {
        if case .tooLarge = error { return fail(1009) }
        return fail(1007)
      }
    }
    if open.kind == 1, String(validating: payload.readableBytesView, as: UTF8.self) == nil { return fail(1007) }
    record.messages.append(open.kind == 1 ? .text(payload) : .binary(payload))
    return true
  }

  private mutating func control(_ opcode: UInt8, _ payload: [UInt8]) -> Bool {
    if opcode == 9 { pongs.append(payload) }
    guard opcode == 8 else { return true }
    guard payload.count != 1 else { return fail(1002) }
    guard payload.count > 1 else { return fail(1005) }
    let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
    let isKnown = (1000...1014).contains(code) && ![1004, 1005, 1006].contains(code) || (3000...4999).contains(code)
    guard isKnown else { return fail(1002) }
    return fail(String(validating: payload.dropFirst(2), as: UTF8.self) == nil ? 1007 : code)
  }

  private mutating func fail(_ code: UInt16) -> Bool {
    record.closeCode = code
    return false
  }

  /// Whether some continuation makes the bytes UTF-8: tries all that matter.
  private static func mayBecomeText(_ bytes: [UInt8]) -> Bool {
    if String(validating: bytes, as: UTF8.self) != nil { return true }
    let edges: [UInt8] = [0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF]
    let tail = bytes.suffix(3)
    guard let lead = tail.lastIndex(where: { $0 >= 0xC0 }), String(validating: bytes[..<lead], as: UTF8.self) != nil else { return false }
    var candidates = [Array(bytes[lead...])]
    for _ in 0..<3 {
      candidates = candidates.flatMap { start in edges.map { start + [$0] } }
      if candidates.contains(where: { String(validating: $0, as: UTF8.self) != nil }) { return true }
    }
    return false
  }
}
