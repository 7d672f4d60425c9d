import CollabProtocol

/// Why a token is asked for.
public enum TokenNeed: Hashable, Sendable {
  /// There is none yet.
  case first
  /// The one in use ends then, in milliseconds since 1970 by the server's clock.
  case ending(atMilliseconds: UInt64)
  /// It has ended, or the server does not know it: without another one nothing goes on.
  case refused(String)
}

/// What came of asking for a token.
public enum TokenAnswer: Hashable, Sendable {
  case given(String)
  /// There is none to be had: the session ends with the one it has.
  case nothing
  /// Not now; asked again after a pause.
  case failed(String)
}

// Tokens that end. What was taken last is what the next hello shows. Spec: AC9.
extension ReplicaMachine {
  /// A source that cannot give a token now, or gave one that was not believed, is asked again after this.
  private static var askAgainMilliseconds: UInt64 { 5_000 }
  /// The server takes one token per second.
  private static var showAgainMilliseconds: UInt64 { 1_100 }
  /// So long before its end a token is followed by another one, or a quarter of its life, whichever is less.
  private static var spareMilliseconds: UInt64 { 60_000 }
  /// Numbers of requests that the machine makes by itself begin here; the session counts its own from 1.
  private static var firstOwnRequest: UInt64 { 1 << 41 }

  mutating func askForToken(_ need: TokenNeed, into actions: inout [ReplicaAction]) {
    guard !isTokenAsked else { return }
    isTokenAsked = true
    tokenAskAt = nil
    actions.append(.askForToken(need))
  }

  /// The server said when the token ends; 0: never.
  mutating func tokenEnds(atMilliseconds end: UInt64, at now: ClientTime) {
    tokenExpiresAtMilliseconds = end
    tokenAskAt = nil
    guard end > 0, options.asksForToken else { return }
    let wall = correctedWall(now)
    let left = end > wall ? end - wall : 0
    tokenAskAt = now.uptimeMilliseconds + max(Self.showAgainMilliseconds, left - min(Self.spareMilliseconds, left / 4))
  }

  /// The server ended the connection for want of a token. Returns whether one is waited for.
  mutating func awaitToken(_ text: String, into actions: inout [ReplicaAction]) -> Bool {
    guard options.asksForToken, options.attemptsMax.map({ backoff.attempts < $0 }) ?? true else { return false }
    tokensShown = [:]
    link = .waitingForToken(refused: token, text)
    askForToken(.refused(text), into: &actions)
    return true
  }

  /// Without a token at hand the first connection waits for one.
  mutating func startWithToken(at now: ClientTime, into actions: inout [ReplicaAction]) {
    guard options.asksForToken, token.isEmpty else { return connect(at: now, into: &actions) }
    link = .waitingForToken(refused: nil, "no token yet")
    askForToken(.first, into: &actions)
  }

  mutating func take(_ answer: TokenAnswer, at now: ClientTime, into actions: inout [ReplicaAction]) {
    isTokenAsked = false
    switch (answer, link) {
    case (.failed(let text), _):
      tokenAskAt = now.uptimeMilliseconds + Self.askAgainMilliseconds
      actions.append(.notify(.tokenFailed(text)))
    case (.given(let fresh), .waitingForToken(let refused, let text)):
      // To show again what was refused would be answered the same.
      guard fresh != refused else { return stopForWantOfToken(text, into: &actions) }
      token = fresh
      let isFirst = backoff.attempts == 0
      let pause = backoff.next()
      link = .down(retryAt: now.uptimeMilliseconds + (isFirst ? 0 : pause))
      timePassed(at: now, into: &actions)
    case (.nothing, .waitingForToken(_, let text)): stopForWantOfToken(text, into: &actions)
    case (.given(let fresh), .joined):
      let request = Self.firstOwnRequest + ownTokenCount
      ownTokenCount += 1
      show(fresh, request: request, into: &actions)
    case (.given(let fresh), _): token = fresh
    case (.nothing, _): break
    }
  }

  private mutating func stopForWantOfToken(_ text: String, into actions: inout [ReplicaAction]) {
    stopHere(ClientStop(.closedByServer(.notAuthenticated), text), code: nil, into: &actions)
  }

  mutating func show(_ fresh: String, request: UInt64, into actions: inout [ReplicaAction]) {
    if case .joined = link { tokensShown[request] = fresh }
    sendIfJoined(.token(TokenUpdate(request: request, token: fresh)), request: request, into: &actions)
  }

  mutating func tokenTaken(_ changed: RoleChanged, at now: ClientTime) {
    if let taken = tokensShown.removeValue(forKey: changed.request) { token = taken }
    // Asked for already: the answer is on its way, and is not asked for twice.
    tokenEnds(atMilliseconds: changed.expiresAtMilliseconds, at: now)
  }

  mutating func tokenRefused(_ report: ErrorReport, at now: ClientTime, into actions: inout [ReplicaAction]) {
    guard tokensShown.removeValue(forKey: report.request) != nil, report.request >= Self.firstOwnRequest else { return }
    tokenAskAt = now.uptimeMilliseconds + Self.askAgainMilliseconds
    actions.append(.notify(.tokenFailed(report.text)))
  }

  /// When to ask by oneself; `nil`: not before something else happens.
  var tokenDeadline: UInt64? { isTokenAsked ? nil : tokenAskAt }

  mutating func askForTokenIfDue(at now: ClientTime, into actions: inout [ReplicaAction]) {
    guard let due = tokenDeadline, now.uptimeMilliseconds >= due else { return }
    switch link {
    case .joined: askForToken(.ending(atMilliseconds: tokenExpiresAtMilliseconds), into: &actions)
    case .waitingForToken(let refused, let text): askForToken(refused == nil ? .first : .refused(text), into: &actions)
    case .idle, .down, .connecting, .greeting, .closing, .stopped: break
    }
  }
}
