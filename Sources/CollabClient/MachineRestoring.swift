import CollabProtocol
public import WorkflowDocument

/// A restore of several changes, until all of them are durable. Spec: HI6, UN3.
struct Restoring: Sendable {
  let old: WorkflowDocument
  let group: String
  var tries = 1
  /// One of its changes was refused for want of room.
  var isBroken = false
  /// When what is left of it is made again, on the uptime clock.
  var againAt: UInt64?
}

// What goes and what comes are changes of their own, and beside another big edit of the same moment a later one may be refused for want of
// room. Then the difference that is left is made again, from what the server holds by then.
extension ReplicaMachine {
  /// Beyond so many tries in a row somebody has to decide.
  private static var triesMax: Int { 6 }
  /// Before another try; doubles with each.
  private static var restorePauseMilliseconds: UInt64 { 100 }

  /// Makes the document what `old` holds: one undo step, of as many changes as the limits take. Comments stay. Spec: HI6, UN3.
  @discardableResult
  public mutating func restore(_ old: WorkflowDocument, at now: ClientTime) throws(ClientError) -> [Change] {
    restoring = nil
    let begun = Restoring(old: old, group: "restore \(nextSeq)")
    let changes = try restoreParts(begun, at: now)
    if changes.count > 1 { restoring = begun }
    return changes
  }

  private mutating func restoreParts(_ restoring: Restoring, at now: ClientTime) throws(ClientError) -> [Change] {
    try parts(of: document.ops(restoring: restoring.old), at: now) { machine, change in
      machine.undoStack.record(change, before: machine.document, group: restoring.group, keepsEdgeOrder: true)
    }
  }

  /// A change was refused for good. Returns whether what it held is made again.
  mutating func restoreRefused(_ code: RefusalCode) -> Bool {
    guard code == .limit, let tries = restoring?.tries else { return false }
    restoring?.isBroken = true
    return tries < Self.triesMax
  }

  /// Something else was done here: to go on would undo it.
  mutating func endRestoring() {
    if restoring?.isBroken == true { restoreEnd = "something else was edited before all of it was there" }
    restoring = nil
  }

  /// After each event: done, or tried again after a pause that differs from that of whoever is in the way.
  mutating func goOnRestoring(at now: ClientTime, into actions: inout [ReplicaAction]) {
    defer {
      if let why = restoreEnd { actions.append(.notify(.restoredInPart("only a part was restored: \(why); restore again, or undo"))) }
      restoreEnd = nil
    }
    guard let begun = restoring, pending.isEmpty, isLive else { return }
    guard begun.isBroken else {
      restoring = nil
      return
    }
    guard let due = begun.againAt else {
      let most = Self.restorePauseMilliseconds << UInt64(begun.tries)
      restoring?.againAt = now.uptimeMilliseconds + UInt64.random(in: 0...most, using: &random)
      return
    }
    guard now.uptimeMilliseconds >= due else { return }
    restoring = nil
    do throws(ClientError) {
      var again = begun
      again.tries += 1
      again.isBroken = false
      again.againAt = nil
      guard begun.tries < Self.triesMax || document.ops(restoring: begun.old).isEmpty else {
        restoreEnd = "others change too much at the same moment"
        return
      }
      let changes = try restoreParts(again, at: now)
      if !changes.isEmpty { restoring = again }
    } catch {
      restoreEnd = "\(error)"
    }
  }

  /// When the next try is due; `nil`: not before something else happens.
  var restoreDeadline: UInt64? { isLive ? restoring?.againAt : nil }
}
