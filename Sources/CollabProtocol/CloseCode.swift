/// Why a connection ends. 4400 to 4499: do not reconnect. 4500 to 4599: reconnect with back-off. Spec: the close-code table.
public struct CloseCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let normal = CloseCode(rawValue: 1000)
  public static let goingAway = CloseCode(rawValue: 1001)
  public static let protocolError = CloseCode(rawValue: 1002)
  public static let unsupportedData = CloseCode(rawValue: 1003)
  public static let invalidPayload = CloseCode(rawValue: 1007)
  public static let messageTooBig = CloseCode(rawValue: 1009)
  public static let internalError = CloseCode(rawValue: 1011)
  public static let badRequest = CloseCode(rawValue: 4400)
  public static let notAuthenticated = CloseCode(rawValue: 4401)
  public static let forbidden = CloseCode(rawValue: 4403)
  public static let unknownWorkflow = CloseCode(rawValue: 4404)
  public static let helloTooLate = CloseCode(rawValue: 4408)
  public static let replaced = CloseCode(rawValue: 4409)
  public static let tooLarge = CloseCode(rawValue: 4413)
  public static let version = CloseCode(rawValue: 4426)
  public static let abusive = CloseCode(rawValue: 4429)
  public static let serverFault = CloseCode(rawValue: 4500)
  public static let draining = CloseCode(rawValue: 4503)
  public static let tooSlow = CloseCode(rawValue: 4508)
  public static let evicted = CloseCode(rawValue: 4509)

  /// Whether a client may come back: after a network's fault or a 45xx; never after a 44xx.
  public var isTransient: Bool {
    (4500...4599).contains(rawValue) || rawValue == 1001 || rawValue == 1006 || rawValue == 1011 || rawValue == 1012
  }
  public var description: String { "\(rawValue)" }
}
