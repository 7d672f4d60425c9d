public import NIOCore

/// Messages to bytes and back, in both forms of `protocol/collab.proto`: proto3 binary and the proto3 JSON mapping.
///
/// Encoding reserves the most a message may need once and then only writes; decoding moves a cursor over the bytes as they lie.
/// Decoders never trap, and allocate nothing that the bytes at hand and `DecodeLimits` do not pay for. Pure; any thread. Spec: WP4 to WP8.
public enum MessageCodec {
  /// Appends one message. O(bytes).
  public static func encode(_ message: ServerMessage, as encoding: WireEncoding, into buffer: inout ByteBuffer) {
    let authors = if case .changes(let changes) = message { AuthorTable(changes) } else { AuthorTable([]) }
    var bound = SizeBound(encoding)
    bound.serverMessage(message, authors)
    write(encoding, bound.bytes, into: &buffer) { writer in
      writer.serverMessage(message, authors)
    } json: { writer in
      writer.serverMessage(message, authors)
    }
  }

  public static func encode(_ message: ClientMessage, as encoding: WireEncoding, into buffer: inout ByteBuffer) {
    var bound = SizeBound(encoding)
    bound.clientMessage(message)
    write(encoding, bound.bytes, into: &buffer) { writer in
      writer.clientMessage(message)
    } json: { writer in
      writer.clientMessage(message)
    }
  }

  /// What a server reads. Faults of single changes are in `ChangeBatch.faults`; everything else that is wrong is thrown.
  public static func decodeClient(
    _ buffer: ByteBuffer, as encoding: WireEncoding, limits: DecodeLimits = DecodeLimits()
  ) throws(DecodeError) -> ClientMessage {
    var draft = ClientMessageDraft.none
    try read(&draft, from: buffer, as: encoding, limits)
    return try draft.message()
  }

  /// What a client reads.
  public static func decodeServer(
    _ buffer: ByteBuffer, as encoding: WireEncoding, limits: DecodeLimits = .client
  ) throws(DecodeError) -> ServerMessage {
    var draft = ServerMessageDraft()
    try read(&draft, from: buffer, as: encoding, limits)
    return try draft.message()
  }

  @inline(__always)
  static func write(
    _ encoding: WireEncoding, _ bytesMax: Int, into buffer: inout ByteBuffer, proto: (inout BinaryWriter) -> Void,
    json: (inout JSONWriter) -> Void
  ) {
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bytesMax) { target in
      let start = target.baseAddress!.assumingMemoryBound(to: UInt8.self)
      let written: Int
      switch encoding {
      case .proto:
        var writer = BinaryWriter(at: start)
        proto(&writer)
        written = writer.end - start
      case .json:
        var writer = JSONWriter(at: start)
        writer.root(json)
        written = writer.end - start
      }
      precondition(written <= bytesMax, "a message needed more room than was reserved for it")
      return written
    }
  }

  @inline(__always)
  static func read<M: WireReadable>(
    _ message: inout M, from buffer: ByteBuffer, as encoding: WireEncoding, _ limits: DecodeLimits
  ) throws(DecodeError) {
    guard buffer.readableBytes <= limits.messageBytesMax else {
      throw .messageTooBig("a message of \(buffer.readableBytes) bytes, the most is \(limits.messageBytesMax)")
    }
    let failure: DecodeError? = buffer.withUnsafeReadableBytes { raw in
      let bytes = raw.assumingMemoryBound(to: UInt8.self)
      guard bytes.count > 0 else { return encoding == .json ? .malformed("an empty text frame") : nil }
      do throws(DecodeError) {
        switch encoding {
        case .proto:
          var reader = BinaryReader(bytes, limits: limits)
          try reader.root(&message)
        case .json:
          var reader = JSONReader(bytes, limits: limits)
          try reader.root(&message)
        }
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }
}

extension WireEncoding {
  /// Whether its messages travel in text frames. Spec: WP5.
  public var isText: Bool { self == .json }
  public var subprotocol: String { self == .json ? ProtocolVersion.subprotocolJSON : ProtocolVersion.subprotocolProto }
  /// - Returns: `nil` for a subprotocol that is none of ours.
  public init?(subprotocol: some StringProtocol) {
    guard let known = Self.allCases.first(where: { $0.subprotocol == subprotocol }) else { return nil }
    self = known
  }
}
