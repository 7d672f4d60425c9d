import NIOCore

/// Bytes to messages and control frames, whatever pieces the bytes come in. Pure: no channel, no clock.
///
/// Payloads are expected unmasked (see ``Unmasker``). A frame that is there whole becomes a slice; only what arrives in pieces is copied.
/// After a fault the decoder must not be asked again.
struct FrameDecoder {
  enum Event: Hashable {
    case message(WebSocketPayloadKind, ByteBuffer, isCompressed: Bool)
    case ping(ByteBuffer)
    case pong(ByteBuffer)
    /// 1005 stands for a Close without a code.
    case close(code: UInt16, reason: String)
  }

  let role: WebSocketRole
  let frameBytesMax: Int
  let messageBytesMax: Int
  var allowsCompression = false

  /// Payload of the current data frame that has not arrived yet, and whether the frame ends its message.
  private var frame: (left: Int, isFinal: Bool)?
  /// The message whose fragments are being collected.
  private var open: (kind: WebSocketPayloadKind, isCompressed: Bool)?
  private var assembled = MessagePieces()
  private var text = UTF8Validator()

  /// A data frame or a message has begun and not ended.
  var isInsideMessage: Bool { frame != nil || open != nil }
  /// Memory of a message whose end is not there.
  var heldBytes: Int { assembled.capacity }

  /// Lets go of what was collected; the decoder is not asked again.
  mutating func letGo() { assembled = MessagePieces() }

  init(role: WebSocketRole, frameBytesMax: Int, messageBytesMax: Int, allowsCompression: Bool = false) {
    self.role = role
    self.frameBytesMax = frameBytesMax
    self.messageBytesMax = messageBytesMax
    self.allowsCompression = allowsCompression
  }

  /// The next thing the bytes hold, or `nil` until more arrive.
  /// - Complexity: O(bytes taken).
  mutating func next(_ input: inout ByteBuffer) throws(WebSocketFault) -> Event? {
    while true {
      if let frame {
        guard let event = try takePayload(&input, frame.left, isFinal: frame.isFinal) else {
          if self.frame != nil { return nil }
          continue
        }
        return event
      }
      let parsed = input.withUnsafeReadableBytes { FrameHeader.parse($0) }
      // The first byte is judged as soon as it is there.
      if let first: UInt8 = input.getInteger(at: input.readerIndex) { try check(first: first) }
      switch parsed {
      case .incomplete: return nil
      case .badLength: throw .protocol("frame length is not in its shortest form")
      case .header(let header):
        try check(header)
        if let opcode = header.opcode, opcode.isControl {
          guard input.readableBytes >= header.headerCount + header.payloadCount else { return nil }
          input.moveReaderIndex(forwardBy: header.headerCount)
          return try control(opcode, input.readSlice(length: header.payloadCount) ?? ByteBuffer())
        }
        input.moveReaderIndex(forwardBy: header.headerCount)
        begin(header)
      }
    }
  }

  // MARK: Headers

  private func check(first: UInt8) throws(WebSocketFault) {
    guard let opcode = FrameHeader.Opcode(rawValue: first & 0x0F) else { throw .protocol("opcode \(first & 0x0F) is reserved") }
    guard first & 0x30 == 0 else { throw .protocol("reserved bit set") }
    if opcode.isControl {
      guard first & 0x80 != 0 else { throw .protocol("control frame in fragments") }
      guard first & 0x40 == 0 else { throw .protocol("reserved bit set") }
      return
    }
    if opcode == .continuation {
      guard open != nil else { throw .protocol("continuation of nothing") }
      guard first & 0x40 == 0 else { throw .protocol("reserved bit set") }
    } else {
      guard open == nil else { throw .protocol("new message inside a fragmented one") }
      guard first & 0x40 == 0 || allowsCompression else { throw .protocol("reserved bit set") }
    }
  }

  private func check(_ header: FrameHeader) throws(WebSocketFault) {
    guard header.isMasked == (role == .server) else {
      throw .protocol(role == .server ? "client frame without mask" : "server frame with mask")
    }
    if header.first & 0x08 != 0 {
      guard header.payloadCount <= 125 else { throw .protocol("control frame longer than 125 bytes") }
      return
    }
    guard header.payloadCount <= frameBytesMax else { throw .tooBig(frameBytesMax) }
    // What does not compress grows by the headers of stored blocks, less than one byte in a thousand.
    let isCompressed = open?.isCompressed ?? header.isCompressed
    let bytesMax = isCompressed ? messageBytesMax + messageBytesMax >> 10 + 64 : messageBytesMax
    guard assembled.byteCount + header.payloadCount <= bytesMax else { throw .tooBig(messageBytesMax) }
  }

  private mutating func begin(_ header: FrameHeader) {
    frame = (header.payloadCount, header.isFinal)
    if let kind = WebSocketPayloadKind(rawValue: header.first & 0x0F) { open = (kind, header.isCompressed) }
  }

  // MARK: Payloads

  /// Takes what is there of the current frame. `nil` with `frame` still set: more must come; `nil` without: the frame is done, the message not.
  private mutating func takePayload(_ input: inout ByteBuffer, _ left: Int, isFinal: Bool) throws(WebSocketFault) -> Event? {
    guard let message = open else { preconditionFailure("a data frame without a message") }
    let count = min(left, input.readableBytes)
    guard count > 0 || left == 0, var piece = input.readSlice(length: count) else { return nil }
    if message.kind == .text, !message.isCompressed {
      guard piece.withUnsafeReadableBytes({ text.feed($0) }) else { throw .invalidText }
    }
    frame = count < left ? (left - count, isFinal) : nil
    if frame == nil, isFinal {
      guard text.isComplete else { throw .invalidText }
      if !assembled.isEmpty {
        assembled.append(piece)
        piece = assembled.take()
      }
      open = nil
      return .message(message.kind, piece, isCompressed: message.isCompressed)
    }
    // Nothing is reserved for what is announced only: an announcement costs the peer nothing.
    assembled.append(piece)
    return nil
  }

  private func control(_ opcode: FrameHeader.Opcode, _ payload: ByteBuffer) throws(WebSocketFault) -> Event {
    switch opcode {
    case .ping: return .ping(payload)
    case .pong: return .pong(payload)
    default: return try ClosePayload.decode(payload)
    }
  }
}
