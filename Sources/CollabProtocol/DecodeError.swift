/// Why bytes are no message that this side takes, and what follows from it. Spec: WP6, ER1.
public struct DecodeError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Code: Hashable, Sendable {
    /// Not a message of the protocol: the connection is closed.
    case malformed
    /// Beyond a limit that no refusal can name a change for: the connection is closed.
    case tooLarge
    /// A message in good form that is not taken: answered by an `error` message, the connection stays.
    case refused
  }

  public var code: Code
  /// One English sentence for the developer of the client. Holds no value from the message.
  public var text: String
  /// How the connection ends; `nil` exactly with `.refused`.
  public var closeCode: CloseCode?
  /// The code for the `error` message; `nil` unless `.refused`.
  public var refusal: RefusalCode?
  /// The client's number of the request that is refused; 0: the message has none.
  public var request: UInt64 = 0

  public static func malformed(_ text: String) -> DecodeError {
    DecodeError(code: .malformed, text: text, closeCode: .badRequest)
  }
  /// Text that is not UTF-8, in a text frame.
  public static func notUnicode(_ text: String) -> DecodeError {
    DecodeError(code: .malformed, text: text, closeCode: .invalidPayload)
  }
  /// More bytes than a message may have.
  public static func messageTooBig(_ text: String) -> DecodeError {
    DecodeError(code: .tooLarge, text: text, closeCode: .messageTooBig)
  }
  /// More parts than a message may have.
  public static func tooLarge(_ text: String) -> DecodeError {
    DecodeError(code: .tooLarge, text: text, closeCode: .tooLarge)
  }
  public static func refused(_ refusal: RefusalCode, _ text: String, request: UInt64 = 0) -> DecodeError {
    DecodeError(code: .refused, text: text, refusal: refusal, request: request)
  }
  /// A text frame on a connection that speaks binary, or the other way round. Spec: WP5.
  public static func wrongFrame(_ encoding: WireEncoding) -> DecodeError {
    let wanted = encoding == .json ? "text" : "binary"
    return DecodeError(code: .malformed, text: "this subprotocol takes \(wanted) frames only", closeCode: .unsupportedData)
  }

  public var description: String { text }
}
