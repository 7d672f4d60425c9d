internal import NIOCore

extension WebSocketConnection {
  /// One timer at a time: silence for `pingInterval`, a ping, silence for `pongDeadline`, the end. Any byte from the peer is a sign of life.
  func startKeepAlive() {
    guard let interval = configuration.pingInterval else { return }
    schedule(in: interval)
  }

  private func schedule(in delay: Duration) {
    timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [self] in tick() }
  }

  private func tick() {
    guard case .open = phase, let interval = configuration.pingInterval else { return }
    intervalsInMessage = decoder.isInsideMessage && !isPaused ? intervalsInMessage + 1 : 0
    guard intervalsInMessage <= configuration.intervalsPerMessageMax else { return drop(reason: "a message without an end") }
    // While paused nobody reads, so silence says nothing.
    if hasHeard || isPaused {
      hasHeard = false
      pingIsOut = false
      schedule(in: interval)
    } else if pingIsOut {
      drop(reason: "no sign of life since the ping")
    } else {
      pingIsOut = true
      sendPing()
      schedule(in: configuration.pongDeadline)
    }
  }
}
