import CRDT
public import CollabProtocol

/// Decides what the first message of a connection is worth, before any room is asked. Spec: WP1.
public enum Handshake {
  public enum Verdict: Hashable, Sendable {
    case proceed(Hello)
    case refuse(CloseCode, reason: String)
  }

  public static func judge(_ message: ClientMessage, limits: RoomLimits) -> Verdict {
    guard case .hello(let hello) = message else { return .refuse(.badRequest, reason: "the first message must be a hello") }
    guard hello.protocolMajor == ProtocolVersion.major else {
      return .refuse(.version, reason: "this server speaks version \(ProtocolVersion.major).\(ProtocolVersion.minor)")
    }
    guard (1...limits.nameBytesMax).contains(hello.name.utf8.count) else {
      return .refuse(.badRequest, reason: "a name has 1 to \(limits.nameBytesMax) bytes")
    }
    guard hello.client.utf8.count <= limits.clientBytesMax else {
      return .refuse(.badRequest, reason: "a client's name has at most \(limits.clientBytesMax) bytes")
    }
    guard hello.colour.isEmpty || isColour(hello.colour) else { return .refuse(.badRequest, reason: "a colour is written #rrggbb") }
    if let lease = hello.lease, lease.secret.count != Lease.secretBytes || lease.replica == .none {
      return .refuse(.badRequest, reason: "a lease has a replica id and a secret of \(Lease.secretBytes) bytes")
    }
    return .proceed(hello)
  }

  /// What a connection that never said hello is told.
  public static let tooLate = Verdict.refuse(.helloTooLate, reason: "no hello came in time")

  private static func isColour(_ text: String) -> Bool {
    let bytes = text.utf8
    return bytes.count == 7 && bytes.first == UInt8(ascii: "#")
      && bytes.dropFirst().allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): true
        default: false
        }
      }
  }
}
