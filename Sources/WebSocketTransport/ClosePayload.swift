import NIOCore

/// The body of a Close frame (RFC 6455 §5.5.1, §7.4): a code and a reason, or nothing.
enum ClosePayload {
  static let reasonBytesMax = 123

  static func decode(_ payload: ByteBuffer) throws(WebSocketFault) -> FrameDecoder.Event {
    var payload = payload
    guard payload.readableBytes > 0 else { return .close(code: 1005, reason: "") }
    guard let code: UInt16 = payload.readInteger() else { throw .protocol("close frame with half a code") }
    guard mayTravel(code) else { throw .protocol("close code \(code) is not for the wire") }
    guard payload.withUnsafeReadableBytes({ UTF8Validator.isValid($0) }) else { throw .invalidText }
    return .close(code: code, reason: String(buffer: payload))
  }

  /// 1005 as code gives an empty body. The reason is cut to fit, between two characters.
  static func encode(code: UInt16, reason: String) -> ByteBuffer {
    var payload = ByteBuffer()
    guard mayTravel(code) else { return payload }
    payload.writeInteger(code)
    var room = reasonBytesMax
    let fitting = reason.unicodeScalars.prefix { scalar in
      room -= UTF8.width(scalar)
      return room >= 0
    }
    payload.writeString(String(String.UnicodeScalarView(fitting)))
    return payload
  }

  /// 1004 to 1006 and 1015 are words of interfaces; below 1000 and 1016 to 2999 nobody has assigned.
  static func mayTravel(_ code: UInt16) -> Bool {
    switch code {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }
}
