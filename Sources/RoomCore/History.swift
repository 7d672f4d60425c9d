import CollabProtocol
import RateLimits
import WorkflowDocument

/// Looking back: the room decides who may look how often; what is there is read from the store, so it is durable. Spec: HI1, HI4, RM1.
extension Room {
  mutating func requestHistory(_ request: HistoryRequest, from id: SessionID, into actions: inout [RoomAction]) {
    guard mayLook(id, request.request, into: &actions) else { return }
    let most = UInt32(clamping: limits.historyChangeCountMax)
    var bounded = request
    bounded.count = request.count == 0 ? most : min(request.count, most)
    bounded.before = request.before == 0 ? durablePosition + 1 : min(request.before, durablePosition + 1)
    look(.page(bounded, newest: durablePosition), for: id, into: &actions)
  }

  mutating func requestState(_ request: StateRequest, from id: SessionID, into actions: inout [RoomAction]) {
    var position = request.position
    if !request.version.isEmpty {
      guard let version = versions[request.version] else {
        return report(to: id, request: request.request, .invalid, "there is no named version \(request.version)", into: &actions)
      }
      position = version.position
    }
    guard position <= durablePosition else {
      return report(to: id, request: request.request, .invalid, "the newest position is \(durablePosition)", into: &actions)
    }
    guard mayMakeState(id, request.request, into: &actions), mayLook(id, request.request, into: &actions) else { return }
    statesOpenCount += 1
    look(.state(position: position, request: request.request), for: id, into: &actions)
  }

  private mutating func mayLook(_ id: SessionID, _ request: UInt64, into actions: inout [RoomAction]) -> Bool {
    guard sessions[id] != nil, hasLooksLeft(id, request, into: &actions) else { return false }
    return takeLookToken(id, request, into: &actions)
  }

  private func hasLooksLeft(_ id: SessionID, _ request: UInt64, into actions: inout [RoomAction]) -> Bool {
    if let session = sessions[id], session.looksOpenCount < limits.looksOpenMax { return true }
    report(to: id, request: request, .rateLimited, "\(limits.looksOpenMax) requests for history are unanswered", into: &actions)
    return false
  }

  /// Each is a whole document in memory, be it to show it or to keep it under a name.
  private func mayMakeState(_ id: SessionID, _ request: UInt64, into actions: inout [RoomAction]) -> Bool {
    let count = statesOpenCount + versions.namings.count
    if count < limits.statesOpenMax { return true }
    report(to: id, request: request, .rateLimited, "\(count) states are being made already", into: &actions)
    return false
  }

  private mutating func takeLookToken(_ id: SessionID, _ request: UInt64, into actions: inout [RoomAction]) -> Bool {
    guard let rate = limits.rates[.history, per: .session],
      let wait = sessions[id]?.lookBucket.take(1, of: rate, nowMilliseconds: now.monotonicMilliseconds)
    else { return true }
    actions.append(.note(.limitReached(RateName(.history, per: .session))))
    report(to: id, request: request, RateRefusal(RateName(.history, per: .session), rate, waitMilliseconds: wait), into: &actions)
    return false
  }

  private mutating func look(_ look: HistoryLook, for id: SessionID, into actions: inout [RoomAction]) {
    sessions[id]?.looksOpenCount += 1
    lookNumber += 1
    actions.append(.look(lookNumber, look, for: id))
  }

  mutating func looked(_ number: UInt64, for id: SessionID, _ outcome: LookOutcome, into actions: inout [RoomAction]) {
    switch outcome {
    case .state, .noState: statesOpenCount -= 1
    case .page, .noPage: break
    }
    guard let session = sessions[id] else {
      if case .state = outcome { actions.append(.dropState(number)) }
      return
    }
    sessions[id]?.looksOpenCount = session.looksOpenCount - 1
    switch outcome {
    case .page(let page): actions.append(.send(.history(page), to: id))
    case .state(let request): actions.append(.sendState(number, request: request, to: id))
    case .noPage(let error), .noState(let error): actions.append(.send(.error(error), to: id))
    }
  }

  // MARK: named versions

  mutating func nameVersion(_ request: NameVersion, from id: SessionID, into actions: inout [RoomAction]) {
    guard let session = sessions[id],
      mayEditVersions(session, request.request, name: request.name, note: request.note, into: &actions)
    else { return }
    let position = request.position == 0 ? appliedPosition : request.position
    guard position <= appliedPosition else {
      return report(to: id, request: request.request, .invalid, "the newest position is \(appliedPosition)", into: &actions)
    }
    if let present = versions.version(named: request.name, at: position) {
      return actions.append(.send(.versions(list(request.request, named: present.id)), to: id))
    }
    guard hasLooksLeft(id, request.request, into: &actions) else { return }
    let asker = VersionBook.Asker.session(id, request: request.request)
    if versions.join(asker, named: request.name, at: position) {
      sessions[id]?.looksOpenCount += 1
      return
    }
    guard versions.namedCount < limits.versionCountMax else {
      return report(
        to: id, request: request.request, .limit, "a workflow has at most \(limits.versionCountMax) named versions", into: &actions)
    }
    guard mayMakeState(id, request.request, into: &actions) else { return }
    sessions[id]?.looksOpenCount += 1
    let version = NamedVersion(
      id: hexadecimal(generator.next()), position: position, name: request.name, note: request.note, author: session.author,
      namedAtMilliseconds: now.wallMilliseconds)
    versions.begin(version, for: asker)
    // Its state is read from the store, so everything in it has to be there.
    queue.append(.after(.naming(version)))
  }

  mutating func editVersion(
    _ edit: VersionEdit, request: UInt64, name: String = "-", note: String = "", from id: SessionID, into actions: inout [RoomAction]
  ) {
    guard let session = sessions[id], mayEditVersions(session, request, name: name, note: note, into: &actions) else { return }
    guard let version = versions[edit.id], !version.isAutomatic else {
      return report(to: id, request: request, .invalid, "there is no named version \(edit.id)", into: &actions)
    }
    write(.version(edit), as: .version(edit, by: id, request: request), into: &actions)
  }

  mutating func listVersions(_ request: UInt64, from id: SessionID, into actions: inout [RoomAction]) {
    guard sessions[id] != nil, takeLookToken(id, request, into: &actions) else { return }
    actions.append(.send(.versions(list(request)), to: id))
  }

  private mutating func mayEditVersions(
    _ session: Session, _ request: UInt64, name: String, note: String, into actions: inout [RoomAction]
  ) -> Bool {
    func refuse(_ code: RefusalCode, _ text: String) -> Bool {
      report(to: session.id, request: request, code, text, into: &actions)
      return false
    }
    if session.role < .editor { return refuse(.forbidden, "naming versions takes the role editor") }
    if name.isEmpty { return refuse(.invalid, "a version without a name") }
    if name.utf8.count > limits.versionNameBytesMax {
      return refuse(.tooLarge, "the name of a version has at most \(limits.versionNameBytesMax) bytes")
    }
    if note.utf8.count > limits.versionNoteBytesMax {
      return refuse(.tooLarge, "the note of a version has at most \(limits.versionNoteBytesMax) bytes")
    }
    if !isAccepting { return refuse(.unavailable, "nothing can be named now") }
    return takeLookToken(session.id, request, into: &actions)
  }

  /// The version and its snapshot are durable.
  mutating func versionNamed(_ version: NamedVersion, into actions: inout [RoomAction]) {
    guard let naming = versions.finish(version.id) else { return }
    versions.add(version)
    if !version.isAutomatic { tellVersions(into: &actions) }
    for asker in naming.askers {
      switch asker {
      case .outside(let number): actions.append(.answerEdit(number, .kept(version, isNew: true)))
      case .session(let id, let request):
        guard sessions[id] != nil else { continue }
        sessions[id]?.looksOpenCount -= 1
        actions.append(.send(.versions(list(request, named: version.id)), to: id))
      }
    }
    if version.isAutomatic { thinVersions(into: &actions) }
    goOnLeaving(into: &actions)
  }

  mutating func versionNotNamed(_ id: String, _ code: RefusalCode, _ text: String, into actions: inout [RoomAction]) {
    guard let naming = versions.finish(id) else { return }
    noteNotKept(naming.version)
    for asker in naming.askers {
      switch asker {
      case .outside(let number): actions.append(.answerEdit(number, .refused(ErrorReport(request: 0, code: code, text: text))))
      case .session(let id, let request):
        guard sessions[id] != nil else { continue }
        sessions[id]?.looksOpenCount -= 1
        report(to: id, request: request, code, text, into: &actions)
      }
    }
    goOnLeaving(into: &actions)
  }

  /// An edit of the list became durable.
  mutating func publish(_ edit: VersionEdit, by id: SessionID, request: UInt64, into actions: inout [RoomAction]) {
    let isTold = versions[edit.id].map { !$0.isAutomatic } ?? false
    versions.apply(edit)
    if isTold || versions[edit.id].map({ !$0.isAutomatic }) == true { tellVersions(into: &actions) }
    if sessions[id] != nil { actions.append(.send(.versions(list(request)), to: id)) }
  }

  /// After the store failed: what became of an edit is what the store holds.
  func settle(_ edit: VersionEdit, by id: SessionID, request: UInt64, into actions: inout [RoomAction]) {
    guard sessions[id] != nil else { return }
    if versions.holds(edit) { return actions.append(.send(.versions(list(request)), to: id)) }
    report(to: id, request: request, .unavailable, "the store failed before it was durable", into: &actions)
  }

  func tellVersions(into actions: inout [RoomAction]) { actions.append(.broadcast(.versions(list(0)), .versions)) }

  private func list(_ request: UInt64, named: String = "") -> VersionList {
    VersionList(request: request, versions: versions.named, named: named)
  }
}
