import CollabProtocol
import NIOCore
import WorkflowDocument
import WorkflowGraph

/// Bytes that a codec takes say the same after every way through both encodings, and hold what the limits say.
enum MessageProperty {
  static func json(_ input: [UInt8], planted: Bool) throws(PropertyFault) -> FuzzTarget.Reach {
    let client = try Direction.client.check(input, .json) { message, encoding in
      // Planted: numbers beyond 2^53 lose their last bits, as in a reader that has only doubles.
      func rounded(_ number: UInt64) -> UInt64 { number >> 53 == 0 ? number : number & ~0x7FF }
      guard planted, encoding == .json else { return message }
      switch message {
      case .change(var batch):
        (batch.batch, batch.seen) = (rounded(batch.batch), rounded(batch.seen))
        return .change(batch)
      case .run(var run):
        run.request = rounded(run.request)
        return .run(run)
      case .ping(var ping):
        ping.id = rounded(ping.id)
        return .ping(ping)
      default: return message
      }
    }
    let server = try Direction.server.check(input, .json) { message, _ in message }
    return client || server ? .taken : .refused
  }

  static func proto(_ input: [UInt8], planted: Bool) throws(PropertyFault) -> FuzzTarget.Reach {
    let client = try Direction.client.check(input, .proto) { message, encoding in
      // Planted: control characters of a text are lost.
      func printable(_ text: String) -> String { String(decoding: text.utf8.filter { $0 >= 0x20 }, as: UTF8.self) }
      guard planted, encoding == .proto else { return message }
      switch message {
      case .hello(var hello):
        hello.token = printable(hello.token)
        return .hello(hello)
      case .run(var run):
        run.idempotencyKey = printable(run.idempotencyKey)
        return .run(run)
      case .cancelRun(var cancel):
        cancel.run = printable(cancel.run)
        return .cancelRun(cancel)
      default: return message
      }
    }
    let server = try Direction.server.check(input, .proto) { message, _ in message }
    let (change, event) = (try checkChangeBody(input), try checkRunEvent(input))
    return client || server || change || event ? .taken : .refused
  }

  private static func checkChangeBody(_ input: [UInt8]) throws(PropertyFault) -> Bool {
    guard let change = try? ChangeBody.decode(input) else { return false }
    let bytes = ChangeBody.encode(change)
    let again = try? ChangeBody.decode(bytes)
    try require(again == change, "a change of the log reads back as another")
    try require(again.map(ChangeBody.encode) == bytes, "a change of the log has two forms")
    return true
  }

  private static func checkRunEvent(_ input: [UInt8]) throws(PropertyFault) -> Bool {
    guard let event = try? RunEventCodec.decode(input) else { return false }
    let bytes = RunEventCodec.encode(event)
    let again = try? RunEventCodec.decode(bytes)
    try require(again == event, "an event of the log reads back as another")
    try require(again.map(RunEventCodec.encode) == bytes, "an event of the log has two forms")
    return true
  }
}

/// What goes one way on the wire.
struct Direction<Message: Hashable & Sendable>: Sendable {
  let name: String
  let decode: @Sendable (ByteBuffer, WireEncoding, DecodeLimits) -> Result<Message, DecodeError>
  let encode: @Sendable (Message, WireEncoding, inout ByteBuffer) -> Void
  /// What two readings of one message must agree in.
  let comparable: @Sendable (Message) -> Message
  /// Whether all of it was read: what is beyond a limit of one change is passed over, and whatever is wrong inside with it.
  let isWhole: @Sendable (Message) -> Bool
  let bounds: @Sendable (Message, DecodeLimits) -> String?

  /// - Parameter flawed: a planted defect: what is encoded in place of the message.
  /// - Returns: whether the bytes are a message.
  func check(_ input: [UInt8], _ encoding: WireEncoding, flawed: (Message, WireEncoding) -> Message) throws(PropertyFault) -> Bool {
    let wide = decode(ByteBuffer(bytes: input), encoding, .client)
    let tight = decode(ByteBuffer(bytes: input), encoding, Self.tight)
    if case .failure(let error) = wide { try check(error) }
    switch tight {
    case .failure(let error): try check(error)
    case .success(let message):
      if let text = bounds(message, Self.tight) { throw PropertyFault("\(name): \(text)") }
      if isWhole(message) { try require(wide == .success(message), "\(name): under wide limits it is another message, or none") }
      try checkRoundTrips(message, flawed)
    }
    guard case .success(let message) = wide else { return false }
    try checkRoundTrips(message, flawed)
    return true
  }

  private func checkRoundTrips(_ message: Message, _ flawed: (Message, WireEncoding) -> Message) throws(PropertyFault) {
    for encoding in WireEncoding.allCases {
      var bytes = ByteBuffer()
      encode(flawed(message, encoding), encoding, &bytes)
      switch decode(bytes, encoding, .client) {
      case .failure(let error): throw PropertyFault("\(name): what was encoded as \(encoding) is refused: \(error)")
      case .success(let again):
        try require(comparable(again) == comparable(message), "\(name): another message after \(encoding)")
        var second = ByteBuffer()
        encode(flawed(again, encoding), encoding, &second)
        try require(second == bytes, "\(name): two forms of one message in \(encoding)")
      }
    }
  }

  private func check(_ error: DecodeError) throws(PropertyFault) {
    try require((error.code == .refused) == (error.refusal != nil), "\(name): a refusal without a code, or a code without one")
    try require((error.code == .refused) == (error.closeCode == nil), "\(name): an error that neither refuses nor closes")
    try require((10...500).contains(error.text.utf8.count), "\(name): an error without a sentence: \(error.text)")
    try require(error.text.utf8.allSatisfy { (0x20..<0x7F).contains($0) }, "\(name): an error that quotes the message: \(error.text)")
  }

  /// So narrow that small inputs reach every bound.
  private static var tight: DecodeLimits {
    var limits = DecodeLimits()
    limits.messageBytesMax = 900
    limits.changesPerBatchMax = 3
    limits.opsPerChangeMax = 4
    limits.tagsPerOpMax = 2
    limits.valueBytesMax = 24
    limits.presenceBytesMax = 200
    limits.elementsMax = 5
    return limits
  }
}

extension Direction where Message == ClientMessage {
  static let client = Direction(
    name: "client",
    decode: { bytes, encoding, limits in
      Result { () throws(DecodeError) in try MessageCodec.decodeClient(bytes, as: encoding, limits: limits) }
    },
    encode: { message, encoding, out in MessageCodec.encode(message, as: encoding, into: &out) },
    comparable: { message in
      // Of a faulty change its number is left: it goes out without ops and comes back with the fault that it has none.
      guard case .change(var batch) = message else { return message }
      batch.faults = batch.faults.map { .init(index: $0.index, code: .invalid, text: "") }
      return .change(batch)
    },
    isWhole: { message in
      if case .change(let batch) = message { batch.faults.isEmpty } else { true }
    },
    bounds: { message, limits in
      switch message {
      case .hello(let hello): Bounds.of(hello.version, limits) ?? (hello.name.utf8.count > 64 ? "a name too long" : nil)
      case .change(let batch): Bounds.of(batch, limits)
      case .presence(let state): Bounds.of(state, limits)
      case .run(let run): Bounds.of(run.include, limits) ?? (run.idempotencyKey.utf8.count > 128 ? "a key too long" : nil)
      case .cancelRun(let cancel): cancel.run.utf8.count > 128 ? "a run id too long" : nil
      case .resync(let resync): Bounds.of(resync.version, limits)
      case .nameVersion(let name): name.name.utf8.count > 1024 || name.note.utf8.count > 16_384 ? "a name or a note too long" : nil
      case .renameVersion(let name): name.name.utf8.count > 1024 || name.note.utf8.count > 16_384 ? "a name or a note too long" : nil
      case .dropVersion(let drop): drop.version.utf8.count > 256 ? "a version's id too long" : nil
      case .stateAt(let state): state.version.utf8.count > 256 ? "a version's id too long" : nil
      case .token(let update): update.token.utf8.count > 16_384 ? "a token too long" : nil
      case .history, .listVersions, .ping, .unknown: nil
      }
    })
}

extension Direction where Message == ServerMessage {
  static let server = Direction(
    name: "server",
    decode: { bytes, encoding, limits in
      Result { () throws(DecodeError) in try MessageCodec.decodeServer(bytes, as: encoding, limits: limits) }
    },
    encode: { message, encoding, out in MessageCodec.encode(message, as: encoding, into: &out) },
    comparable: { $0 },
    isWhole: { _ in true },
    bounds: { message, limits in
      switch message {
      case .welcome(let welcome): Bounds.of(welcome.version, limits)
      case .changes(let logged): logged.lazy.compactMap { Bounds.of($0.change, limits) }.first
      case .presence(let frame): frame.slots.lazy.compactMap { Bounds.of($0.state, limits) }.first
      case .hash(let report): Bounds.of(report.version, limits)
      default: nil
      }
    })
}
