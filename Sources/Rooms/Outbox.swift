import CollabProtocol
import NIOCore
import RoomCore

/// What a room has to write in this turn of its loop: encoded once per form, grouped by loop, one hop per loop. Confined to the room's loop.
///
/// A segment is what was broadcast and sent between two orders that change who hears what; its broadcast comes before what is for one
/// session, so that an ack follows the change it is for.
final class Outbox {
  private final class Crew {
    let loop: any EventLoop
    let crew: NIOLoopBoundBox<LoopCrew>
    var orders: [CrewOrder] = []
    var own: [SessionID] = []
    var memberCount = 0
    init(loop: any EventLoop, bounds: OutboxBounds, ledger: OutboxLedger) {
      self.loop = loop
      crew = NIOLoopBoundBox.makeBoxSendingValue(LoopCrew(bounds: bounds, ledger: ledger), eventLoop: loop)
    }
  }

  private struct Reader {
    var handle: SessionHandle
    var crew: Crew
    var audience: Audience?
    var own: [ByteBuffer] = []
  }

  private struct Tick {
    var audience: Audience
    var memberCount: Int
    var frames = ByteBuffer()

    func isAddressed(_ encoding: WireEncoding, _ topic: Topic) -> Bool {
      memberCount > 0 && audience.form.encoding == encoding && audience.topics.includes(topic)
    }
  }

  private let writer: any FrameWriter
  private let bounds: OutboxBounds
  private let ledger: OutboxLedger
  private let metrics: any RoomMetrics
  private var crews: [ObjectIdentifier: Crew] = [:]
  private var readers: [SessionID: Reader] = [:]
  /// Few: one per form in use, times the kinds of wishes.
  private var ticks: [Tick] = []
  private var payload = ByteBuffer()
  private(set) var isEmpty = true

  init(writer: any FrameWriter, bounds: OutboxBounds, ledger: OutboxLedger, metrics: any RoomMetrics) {
    self.writer = writer
    self.bounds = bounds
    self.ledger = ledger
    self.metrics = metrics
  }

  // MARK: who

  func attach(_ handle: SessionHandle, room: RoomHandle) {
    let key = ObjectIdentifier(handle.loop)
    let crew = crews[key] ?? Crew(loop: handle.loop, bounds: bounds, ledger: ledger)
    crews[key] = crew
    crew.memberCount += 1
    readers[handle.id] = Reader(handle: handle, crew: crew)
    order(.attach(handle, room), crew)
  }

  func detach(_ id: SessionID) {
    guard let crew = forget(id) else { return }
    order(.detach(id), crew)
  }

  func close(_ id: SessionID, _ code: CloseCode, _ reason: String) {
    guard readers[id] != nil else { return }
    seal()
    guard let crew = forget(id) else { return }
    order(.close(id, code, reason: reason), crew)
  }

  func listen(_ id: SessionID, to topics: Topics) {
    guard let reader = readers[id] else { return }
    let audience = topics.isEmpty ? nil : Audience(form: reader.handle.form, topics: topics)
    guard audience != reader.audience else { return }
    seal()
    count(reader.audience, -1)
    count(audience, 1)
    readers[id]?.audience = audience
    order(.listen(id, audience), reader.crew)
  }

  func pauseReading(_ id: SessionID) { if let crew = readers[id]?.crew { order(.pauseReading(id), crew) } }
  func resumeReading(_ id: SessionID) { if let crew = readers[id]?.crew { order(.resumeReading(id), crew) } }

  func encoding(of id: SessionID) -> WireEncoding? { readers[id]?.handle.form.encoding }

  /// What the sessions have not taken yet, asked on the loops they live on.
  func outstanding(on loop: any EventLoop) -> EventLoopFuture<[SessionID: Int]> {
    let asked = crews.values.map { crew in
      let box = crew.crew
      return crew.loop.submit { box.value.outstanding }
    }
    return EventLoopFuture.whenAllSucceed(asked, on: loop).map { answers in
      answers.reduce(into: [:]) { all, some in all.merge(some) { first, _ in first } }
    }
  }

  /// Lets go of all members, who hold the room.
  func abandon() { (crews, readers) = ([:], [:]) }

  // MARK: what

  func broadcast(_ message: ServerMessage, _ topic: Topic) {
    for encoding in WireEncoding.allCases {
      var isEncoded = false
      for index in ticks.indices where ticks[index].isAddressed(encoding, topic) {
        if !isEncoded {
          payload.clear()
          MessageCodec.encode(message, as: encoding, into: &payload)
          isEncoded = true
        }
        let before = ticks[index].frames.readableBytes
        writer.append(payload, as: encoding, compressed: ticks[index].audience.form.isCompressed, to: &ticks[index].frames)
        metrics.broadcast(bytes: ticks[index].frames.readableBytes - before, members: ticks[index].memberCount)
        isEmpty = false
      }
    }
  }

  func send(_ message: ServerMessage, to id: SessionID) {
    guard let form = readers[id]?.handle.form else { return }
    payload.clear()
    MessageCodec.encode(message, as: form.encoding, into: &payload)
    appendOwn(payload, form, id)
  }

  /// One encoding and one buffer per form.
  func sendShared(_ message: ServerMessage, to ids: [SessionID]) {
    var made: [FrameForm: ByteBuffer] = [:]
    for id in ids {
      guard let form = readers[id]?.handle.form else { continue }
      if made[form] == nil {
        payload.clear()
        MessageCodec.encode(message, as: form.encoding, into: &payload)
        var frames = ByteBuffer()
        writer.append(payload, as: form.encoding, compressed: form.isCompressed, to: &frames)
        made[form] = frames
      }
      if let frames = made[form] { noteOwn(id) { $0.append(frames) } }
    }
  }

  func sendSnapshot(_ chunks: [ByteBuffer], to id: SessionID) {
    guard let crew = readers[id]?.crew else { return }
    seal()
    order(.snapshot(id, chunks), crew)
  }

  /// - Parameter payloads: one per chunk, in the session's encoding. Not compressed again: they hold zlib output.
  func sendState(_ payloads: [ByteBuffer], to id: SessionID) {
    guard let reader = readers[id] else { return }
    seal()
    let chunks = payloads.map { payload in
      var frame = ByteBuffer()
      writer.append(payload, as: reader.handle.form.encoding, compressed: false, to: &frame)
      return frame
    }
    order(.state(id, chunks), reader.crew)
  }

  // MARK: off it goes

  /// One hop per loop that has something to do.
  func flush() {
    seal()
    isEmpty = true
    for (key, crew) in crews where !crew.orders.isEmpty {
      let orders = crew.orders
      crew.orders = []
      if crew.memberCount == 0 { crews[key] = nil }
      let box = crew.crew
      if crew.loop.inEventLoop {
        box.value.carryOut(orders)
      } else {
        crew.loop.execute { box.value.carryOut(orders) }
      }
    }
  }

  private func seal() {
    var shared: [(Audience, ByteBuffer)] = []
    for index in ticks.indices where ticks[index].frames.readableBytes > 0 {
      shared.append((ticks[index].audience, ticks[index].frames))
      ticks[index].frames = ByteBuffer()
    }
    ticks.removeAll { $0.memberCount == 0 }
    for crew in crews.values where !crew.own.isEmpty || (!shared.isEmpty && crew.memberCount > 0) {
      var own: [(SessionID, [ByteBuffer])] = []
      own.reserveCapacity(crew.own.count)
      for id in crew.own {
        guard let frames = readers[id]?.own else { continue }
        readers[id]?.own = []
        own.append((id, frames))
      }
      crew.own.removeAll(keepingCapacity: true)
      crew.orders.append(.broadcast(shared, own: own))
    }
  }

  private func order(_ order: CrewOrder, _ crew: Crew) {
    crew.orders.append(order)
    isEmpty = false
  }

  private func appendOwn(_ payload: ByteBuffer, _ form: FrameForm, _ id: SessionID) {
    noteOwn(id) { own in
      if own.isEmpty { own.append(ByteBuffer()) }
      writer.append(payload, as: form.encoding, compressed: form.isCompressed, to: &own[own.count - 1])
    }
  }

  private func noteOwn(_ id: SessionID, _ append: (inout [ByteBuffer]) -> Void) {
    guard let reader = readers[id] else { return }
    if reader.own.isEmpty { reader.crew.own.append(id) }
    append(&readers[id]!.own)
    isEmpty = false
  }

  private func forget(_ id: SessionID) -> Crew? {
    guard let reader = readers.removeValue(forKey: id) else { return nil }
    count(reader.audience, -1)
    reader.crew.memberCount -= 1
    return reader.crew
  }

  private func count(_ audience: Audience?, _ change: Int) {
    guard let audience else { return }
    if let index = ticks.firstIndex(where: { $0.audience == audience }) {
      ticks[index].memberCount += change
    } else {
      ticks.append(Tick(audience: audience, memberCount: change))
    }
  }
}
