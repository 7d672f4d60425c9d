import CRDT
import CollabProtocol
import WorkflowDocument

// The connection's life: connect, hello, welcome, loss, back-off, deadlines. Spec: WP1, CR5, RS1.
extension ReplicaMachine {
  mutating func connect(at now: ClientTime, into actions: inout [ReplicaAction]) {
    counters.connects += 1
    link = .connecting(giveUpAt: now.uptimeMilliseconds + options.connectDeadlineMilliseconds)
    actions.append(.connect)
  }

  mutating func connected(at now: ClientTime, into actions: inout [ReplicaAction]) {
    guard case .connecting = link else { return }
    link = .greeting(giveUpAt: now.uptimeMilliseconds + options.welcomeDeadlineMilliseconds)
    var hello = Hello()
    hello.token = token
    hello.name = options.name
    hello.colour = options.colour
    hello.kind = options.kind
    hello.lease = lease
    hello.version = streamedVersion
    hello.wants = options.wants
    hello.create = options.create && counters.joins == 0
    hello.roleMax = options.roleMax
    hello.client = options.client
    actions.append(.send(.hello(hello)))
  }

  /// What the server is known to hold of what is here: always a beginning of its order.
  var streamedVersion: Version {
    if repair != nil, position == 0 { return Version() }
    return Version(
      document.version.entries.map { $0.replica == replica ? Version.Entry(replica: replica, seq: min($0.seq, streamedSeq)) : $0 })
  }

  mutating func disconnected(_ code: CloseCode, _ reason: String, at now: ClientTime, into actions: inout [ReplicaAction]) {
    hold = nil
    askAgainAt = nil
    pending.rewindAll()
    repair?.base = nil
    repair?.answersThrough = 0
    repair?.isAsked = false
    tokensShown = [:]
    defer { farewell = nil }
    if (farewell?.code ?? code) == .notAuthenticated, awaitToken(farewell?.text ?? reason, into: &actions) { return }
    if let farewell, farewell.reconnectAfterMilliseconds == 0 {
      stopHere(ClientStop(.closedByServer(farewell.code), farewell.text), code: nil, into: &actions)
      return
    }
    if (4400...4499).contains(code.rawValue) || code == .normal {
      stopHere(ClientStop(.closedByServer(code), reason), code: nil, into: &actions)
      return
    }
    if let most = options.attemptsMax, backoff.attempts + 1 >= most {
      stopHere(ClientStop(.unreachable, "gave up after \(most) attempts; the last one: \(code) \(reason)"), code: nil, into: &actions)
      return
    }
    let pause = backoff.next(atLeast: farewell.map { UInt64($0.reconnectAfterMilliseconds) } ?? 0)
    link = .down(retryAt: now.uptimeMilliseconds + pause)
  }

  /// Before the first welcome a person waits for the reason; afterwards the server may just be changing its certificate.
  mutating func hopeless(_ text: String, at now: ClientTime, into actions: inout [ReplicaAction]) {
    if counters.joins == 0 {
      stopHere(ClientStop(.untrusted, text), code: nil, into: &actions)
    } else {
      disconnected(CloseCode(rawValue: 1006), text, at: now, into: &actions)
    }
  }

  /// Gives the connection up; `disconnected` follows from the shell and starts the pause before the next attempt.
  mutating func giveUpConnection(_ text: String, into actions: inout [ReplicaAction]) {
    link = .closing
    actions.append(.disconnect(.goingAway, text))
  }

  /// - Parameter code: how to close the connection; `nil` when it is closed already.
  mutating func stopHere(_ stop: ClientStop, code: CloseCode?, into actions: inout [ReplicaAction]) {
    if let code {
      switch link {
      case .connecting, .greeting, .joined: actions.append(.disconnect(code, stop.text))
      case .idle, .waitingForToken, .down, .closing, .stopped: break
      }
    }
    link = .stopped(stop)
  }

  /// The other side sent what cannot be used. Once may be an accident of the way; again and again it is a defect.
  mutating func fault(_ text: String, into actions: inout [ReplicaAction]) {
    faultsInARow += 1
    if faultsInARow >= 5 {
      stopHere(ClientStop(.fault, text), code: .protocolError, into: &actions)
    } else {
      giveUpConnection(text, into: &actions)
    }
  }

  // MARK: Welcome

  mutating func welcomed(_ welcome: Welcome, at now: ClientTime, into actions: inout [ReplicaAction]) {
    guard case .greeting = link else { return fault("a second welcome", into: &actions) }
    guard welcome.protocolMajor == ProtocolVersion.major else {
      stopHere(ClientStop(.fault, "the server speaks version \(welcome.protocolMajor) of the protocol"), code: .normal, into: &actions)
      return
    }
    counters.joins += 1
    backoff.succeeded()
    serverClockOffset = Int64(clamping: welcome.serverMilliseconds) - Int64(clamping: now.uptimeMilliseconds)
    session = welcome.session
    limits = welcome.limits
    role = welcome.role
    presence.reset(welcome.participants)
    issues.reset()
    link = .joined(
      Joined(
        catchUpThrough: welcome.position, pingAt: now.uptimeMilliseconds + options.pingIntervalMilliseconds))
    assembly = SnapshotAssembly(bytesMax: options.snapshotBytesMax)
    takeLease(welcome, into: &actions)
    catchUp(welcome, at: now, into: &actions)
    if ownPresence != nil { withJoined { $0.presenceWaits = true } }
    tokenEnds(atMilliseconds: welcome.expiresAtMilliseconds, at: now)
    actions.append(.notify(.role(RoleChanged(welcome.role, expiresAtMilliseconds: welcome.expiresAtMilliseconds))))
  }

  private mutating func takeLease(_ welcome: Welcome, into actions: inout [ReplicaAction]) {
    // What waits for a repair under a newer lease was never sent under that one: what arrived of it was told by an earlier welcome.
    let isMoving = repair?.newLease != nil
    if !isMoving, replica != .none { pending.acknowledge(through: welcome.leaseThrough) }
    guard let given = welcome.lease else {
      // The role may not write: what waits will never be taken.
      for change in pending.changes {
        let refusal = Refusal(seq: change.seq, code: .forbidden, text: "the role \(welcome.role) may not write")
        giveUp(change, refusal, into: &actions)
      }
      return
    }
    defer { lease = given }
    if given.replica == replica, !welcome.restamp, !isMoving {
      nextSeq = max(nextSeq, welcome.leaseThrough + 1)
      acknowledgedSeq = welcome.leaseThrough
      // The server forgot what it had acknowledged: its store was put back. What waits takes the numbers that are free there.
      if let first = pending.firstSeq, first != welcome.leaseThrough + 1, repair == nil { repair = Repair() }
      return
    }
    let first = welcome.version[given.replica] + 1
    // Changes of an earlier holder of the id may still be missing here; until they came, edits go on under the old one.
    let isKnown = replica == .none || document.version[given.replica] + 1 == first
    if pending.isEmpty, repair == nil, isKnown {
      adopt(given.replica, firstSeq: first)
    } else {
      counters.restamps += 1
      var repair = self.repair ?? Repair()
      repair.newLease = (given, first)
      repair.freshTimes = true
      self.repair = repair
    }
  }

  /// From now on own changes are this replica's.
  mutating func adopt(_ replica: ReplicaID, firstSeq: UInt64) {
    self.replica = replica
    nextSeq = firstSeq
    streamedSeq = firstSeq - 1
    acknowledgedSeq = firstSeq - 1
  }

  private mutating func catchUp(_ welcome: Welcome, at now: ClientTime, into actions: inout [ReplicaAction]) {
    switch welcome.catchup {
    case .snapshot:
      if repair == nil { repair = Repair() }
      repair!.isAsked = true
      awaitAnswer(at: now)
    case .nothing, .changes:
      // The server holds less than was seen here: its store was put back. Start from what it has.
      if welcome.position < position, repair == nil { repair = Repair() }
      if welcome.catchup == .nothing, repair == nil { position = welcome.position }
      if repair != nil { askForSnapshot(at: now, into: &actions) }
    }
  }

  // MARK: Time

  mutating func timePassed(at now: ClientTime, into actions: inout [ReplicaAction]) {
    let uptime = now.uptimeMilliseconds
    askForTokenIfDue(at: now, into: &actions)
    switch link {
    case .down(let retryAt): if uptime >= retryAt { connect(at: now, into: &actions) }
    case .connecting(let giveUpAt): if uptime >= giveUpAt { giveUpConnection("no connection in time", into: &actions) }
    case .greeting(let giveUpAt): if uptime >= giveUpAt { giveUpConnection("no welcome in time", into: &actions) }
    case .joined(let joined):
      if let by = joined.answerBy, uptime >= by { return giveUpConnection("no answer in time", into: &actions) }
      if let sent = joined.pingSentAt, uptime >= sent + options.pongDeadlineMilliseconds {
        return giveUpConnection("no pong in time", into: &actions)
      }
      if let at = askAgainAt, uptime >= at { askForSnapshot(at: now, into: &actions) }
      if joined.pingSentAt == nil, uptime >= joined.pingAt { ping(at: now, into: &actions) }
      sendPresence(at: now, into: &actions)
    case .idle, .waitingForToken, .closing, .stopped: break
    }
  }

  /// When `timePassed` is due, on the uptime clock; `nil`: not before something else happens.
  public var nextDeadline: UInt64? {
    switch link {
    case .idle, .closing, .stopped: return nil
    case .waitingForToken: return tokenDeadline
    case .down(let at), .connecting(let at), .greeting(let at): return at
    case .joined(let joined):
      var next = joined.pingSentAt.map { $0 + options.pongDeadlineMilliseconds } ?? joined.pingAt
      if let by = joined.answerBy { next = min(next, by) }
      if let hold, joined.answeredBatch >= hold.answersThrough { next = min(next, hold.until) }
      if let askAgainAt { next = min(next, askAgainAt) }
      if let tokenDeadline { next = min(next, tokenDeadline) }
      if let restoreDeadline { next = min(next, restoreDeadline) }
      if joined.presenceWaits { next = min(next, joined.presenceAt) }
      return next
    }
  }

  private mutating func ping(at now: ClientTime, into actions: inout [ReplicaAction]) {
    guard case .joined(var joined) = link else { return }
    joined.pingID += 1
    joined.pingSentAt = now.uptimeMilliseconds
    joined.pingAt = now.uptimeMilliseconds + options.pingIntervalMilliseconds
    link = .joined(joined)
    actions.append(.send(.ping(Ping(id: joined.pingID, seen: pending.isEmpty && repair == nil ? position : 0))))
  }

  mutating func ponged(_ pong: Pong, at now: ClientTime, into actions: inout [ReplicaAction]) {
    guard case .joined(var joined) = link, pong.id == joined.pingID, let sent = joined.pingSentAt else { return }
    joined.pingSentAt = nil
    link = .joined(joined)
    let roundTrip = now.uptimeMilliseconds - sent
    serverClockOffset = Int64(clamping: pong.serverMilliseconds) + Int64(roundTrip / 2) - Int64(clamping: now.uptimeMilliseconds)
    actions.append(.notify(.roundTrip(milliseconds: roundTrip)))
  }

  // MARK: Presence

  mutating func setPresence(_ state: PresenceState, at now: ClientTime, into actions: inout [ReplicaAction]) {
    ownPresence = state
    withJoined { $0.presenceWaits = true }
    sendPresence(at: now, into: &actions)
  }

  /// The newest state only, no oftener than the server's tick: more would be thrown away there. Spec: PR1.
  private mutating func sendPresence(at now: ClientTime, into actions: inout [ReplicaAction]) {
    guard case .joined(var joined) = link, joined.presenceWaits, now.uptimeMilliseconds >= joined.presenceAt, let ownPresence else {
      return
    }
    joined.presenceWaits = false
    joined.presenceAt = now.uptimeMilliseconds + UInt64(limits.presenceIntervalMilliseconds)
    link = .joined(joined)
    actions.append(.send(.presence(ownPresence)))
  }

  mutating func withJoined(_ change: (inout Joined) -> Void) {
    guard case .joined(var joined) = link else { return }
    change(&joined)
    link = .joined(joined)
  }

  /// Something was asked; if no answer comes in time the connection is given up.
  mutating func awaitAnswer(at now: ClientTime) {
    let by = now.uptimeMilliseconds + options.answerDeadlineMilliseconds
    withJoined { $0.answerBy = by }
  }
}
