public import OutboundPolicy

/// One request to somewhere else.
public struct OutboundRequest: Hashable, Sendable {
  public var method: OutboundMethod
  public var url: OutboundURL
  /// What the caller adds, in order. Not sent to another origin than `url`'s. Those that frame a message are the client's alone.
  public var fields: [Field]
  public var body: Body?
  /// From the call to the end of the answer, redirects included; never longer than the client's.
  public var deadline: Duration?
  /// How much of the answer is wanted.
  public var answer = Answer.whole

  public enum Answer: Hashable, Sendable {
    case whole
    /// Status and fields. They count from the moment when they are there, whatever becomes of the body, which is thrown away and read no further
    /// than the client's limit; and a redirect is an answer like any other.
    case status
  }

  public struct Field: Hashable, Sendable {
    public var name: String
    public var value: String
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public struct Body: Hashable, Sendable {
    public var bytes: [UInt8]
    public var type: String
    public init(_ bytes: [UInt8], type: String = "application/json") {
      self.bytes = bytes
      self.type = type
    }
  }

  public init(_ method: OutboundMethod, _ url: OutboundURL, fields: [Field] = [], body: Body? = nil, deadline: Duration? = nil) {
    self.method = method
    self.url = url
    self.fields = fields
    self.body = body
    self.deadline = deadline
  }

  /// What this client says itself, and what would tear a message apart or make it two.
  static let ownFields: Set = [
    "host", "connection", "content-length", "content-type", "transfer-encoding", "accept-encoding", "te", "trailer", "upgrade", "expect",
    "keep-alive", "proxy-connection", "user-agent",
  ]

  /// - Returns: why the fields cannot be sent; `nil` when they can.
  var fault: String? {
    for field in fields + (body.map { [Field("Content-Type", $0.type)] } ?? []) {
      let isName = !field.name.isEmpty && field.name.utf8.allSatisfy { Self.isToken($0) }
      guard isName else { return "a field's name is no token" }
      // Visible ASCII, spaces and tabs: neither line ends nor what servers read differently.
      guard field.value.utf8.allSatisfy({ (0x20...0x7e).contains($0) || $0 == 0x09 }) else {
        return "the field \(field.name) holds a forbidden character"
      }
    }
    if let own = fields.first(where: { Self.ownFields.contains($0.name.lowercased()) }) {
      return "the field \(own.name) is not the caller's"
    }
    return nil
  }

  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}

/// What came back, whole.
public struct OutboundResponse: Hashable, Sendable {
  public var status: Int
  /// The last URL, after redirects.
  public var url: OutboundURL
  /// Names in lower case, in the order they came.
  public var fields: [OutboundRequest.Field]
  public var body: [UInt8]

  /// The first value of that name, given in lower case.
  public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

  /// Without parameters, in lower case: `application/json`.
  public var mediaType: String {
    let type = self["content-type"] ?? ""
    return String(type.prefix { $0 != ";" }.filter { $0 != " " }).lowercased()
  }
}

/// Why there is no answer.
public struct OutboundFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Sendable {
    /// The policy does not allow the host, the port, or the address that the host has.
    case refused
    case request
    case resolution
    case connection
    case tls
    case deadline
    case cancelled
    /// The connection ended before the answer did.
    case closed
    /// No HTTP, or none that is understood.
    case malformed
    /// More bytes than allowed.
    case tooLarge
    case redirect
    /// Whoever counts requests does not allow one more.
    case budget
  }
  public var kind: Kind
  public var text: String
  /// Whether the other side may have got the request. While it is false, trying again does nothing twice.
  public var mayHaveArrived: Bool
  /// Whether the head of an answer had come.
  public var hasAnswerBegun = false

  public init(_ kind: Kind, _ text: String, mayHaveArrived: Bool = false) {
    self.kind = kind
    self.text = text
    self.mayHaveArrived = mayHaveArrived
  }
  public var description: String { text }
}

/// What one call may take.
public struct OutboundLimits: Hashable, Sendable {
  /// TCP, per address.
  public var connectDeadline: Duration
  /// From the call to the end of the answer.
  public var callDeadline: Duration
  /// Of the content, without framing.
  public var responseBytesMax: Int
  /// Of all fields of one answer.
  public var fieldBytesMax: Int
  public var fieldCountMax: Int
  public var redirectsMax: Int
  /// So many of a host's addresses are tried, in the resolver's order.
  public var addressesTriedMax: Int

  public init(
    connectDeadline: Duration = .seconds(5), callDeadline: Duration = .seconds(30), responseBytesMax: Int = 1 << 20,
    fieldBytesMax: Int = 32 << 10, fieldCountMax: Int = 100, redirectsMax: Int = 10, addressesTriedMax: Int = 3
  ) {
    self.connectDeadline = connectDeadline
    self.callDeadline = callDeadline
    self.responseBytesMax = responseBytesMax
    self.fieldBytesMax = fieldBytesMax
    self.fieldCountMax = fieldCountMax
    self.redirectsMax = redirectsMax
    self.addressesTriedMax = addressesTriedMax
  }
}
