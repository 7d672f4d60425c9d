import Access
public import CollabProtocol
import Hashing
public import NIOCore
import RateLimits
public import RoomCore
public import Telemetry
public import WorkflowGraph

/// One connection's way into a room: decodes what comes, and hands it to the room; writes nothing itself but a goodbye before there is a room.
///
/// Confined to the sink's event loop: create, feed and close it there. It keeps the sink alive until `closed`.
/// The first message must be a hello; `admit` decides then who this is. What goes wrong ends in `sink.close` with a code of the table.
public final class RoomSession {
  enum Stage {
    /// Becomes `entering` with a good hello, `over` without.
    case awaitingHello(deadline: Scheduled<Void>?)
    /// The door looks who this is, then the registry opens the room. What came right behind the hello waits; reading is paused, so it is one
    /// read at most.
    case entering(waiting: [RoomEvent])
    case inside(RoomHandle)
    /// Nothing is heard any more.
    case over
  }

  let sink: any SessionSink
  /// As the welcome tells it.
  public let id: SessionID
  private let trace: TraceContext?
  private let connectionNumber: UInt64
  private let workflow: WorkflowID
  private let registry: RoomRegistry
  private let admit: Door
  private let decodeLimits: DecodeLimits
  private let takesLease: Bool
  let isRequest: Bool
  private var stage = Stage.awaitingHello(deadline: nil)
  /// Decoded since the last `readingFinished`.
  private var batch: [RoomEvent] = []
  var meter: SessionMeter
  var pauses: Pauses = []
  /// Until what was read is paid for.
  var throttle: Scheduled<Void>?
  var presence = HeldPresence()
  /// What the door was shown and said, until the session is in its room.
  private var shown: (hello: Hello, grant: Grant?)?
  /// A token that came before the welcome.
  private var earlyToken: TokenUpdate?
  private var subject = ""
  private var tokensTaken = TokenPace()
  /// Set while the room writes to this session.
  var member: CrewMember?
  /// What it has on the server's memory, until the connection is closed.
  var share: OutboxLedger.Share?

  /// - Parameters:
  ///   - takesLease: false for one that will never write: it is lent no replica id.
  ///   - isRequest: for one that stands for a request: it opened no connection, and nobody can read it more slowly.
  ///   - trace: what the connection is part of; runs that it triggers go on with it.
  ///   - address: whose rates it shares in.
  ///   - admit: called on the sink's event loop with a well-formed hello; must not block.
  public init(
    workflow: WorkflowID, sink: any SessionSink, registry: RoomRegistry, takesLease: Bool = true, isRequest: Bool = false,
    trace: TraceContext? = nil, address: LimitAccount? = nil, door admit: @escaping Door
  ) {
    self.trace = trace
    self.takesLease = takesLease
    self.isRequest = isRequest
    meter = SessionMeter(registry.limits, address: address)
    self.workflow = workflow
    self.sink = sink
    self.registry = registry
    self.admit = admit
    decodeLimits = DecodeLimits(registry.configuration.limits.protocolLimits)
    connectionNumber = registry.nextConnectionNumber()
    id = SessionID(rawValue: registry.environment.random())
  }

  /// With a door that knows everybody by heart.
  public convenience init(
    workflow: WorkflowID, sink: any SessionSink, registry: RoomRegistry, takesLease: Bool = true, address: LimitAccount? = nil,
    admit: @escaping (Hello) -> Admission
  ) {
    self.init(
      workflow: workflow, sink: sink, registry: registry, takesLease: takesLease, address: address,
      door: { hello, answer in answer(admit(hello)) })
  }

  /// Arms the deadline for the hello. Call it once the connection can be written to.
  public func start() {
    guard case .awaitingHello(nil) = stage else { return }
    let pause = TimeAmount.milliseconds(Int64(registry.configuration.limits.helloDeadlineMilliseconds))
    let deadline = sink.eventLoop.assumeIsolated().scheduleTask(in: pause) { [self] in
      if case .awaitingHello = stage { follow(Handshake.tooLate) }
    }
    stage = .awaitingHello(deadline: deadline)
  }

  /// One whole WebSocket message. `isText` must match the sink's encoding: 1003 otherwise.
  public func received(_ message: ByteBuffer, isText: Bool) {
    if case .over = stage { return }
    do throws(DecodeError) {
      holdUp(forMilliseconds: isRequest ? 0 : meter.heard(bytes: message.readableBytes))
      guard isText == sink.encoding.isText else { throw .wrongFrame(sink.encoding) }
      let decoded = try MessageCodec.decodeClient(message, as: sink.encoding, limits: decodeLimits)
      take(decoded)
    } catch {
      answer(error)
    }
  }

  /// The connection has read all there was: what was received goes to the room as one batch.
  public func readingFinished() {
    guard !batch.isEmpty else { return }
    let events = batch
    batch.removeAll(keepingCapacity: true)
    switch stage {
    case .inside(let room): room.tell(events)
    case .entering(let waiting): stage = .entering(waiting: waiting + events)
    case .awaitingHello, .over: break
    }
  }

  /// After the welcome only. `reply` is called exactly once, on any thread.
  public func edit(_ edit: OutsideEdit, _ reply: @escaping EditReply) {
    guard case .inside(let room) = stage else { return reply(OpenEdits.over) }
    if let refusal = meter.takeEdit() { return reply(.refused(ErrorReport(request: 0, refusal))) }
    readingFinished()
    room.onLoop { [id, meter] in
      $0.edit(edit, from: id) { outcome in
        if case .done(let receipt) = outcome { meter.made(opCount: receipt.opCount) }
        reply(outcome)
      }
    }
  }

  /// As `edit`.
  public func keep(_ wish: VersionWish, _ reply: @escaping EditReply) {
    guard case .inside(let room) = stage else { return reply(OpenEdits.over) }
    readingFinished()
    room.onLoop { [id] in $0.keep(wish, from: id, reply) }
  }

  /// The socket took what was outstanding.
  public func becameWritable() { member?.drained() }

  /// The connection is gone, with the peer's code, or 1006 without a closing handshake. Call exactly once.
  public func closed(_ code: CloseCode) {
    let last = stage
    finish()
    if case .inside(let room) = last {
      room.tell(batch + [.sessionLeft(id, isFinal: code == .normal)])
      batch = []
    }
    member = nil
    share = nil
  }

  // MARK: the hello

  private func take(_ message: ClientMessage) {
    guard case .awaitingHello = stage else { return weigh(message) }
    follow(Handshake.judge(message, limits: registry.configuration.limits))
  }

  private func follow(_ verdict: Handshake.Verdict) {
    switch verdict {
    case .refuse(let code, let reason): end(code, reason)
    case .proceed(let hello):
      if case .awaitingHello(let deadline) = stage { deadline?.cancel() }
      stage = .entering(waiting: [])
      pauseReading(.entering)
      shown = (hello, nil)
      askDoor(hello)
    }
  }

  private func askDoor(_ hello: Hello) {
    admit(hello) { [self] admission in
      guard case .entering = stage else { return }
      switch admission {
      case .refused(let code, let reason): turnAway(code, reason)
      case .granted(let grant):
        if let refusal = meter.identify(grant.subject, connects: !isRequest) {
          resumeReading(.entering)
          return turnAway(tooMany: refusal)
        }
        enter(hello, grant)
      }
    }
  }

  private func enter(_ hello: Hello, _ grant: Grant) {
    let mayCreate = grant.mayCreate && hello.roleMax ?? .owner >= .editor
    guard grant.rights.role != nil || hello.create && mayCreate else { return turnAway(.forbidden, "you have no role in this workflow") }
    shown = (hello, grant)
    subject = grant.subject
    var hello = hello
    hello.kind = hello.kind ?? grant.kind
    hello.name = grant.name ?? hello.name
    // Nobody inside needs it.
    hello.token = ""
    let secret = registry.environment.secret(Lease.secretBytes)
    let arrival = Arrival(
      session: id, connectionNumber: connectionNumber, hello: hello, subject: grant.subject, rights: grant.rights,
      shownDigest: hello.lease.map { SHA256.digest($0.secret) },
      freshSecret: secret, freshDigest: SHA256.digest(secret), takesLease: takesLease)
    let form = FrameForm(encoding: sink.encoding, isCompressed: sink.takesCompressedFrames)
    registry.enter(
      Entry(
        workflow: workflow, arrival: arrival, handle: SessionHandle(self, id: id, loop: sink.eventLoop, form: form),
        wantsCreate: hello.create, mayCreate: mayCreate, founder: grant.founder, trace: trace))
  }

  /// It wanted to make the workflow, and somebody else was faster: perhaps the same subject.
  func enterAgain() {
    guard case .entering = stage, let hello = shown?.hello else { return }
    admit(hello) { [self] admission in
      guard case .entering = stage else { return }
      switch admission {
      case .granted(let grant) where grant.rights.role != nil: enter(hello, grant)
      case .granted: turnAway(.forbidden, "you have no role in this workflow")
      case .refused(let code, let reason): turnAway(code, reason)
      }
    }
  }

  private func turnAway(_ code: CloseCode, _ reason: String) {
    // The closing handshake has to be heard.
    resumeReading(.entering)
    end(code, reason)
  }

  /// The room has taken the session in.
  func entered(_ room: RoomHandle) {
    guard case .entering(let waiting) = stage else { return room.tell([.sessionLeft(id, isFinal: false)]) }
    stage = .inside(room)
    resumeReading(.entering)
    if !waiting.isEmpty { room.tell(waiting) }
    // What was changed while it was on its way, nobody could tell the room.
    if let shown, let grant = shown.grant, isOld(grant) { renew(shown.hello, request: nil) }
    shown = nil
    if let update = earlyToken { take(update) }
    earlyToken = nil
  }

  /// Whether rights have changed since the door looked.
  private func isOld(_ grant: Grant) -> Bool { grant.revision.map { $0 != registry.access.revision } ?? false }

  // MARK: fresh tokens

  func take(_ update: TokenUpdate) {
    guard case .inside(let room) = stage else {
      earlyToken = update
      return
    }
    func refuse(_ code: RefusalCode, _ text: String) {
      room.tell([.messageRefused(ErrorReport(request: update.request, code: code, text: text), from: id)])
    }
    guard tokensTaken.take(atMilliseconds: registry.environment.now().monotonicMilliseconds) else {
      return refuse(.rateLimited, "one token per second")
    }
    var hello = Hello()
    hello.token = update.token
    renew(hello, request: update.request)
  }

  /// What the token says now counts; a token that is not believed changes nothing. Spec: AC9.
  ///
  /// - Parameter request: `nil`: the token that it came in with is looked at again, and when it counts no more, the session ends.
  private func renew(_ hello: Hello, request: UInt64?) {
    admit(hello) { [self] admission in
      guard case .inside(let room) = stage else { return }
      func refuse(_ code: CloseCode, _ reason: String) {
        guard let request else {
          leaveRoom()
          return end(code, reason)
        }
        let refusal: RefusalCode = code.isTransient ? .unavailable : .forbidden
        room.tell([.messageRefused(ErrorReport(request: request, code: refusal, text: reason), from: id)])
      }
      switch admission {
      case .refused(let code, let reason): refuse(code, reason)
      case .granted(let grant) where grant.subject != subject: refuse(.forbidden, "the token is somebody else's")
      case .granted(let grant) where grant.rights.role == nil: refuse(.forbidden, "the token gives no role in this workflow")
      case .granted(let grant):
        room.tell([.tokenRenewed(id, grant.rights, request: request)])
        // A change that was told to the room before this one is told again; one that comes later finds it in the room.
        if isOld(grant) { renew(hello, request: nil) }
      }
    }
  }

  // MARK: ends

  /// The room, or nobody yet, has more to say to this session.
  func end(_ code: CloseCode, _ reason: String) {
    if case .over = stage { return }
    finish()
    sink.close(code, reason)
  }

  /// Before there is a room to say it.
  func turnAway(_ goodbye: Goodbye) {
    say(.goodbye(goodbye))
    end(goodbye.code, goodbye.text)
  }

  private func finish() {
    if case .awaitingHello(let deadline) = stage { deadline?.cancel() }
    stage = .over
    shown = nil
    earlyToken = nil
    throttle?.cancel()
    throttle = nil
    presence.forget()
  }

  private func answer(_ error: DecodeError) {
    if let refusal = error.refusal, error.closeCode == nil {
      if case .awaitingHello = stage { return end(.badRequest, error.text) }
      return batch.append(.messageRefused(ErrorReport(request: error.request, code: refusal, text: error.text), from: id))
    }
    breakOff(error.closeCode ?? .badRequest, error.text)
  }

  /// Ends by what the session said; what was good before it still counts.
  func breakOff(_ code: CloseCode, _ reason: String) {
    readingFinished()
    leaveRoom()
    end(code, reason)
  }

  /// For the room, with what else this read brings.
  func pass(_ event: RoomEvent) { batch.append(event) }

  var isOver: Bool { if case .over = stage { true } else { false } }

  private func leaveRoom() {
    if case .inside(let room) = stage { room.tell([.sessionLeft(id, isFinal: false)]) }
  }

  private func say(_ message: ServerMessage) {
    var payload = ByteBuffer()
    MessageCodec.encode(message, as: sink.encoding, into: &payload)
    var frames = ByteBuffer()
    registry.makeFrameWriter(on: sink.eventLoop).append(payload, as: sink.encoding, compressed: false, to: &frames)
    sink.write(frames)
  }
}

/// Tokens cost a signature each: one per second.
private struct TokenPace {
  private static let pauseMillisecondsMin: UInt64 = 1000
  private var freeAtMilliseconds: UInt64 = 0

  mutating func take(atMilliseconds now: UInt64) -> Bool {
    guard now >= freeAtMilliseconds else { return false }
    freeAtMilliseconds = now + Self.pauseMillisecondsMin
    return true
  }
}

/// Says who a hello is of: answers once, on the event loop where it was asked, at once or later.
public typealias Door = (Hello, _ answer: @escaping (Admission) -> Void) -> Void
