import CRDT
import CollabProtocol
import Compression
import Logging
import NIOCore
import NIOPosix
import RoomCore
import Rooms
import Storage
import Testing
import WorkflowDocument
import WorkflowGraph

/// Frames for tests: four bytes of length, the payload. Counts what it encodes.
final class LengthFrames: FrameWriter {
  func append(_ payload: ByteBuffer, as encoding: WireEncoding, compressed: Bool, to frames: inout ByteBuffer) {
    frames.writeInteger(UInt32(payload.readableBytes))
    frames.writeImmutableBuffer(payload)
  }
}

enum Heard: Sendable {
  case message(ServerMessage)
  case closed(CloseCode)
}

/// A connection that is not there: what the room writes comes out as messages.
final class TestSink: SessionSink {
  let eventLoop: any EventLoop
  let encoding: WireEncoding
  let takesCompressedFrames = false
  var bytesOutstanding = 0
  /// While set, what is written stays outstanding.
  var isStuck = false
  var writeCount = 0
  private(set) var isPaused = false
  private let heard: AsyncStream<Heard>.Continuation
  var session: RoomSession?

  init(loop: any EventLoop, encoding: WireEncoding, heard: AsyncStream<Heard>.Continuation) {
    eventLoop = loop
    self.encoding = encoding
    self.heard = heard
  }

  func write(_ frames: ByteBuffer) {
    #expect(eventLoop.inEventLoop)
    writeCount += 1
    if isStuck { bytesOutstanding += frames.readableBytes }
    var rest = frames
    while let count = rest.readInteger(as: UInt32.self), let payload = rest.readSlice(length: Int(count)) {
      do {
        heard.yield(.message(try MessageCodec.decodeServer(payload, as: encoding)))
      } catch {
        Issue.record("the room wrote what no client can read: \(error)")
      }
    }
    #expect(rest.readableBytes == 0)
  }

  func close(_ code: CloseCode, _ reason: String) {
    heard.yield(.closed(code))
    let session = session
    self.session = nil
    session?.closed(code)
  }

  func pauseReading() { isPaused = true }
  func resumeReading() { isPaused = false }
}

/// A client without a network, driven by one test.
final class TestClient {
  let loop: any EventLoop
  let encoding: WireEncoding
  private let sink: NIOLoopBoundBox<TestSink>
  private var heard: AsyncStream<Heard>.Iterator
  private(set) var welcome: Welcome?
  private(set) var document = WorkflowDocument()
  private(set) var changes: [LoggedChange] = []
  private(set) var acks: [Ack] = []
  private(set) var runEvents: [RunEvent] = []
  private(set) var closeCode: CloseCode?
  private var chunks: [SnapshotChunk] = []
  private var seq: UInt64 = 0
  private var batch: UInt64 = 0

  init(
    _ registry: RoomRegistry, _ workflow: WorkflowID, on loop: any EventLoop, encoding: WireEncoding = .proto, admission: Admission? = nil,
    address: LimitAccount? = nil
  ) async throws {
    self.loop = loop
    self.encoding = encoding
    let (stream, continuation) = AsyncStream<Heard>.makeStream()
    heard = stream.makeAsyncIterator()
    sink = try await loop.submit {
      let sink = TestSink(loop: loop, encoding: encoding, heard: continuation)
      sink.session = RoomSession(workflow: workflow, sink: sink, registry: registry, address: address) { _ in
        admission ?? .admitted(subject: "", role: .owner)
      }
      sink.session?.start()
      return NIOLoopBoundBox(sink, eventLoop: loop)
    }.get()
  }

  static func joined(
    _ registry: RoomRegistry, _ workflow: WorkflowID, on loop: any EventLoop, encoding: WireEncoding = .proto,
    _ configure: (inout Hello) -> Void = { _ in }
  ) async throws -> TestClient {
    let client = try await TestClient(registry, workflow, on: loop, encoding: encoding)
    try await client.hello(configure)
    try await client.until { $0.welcome != nil && $0.document.version == $0.welcome!.version }
    return client
  }

  func hello(_ configure: (inout Hello) -> Void = { _ in }) async throws {
    var hello = Hello()
    hello.name = "test"
    hello.create = true
    configure(&hello)
    try await say(.hello(hello))
  }

  func say(_ messages: ClientMessage...) async throws { try await say(messages) }

  /// One read batch.
  func say(_ messages: [ClientMessage]) async throws {
    var payloads: [ByteBuffer] = []
    for message in messages {
      var payload = ByteBuffer()
      MessageCodec.encode(message, as: encoding, into: &payload)
      payloads.append(payload)
    }
    try await say(raw: payloads, isText: encoding == .json)
  }

  func say(raw payloads: [ByteBuffer], isText: Bool) async throws {
    let sink = sink
    try await loop.submit {
      for payload in payloads { sink.value.session?.received(payload, isText: isText) }
      sink.value.session?.readingFinished()
    }.get()
  }

  @discardableResult
  func edit(_ node: String) async throws -> Change {
    let change = nextChange(node)
    try await send([change])
    return change
  }

  func send(_ changes: [Change]) async throws {
    batch += 1
    try await say(.change(ChangeBatch(batch: batch, changes: changes, seen: 0)))
  }

  func nextChange(_ node: String) -> Change {
    seq += 1
    return Change(
      replica: welcome!.lease!.replica, seq: seq,
      hlc: HybridTime(milliseconds: welcome!.serverMilliseconds, counter: UInt16(truncatingIfNeeded: seq)),
      ops: [
        .setNodeLife(node: NodeID(node), alive: true),
        .setNodeField(node: NodeID(node), field: .type, value: JSONText(unchecked: "\"number\"")),
        .setNodeField(node: NodeID(node), field: .data("value"), value: JSONText(unchecked: "7")),
      ])
  }

  /// The connection breaks.
  func drop(_ code: CloseCode = CloseCode(rawValue: 1006)) async throws {
    let sink = sink
    try await loop.submit {
      let session = sink.value.session
      sink.value.session = nil
      session?.closed(code)
    }.get()
  }

  func stick(_ isStuck: Bool) async throws {
    let sink = sink
    try await loop.submit {
      sink.value.isStuck = isStuck
      if !isStuck {
        sink.value.bytesOutstanding = 0
        sink.value.session?.becameWritable()
      }
    }.get()
  }

  /// The socket takes all it was given, and no more after that.
  func takeAll() async throws {
    let sink = sink
    try await loop.submit {
      sink.value.bytesOutstanding = 0
      sink.value.session?.becameWritable()
    }.get()
  }

  /// Given to the socket and not taken.
  func bytesOutstanding() async throws -> Int {
    let sink = sink
    return try await loop.submit { sink.value.bytesOutstanding }.get()
  }

  func isPaused() async throws -> Bool {
    let sink = sink
    return try await loop.submit { sink.value.isPaused }.get()
  }

  func writeCount() async throws -> Int {
    let sink = sink
    return try await loop.submit { sink.value.writeCount }.get()
  }

  /// Listens until something is true.
  func until(_ isDone: (TestClient) -> Bool) async throws {
    while !isDone(self) {
      guard let next = await heard.next() else { throw Silence() }
      switch next {
      case .closed(let code):
        closeCode = code
        guard isDone(self) else { throw Closed(code: code) }
      case .message(let message): try take(message)
      }
    }
  }

  struct Silence: Error {}
  struct Closed: Error { var code: CloseCode }

  private func take(_ message: ServerMessage) throws {
    switch message {
    case .welcome(let welcome):
      self.welcome = welcome
      seq = welcome.lease.map { welcome.version[$0.replica] } ?? 0
    case .snapshot(let chunk):
      #expect(chunk.crc32 == CRC32.checksum(chunk.data))
      chunks.append(chunk)
      guard chunks.count == Int(chunk.count) else { break }
      document = try WorkflowDocument(snapshot: Zlib.decompress(chunks.flatMap(\.data), bytesMax: Int(chunk.rawBytes)))
      chunks = []
    case .changes(let list):
      for change in list { _ = try document.apply(change.change) }
      changes += list
    case .ack(let ack): acks.append(ack)
    case .runEvent(let event): runEvents.append(event)
    default: break
    }
    lastMessage = message
    messages.append(message)
  }

  private(set) var lastMessage: ServerMessage?
  private(set) var messages: [ServerMessage] = []
}

/// Two loops and a store that can be made to fail.
struct Server {
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
  let store: InMemoryWorkflowStore
  let registry: RoomRegistry
  let loops: [any EventLoop]

  init(
    store: InMemoryWorkflowStore = InMemoryWorkflowStore(), engine: any RunEngine = EmbeddedEngine(),
    _ configure: (inout RoomConfiguration) -> Void = { _ in }
  ) {
    self.store = store
    loops = Array(group.makeIterator())
    var configuration = RoomConfiguration()
    configure(&configuration)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    registry = RoomRegistry(store: store, loops: loops, configuration: configuration, engine: engine, logger: logger) { LengthFrames() }
  }

  func stop() async throws {
    await registry.drain()
    #expect(registry.roomCount == 0)
    try await group.shutdownGracefully()
  }
}
