import CollabProtocol
import NIOCore
import RateLimits
import RoomCore

/// What a session may do how often. Nothing that must arrive is thrown away: what is too much is read later, taken later, or refused with the
/// time when it may be tried again. Spec: LM3.
extension RoomSession {
  struct Pauses: OptionSet {
    let rawValue: UInt8
    static let entering = Pauses(rawValue: 1)
    static let room = Pauses(rawValue: 2)
    static let rates = Pauses(rawValue: 4)
  }

  func pauseReading(_ why: Pauses) {
    if pauses.isEmpty { sink.pauseReading() }
    pauses.insert(why)
  }

  func resumeReading(_ why: Pauses) {
    guard pauses.contains(why) else { return }
    pauses.remove(why)
    if pauses.isEmpty { sink.resumeReading() }
  }

  /// Messages and bytes come no faster than they may: the socket fills up, and its peer notices.
  func holdUp(forMilliseconds pause: UInt64) {
    guard pause > 0, throttle == nil else { return }
    pauseReading(.rates)
    throttle = sink.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(clamping: pause))) { [self] in
      throttle = nil
      // Others of the same subject or address may have read on meanwhile.
      let rest = meter.owed()
      if rest > 0 { holdUp(forMilliseconds: rest) } else { resumeReading(.rates) }
    }
  }

  /// What is left of a message once the rates have been asked.
  func weigh(_ message: ClientMessage) {
    switch message {
    case .presence(let state):
      if let refusal = meter.take(.presence) {
        hold(state, forMilliseconds: refusal.waitMilliseconds)
        return countRefusal()
      }
      // What waited is older.
      presence.forget()
    case .run(let request): if let refusal = meter.take(.runs) { return refuse(request.request, refusal) }
    case .ping: if let refusal = meter.take(.pings) { return refuse(0, refusal) }
    case .change(let batch):
      // The room counts how often it has to say so, as for the session's own ops.
      if let refusal = meter.takeOps(of: batch) { return pass(.batchPutOff(batch, refusal, from: id)) }
    case .token(let update): return take(update)
    case .hello, .cancelRun, .resync, .history, .stateAt, .nameVersion, .renameVersion, .dropVersion, .listVersions, .unknown: break
    }
    pass(.messageReceived(message, from: id))
  }

  private func refuse(_ request: UInt64, _ refusal: RateRefusal) {
    pass(.messageRefused(ErrorReport(request: request, refusal), from: id))
    countRefusal()
  }

  private func countRefusal() {
    guard let refusal = meter.refused() else { return }
    breakOff(.abusive, refusal.text)
  }

  /// Only the newest matters, and it is not lost: others would see a cursor where it is not.
  private func hold(_ state: PresenceState, forMilliseconds pause: UInt64) {
    presence.newest = state
    guard presence.timer == nil else { return }
    presence.timer = sink.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(clamping: pause))) { [self] in
      presence.timer = nil
      guard let state = presence.newest, !isOver else { return }
      if let refusal = meter.take(.presence) { return hold(state, forMilliseconds: refusal.waitMilliseconds) }
      presence.newest = nil
      pass(.messageReceived(.presence(state), from: id))
      readingFinished()
    }
  }

  /// Its subject opens sessions faster than it may.
  func turnAway(tooMany refusal: RateRefusal) {
    turnAway(Goodbye(code: .draining, text: refusal.text, reconnectAfterMilliseconds: UInt32(clamping: refusal.waitMilliseconds)))
  }
}

/// A presence update that came too soon.
struct HeldPresence {
  var newest: PresenceState?
  var timer: Scheduled<Void>?

  mutating func forget() {
    newest = nil
    timer?.cancel()
    timer = nil
  }
}
