public import CollabProtocol
import NIOCore
public import WorkflowDocument

// The past, as seen by who asks for it. All throw `ClientError.refused`, also when the connection ends before the answer, and `ClientStop`.
extension CollabSession {
  /// A page of the timeline, newest first.
  ///
  /// - Parameters:
  ///   - position: changes before it; 0: from the newest on; then the page before's `nextBefore`.
  ///   - count: changes to be looked at; 0: as many as the server likes.
  public func history(before position: UInt64 = 0, count: UInt32 = 0) async throws -> HistoryPage {
    guard case .page(let page) = try await ask({ .history(HistoryRequest(request: $0, before: position, count: count)) }) else {
      throw Self.oddAnswer
    }
    return page
  }

  /// The workflow as it was at `position`, a document of its own. Spec: HI4.
  public func state(at position: UInt64) async throws -> WorkflowDocument {
    try await state { StateRequest(request: $0, position: position) }
  }

  /// The workflow as it was in a named version.
  public func state(of version: NamedVersion) async throws -> WorkflowDocument {
    try await state { StateRequest(request: $0, version: version.id) }
  }

  private func state(_ request: @Sendable (UInt64) -> StateRequest) async throws -> WorkflowDocument {
    guard case .state(let document, _) = try await ask({ .stateAt(request($0)) }) else { throw Self.oddAnswer }
    return document
  }

  /// By position, then id.
  public func listVersions() async throws -> [NamedVersion] { try await list { .listVersions(ListVersions(request: $0)) }.versions }

  /// Names what is there when the server hears of it, or an earlier position. Done once it is kept.
  public func nameVersion(_ name: String, note: String = "", position: UInt64 = 0) async throws -> NamedVersion {
    let list = try await list { .nameVersion(NameVersion(request: $0, position: position, name: name, note: note)) }
    guard let named = list.versions.first(where: { $0.id == list.named }) else { throw Self.oddAnswer }
    return named
  }

  public func renameVersion(_ version: NamedVersion, to name: String, note: String = "") async throws {
    _ = try await list { .renameVersion(RenameVersion(request: $0, version: version.id, name: name, note: note)) }
  }

  public func dropVersion(_ version: NamedVersion) async throws {
    _ = try await list { .dropVersion(DropVersion(request: $0, version: version.id)) }
  }

  /// Makes the workflow what `old` was: an ordinary edit and one undo step, of as many changes as the limits take. Comments stay. Spec: HI6.
  ///
  /// - Returns: the changes; none when nothing differs.
  ///
  /// Beside another big edit of the same moment not all may fit; what is left is made again from what is there by then, `restoredInPart` tells when that
  /// does not help.
  /// - Throws: as `edit`; then nothing of it was done.
  @discardableResult
  public func restore(_ old: WorkflowDocument) throws -> [Change] {
    if let stop = machine.stop { throw stop }
    defer { scheduleFlush() }
    return try machine.restore(old, at: .now())
  }

  private func list(_ make: @Sendable (UInt64) -> ClientMessage) async throws -> VersionList {
    guard case .versions(let list) = try await ask(make) else { throw Self.oddAnswer }
    return list
  }

  private static let oddAnswer = ClientError.refused(.invalid, "the server answered something else")

  /// Shows the server a fresh token of the same subject, without a reconnect; it is what the next connection shows as well. Spec: AC9.
  ///
  /// - Returns: the role from now on, and when the token ends.
  /// - Throws: also when the token is not believed; then nothing changes.
  @discardableResult
  public func refreshToken(_ token: String) async throws -> RoleChanged {
    guard case .role(let changed) = try await request({ .showToken(token, request: $0) }) else { throw Self.oddAnswer }
    return changed
  }

  private func ask(_ make: @Sendable (UInt64) -> ClientMessage) async throws -> PastRequests.Answer {
    try await request { .ask(make($0), request: $0) }
  }

  private func request(_ make: @Sendable (UInt64) -> ReplicaEvent) async throws -> PastRequests.Answer {
    try await live()
    if let stop = machine.stop { throw stop }
    try Task.checkCancellation()
    let request = newRequestNumber()
    let event = make(request)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        pastRequests.add(request, continuation)
        handle(event)
      }
    } onCancel: {
      eventLoop.execute { self.assumeIsolated { $0.pastRequests.fail(request, CancellationError()) } }
    }
  }
}
