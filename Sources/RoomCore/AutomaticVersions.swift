import CollabProtocol
public import WorkflowDocument

/// What was edited and is in no version yet.
struct Editing: Sendable {
  /// Of the newest change, on the monotonic clock.
  var changedAtMilliseconds: UInt64 = 0
  /// Of the oldest change that no version has; `nil` when there is none.
  var sinceMilliseconds: UInt64?
  var author = Author(name: "server", kind: .bot)
  /// Up to here there was nothing to keep, or it could not be kept.
  var settledPosition: UInt64 = 0
  /// The room waits for a version before it goes to sleep.
  var isLeaving = false
}

/// Versions that nobody asked for by name: after a pause in editing, before something older comes back, at a run. Spec: HI7, HI8, HI9.
extension Room {
  /// With what was edited before the room was opened.
  mutating func resumeKeeping(into actions: inout [RoomAction]) {
    guard hasUnkept, let last = tail.changes.last else { return }
    noteEdited(by: last.author, into: &actions)
  }

  mutating func noteEdited(by author: Author, into actions: inout [RoomAction]) {
    guard limits.versionPauseMilliseconds > 0 else { return }
    editing.changedAtMilliseconds = now.monotonicMilliseconds
    editing.author = author
    if editing.sinceMilliseconds == nil { editing.sinceMilliseconds = now.monotonicMilliseconds }
    armOnce(.version, afterMilliseconds: limits.versionPauseMilliseconds, into: &actions)
  }

  private var hasUnkept: Bool {
    limits.versionPauseMilliseconds > 0 && appliedPosition > max(versions.keptPosition, editing.settledPosition)
  }

  /// How long since the last automatic version; `max` when there is none.
  private var sinceAutomaticMilliseconds: UInt64 {
    let last = (versions.versions + versions.namings.values.map(\.version)).filter(\.isAutomatic).map(\.namedAtMilliseconds).max()
    guard let last else { return .max }
    return now.wallMilliseconds > last ? now.wallMilliseconds - last : 0
  }

  mutating func keepIfQuiet(into actions: inout [RoomAction]) {
    guard hasUnkept, let since = editing.sinceMilliseconds else {
      editing.sinceMilliseconds = nil
      return
    }
    let quiet = now.monotonicMilliseconds - editing.changedAtMilliseconds
    let long = now.monotonicMilliseconds - since
    var pause = limits.versionPauseMilliseconds > quiet ? limits.versionPauseMilliseconds - quiet : 0
    pause = min(pause, limits.versionEditingMilliseconds > long ? limits.versionEditingMilliseconds - long : 0)
    let recent = sinceAutomaticMilliseconds
    if recent < limits.versionIntervalMilliseconds { pause = max(pause, limits.versionIntervalMilliseconds - recent) }
    guard pause == 0, keepAutomatically(.pause, by: editing.author, into: &actions) else {
      return arm(.version, afterMilliseconds: max(pause, limits.versionPauseMilliseconds / 8), into: &actions)
    }
    editing.sinceMilliseconds = nil
  }

  /// - Returns: whether the state of now is kept, or on its way to be.
  @discardableResult
  mutating func keepAutomatically(_ cause: NamedVersion.Cause, by author: Author, into actions: inout [RoomAction]) -> Bool {
    guard limits.versionPauseMilliseconds > 0, isAccepting else { return false }
    if appliedPosition == 0 || versions.keptPosition >= appliedPosition { return true }
    guard statesOpenCount + versions.namings.count < limits.statesOpenMax else { return false }
    begin(cause, VersionWish(), by: author, for: nil)
    return true
  }

  /// A run is about to begin with the graph of now.
  mutating func keepForRun(graphHash: [UInt8], by author: Author, into actions: inout [RoomAction]) {
    if !versions.holds(graphHash: graphHash) { keepAutomatically(.run, by: author, into: &actions) }
  }

  private mutating func begin(_ cause: NamedVersion.Cause, _ wish: VersionWish, by author: Author, for asker: VersionBook.Asker?) {
    var version = NamedVersion(
      id: hexadecimal(generator.next()), position: appliedPosition, name: wish.name, note: wish.note, author: author,
      namedAtMilliseconds: now.wallMilliseconds)
    version.cause = cause
    versions.begin(version, for: asker)
    // Its state is read from the store, so everything in it has to be there.
    queue.append(.after(.naming(version)))
  }

  // MARK: asked for from outside

  /// Answered exactly once, by `answerEdit` with this number.
  mutating func keepVersion(_ wish: VersionWish, _ number: UInt64, from id: SessionID, into actions: inout [RoomAction]) {
    func refuse(_ code: RefusalCode, _ text: String) {
      actions.append(.answerEdit(number, .refused(ErrorReport(request: 0, code: code, text: text))))
    }
    guard let session = sessions[id] else { return refuse(.unavailable, "the session is gone") }
    guard session.role >= .editor else { return refuse(.forbidden, "keeping versions takes the role editor") }
    guard wish.name.utf8.count <= limits.versionNameBytesMax, wish.note.utf8.count <= limits.versionNoteBytesMax else {
      return refuse(.tooLarge, "a name has at most \(limits.versionNameBytesMax) bytes, a note \(limits.versionNoteBytesMax)")
    }
    guard isAccepting else { return refuse(.unavailable, "nothing can be kept now") }
    let named = versions.version(named: wish.name, at: appliedPosition)
    if let present = named ?? versions.newest(at: appliedPosition), wish.name.isEmpty || named != nil || present.isAutomatic {
      return give(wish, to: present, number, into: &actions)
    }
    if versions.join(.outside(number), named: wish.name, at: appliedPosition) { return }
    guard wish.name.isEmpty || versions.namedCount < limits.versionCountMax else {
      return refuse(.limit, "a workflow has at most \(limits.versionCountMax) named versions")
    }
    guard statesOpenCount + versions.namings.count < limits.statesOpenMax else { return refuse(.rateLimited, "many states are being made") }
    begin(wish.name.isEmpty ? .asked : .named, wish, by: session.author, for: .outside(number))
  }

  /// The state of now is kept already: by this name, by none, or it gets the name.
  private mutating func give(_ wish: VersionWish, to present: NamedVersion, _ number: UInt64, into actions: inout [RoomAction]) {
    var version = present
    if !wish.name.isEmpty, present.isAutomatic {
      (version.name, version.note, version.cause) = (wish.name, wish.note, .named)
      let edit = VersionEdit.renamed(id: present.id, name: wish.name, note: wish.note)
      write(.version(edit), as: .version(edit, by: SessionID(rawValue: 0), request: 0), into: &actions)
    }
    queue.append(.after(.edited(number, .kept(version, isNew: false))))
  }

  // MARK: what became of it

  mutating func versionNotNew(_ id: String, _ present: NamedVersion?, into actions: inout [RoomAction]) {
    guard let naming = versions.finish(id) else { return }
    noteNotKept(naming.version)
    for case .outside(let number) in naming.askers {
      if let present {
        actions.append(.answerEdit(number, .kept(present, isNew: false)))
      } else {
        actions.append(.answerEdit(number, .refused(ErrorReport(request: 0, code: .conflict, text: "there is nothing to keep"))))
      }
    }
    goOnLeaving(into: &actions)
  }

  /// What could not be kept once is not tried again until something changes.
  mutating func noteNotKept(_ version: NamedVersion) {
    if version.isAutomatic { editing.settledPosition = max(editing.settledPosition, version.position) }
  }

  mutating func thinVersions(into actions: inout [RoomAction]) {
    let gone = VersionRetention.thinned(
      versions.versions, nowMilliseconds: now.wallMilliseconds, countMax: limits.automaticVersionCountMax)
    for id in gone {
      let edit = VersionEdit.dropped(id: id)
      write(.version(edit), as: .version(edit, by: SessionID(rawValue: 0), request: 0), into: &actions)
    }
  }

  // MARK: going to sleep

  /// - Returns: whether a version has to be kept first; `goOnLeaving` follows.
  mutating func keepBeforeSleep(into actions: inout [RoomAction]) -> Bool {
    guard hasUnkept, sinceAutomaticMilliseconds >= limits.versionIntervalMilliseconds,
      keepAutomatically(.pause, by: editing.author, into: &actions)
    else { return false }
    editing.sinceMilliseconds = nil
    editing.isLeaving = true
    return true
  }

  mutating func goOnLeaving(into actions: inout [RoomAction]) {
    if editing.isLeaving, versions.isIdle {
      editing.isLeaving = false
      if sessions.isEmpty, case .open = life { return unloadIfIdle(into: &actions) }
    }
    finishSaving(into: &actions)
  }
}

/// Which automatic versions stay: all of the last day, of the thirty days before the last of each, and no more than so many. Pure. Spec: HI9.
public enum VersionRetention {
  public static let dayMilliseconds: UInt64 = 86_400_000
  public static let dayCount: UInt64 = 30

  /// - Returns: ids of those that go, oldest first. Days are those of UTC.
  public static func thinned(_ versions: [NamedVersion], nowMilliseconds: UInt64, countMax: Int) -> [String] {
    let automatic = versions.filter(\.isAutomatic).sorted { ($0.namedAtMilliseconds, $0.number) > ($1.namedAtMilliseconds, $1.number) }
    var gone: [String] = []
    var keptCount = 0
    var daysSeen: Set<UInt64> = []
    for version in automatic {
      // A clock that was set back makes none older than it is.
      let age = nowMilliseconds > version.namedAtMilliseconds ? nowMilliseconds - version.namedAtMilliseconds : 0
      let isKept =
        if age < dayMilliseconds {
          true
        } else {
          age < (dayCount + 1) * dayMilliseconds && daysSeen.insert(version.namedAtMilliseconds / dayMilliseconds).inserted
        }
      if isKept, keptCount < countMax {
        keptCount += 1
      } else {
        gone.append(version.id)
      }
    }
    return gone.reversed()
  }
}
