public import Access
public import CollabProtocol
import RoomCore
public import Storage
import Synchronization
public import WorkflowGraph

/// Members, share links and API keys: what the store says, and what it said a moment ago.
///
/// Everything that is known holds until it is changed, and all changes go through here or the registry: the file belongs to this process. Known
/// is only what is there, so that nobody can fill the memory with names; at most `countMax` of each. One short lock per look.
public final class AccessBook: Sendable {
  private struct Place: Hashable {
    var workflow: WorkflowID
    var subject: String
  }

  private struct State {
    var members: [Place: Role] = [:]
    var links: [String: ShareLink] = [:]
    var keys: [String: APIKey] = [:]
    /// Changes so far: what was read before one may be old.
    var revision: UInt64 = 0
  }

  static let countMax = 8192

  let store: (any AccessStore)?
  private let environment: RoomEnvironment
  private let state = Mutex(State())

  init(_ store: (any AccessStore)?, environment: RoomEnvironment) {
    self.store = store
    self.environment = environment
  }

  /// Grows with every change of rights.
  public var revision: UInt64 { state.withLock { $0.revision } }

  public var nowMilliseconds: UInt64 { environment.now().wallMilliseconds }

  // MARK: looking

  /// What is known without asking the store; `nil`: it has to be asked.
  public func knownRole(of subject: String, in workflow: WorkflowID) -> Role? {
    state.withLock { $0.members[Place(workflow: workflow, subject: subject)] }
  }

  /// - Returns: `nil`: no member.
  public func role(of subject: String, in workflow: WorkflowID) async throws(StoreError) -> Role? {
    if let known = knownRole(of: subject, in: workflow) { return known }
    let before = revision
    guard let role = try await store?.member(subject, of: workflow)?.role else { return nil }
    remember(since: before) { Self.put(role, under: Place(workflow: workflow, subject: subject), in: &$0.members) }
    return role
  }

  /// What a token of the store's own stands for; `nil`: it has to be asked for with `principal`.
  public func knownPrincipal(of credential: StoredCredential) -> Principal?? {
    let (link, key) = state.withLock { ($0.links[credential.id], $0.keys[credential.id]) }
    switch credential.kind {
    case .link: return link.map { Self.principal(of: $0, credential) }
    case .key: return key.map { Self.principal(of: $0, credential) }
    }
  }

  /// - Returns: `nil` for one that is unknown, revoked, or shown with another secret. Whether it has expired its principal says.
  public func principal(of credential: StoredCredential) async throws(StoreError) -> Principal? {
    if let known = knownPrincipal(of: credential) { return known }
    let before = revision
    switch credential.kind {
    case .link:
      guard let link = try await store?.link(credential.id) else { return nil }
      remember(since: before) { Self.put(link, under: link.id, in: &$0.links) }
      return Self.principal(of: link, credential)
    case .key:
      guard let key = try await store?.key(credential.id) else { return nil }
      remember(since: before) { Self.put(key, under: key.id, in: &$0.keys) }
      return Self.principal(of: key, credential)
    }
  }

  /// The subject that made a link; empty when there is no such link.
  public func maker(ofLink id: String) async throws(StoreError) -> String {
    if let known = state.withLock({ $0.links[id]?.madeBy }) { return known }
    return try await store?.link(id)?.madeBy ?? ""
  }

  private static func principal(of link: ShareLink, _ credential: StoredCredential) -> Principal? {
    link.hasSecret(of: credential) ? link.principal(guest: credential.guest) : nil
  }

  private static func principal(of key: APIKey, _ credential: StoredCredential) -> Principal? {
    key.hasSecret(of: credential) ? key.principal : nil
  }

  /// Notes the use of a key, once an hour; the store is told behind the caller's back.
  public func noteUse(of credential: StoredCredential) {
    guard credential.kind == .key, let store else { return }
    let now = nowMilliseconds
    let hour = now - now % APIKey.useGrainMilliseconds
    let isNew = state.withLock { state in
      guard let key = state.keys[credential.id], key.usedAtMilliseconds ?? 0 < hour else { return false }
      state.keys[credential.id]?.usedAtMilliseconds = hour
      return true
    }
    // Nobody's rights depend on it: a failure is made good an hour later.
    if isNew { environment.task { try? await store.noteUse(ofKey: credential.id, atMilliseconds: hour) } }
  }

  // MARK: changing

  /// Rights in this workflow are to be read anew.
  func forget(_ workflow: WorkflowID) {
    state.withLock { state in
      state.revision += 1
      state.members = state.members.filter { $0.key.workflow != workflow }
      state.links = state.links.filter { $0.value.workflow != workflow }
    }
  }

  func forget(_ subject: String, in workflow: WorkflowID) {
    state.withLock { state in
      state.revision += 1
      state.members[Place(workflow: workflow, subject: subject)] = nil
    }
  }

  func forget(link: String) {
    state.withLock { state in
      state.revision += 1
      state.links[link] = nil
    }
  }

  func forget(key: String) {
    state.withLock { state in
      state.revision += 1
      state.keys[key] = nil
    }
  }

  /// What was read before a change may be what it was before: it is not kept.
  private func remember(since revision: UInt64, _ put: (inout State) -> Void) {
    state.withLock { state in if state.revision == revision { put(&state) } }
  }

  /// Beyond `countMax` another one goes, whichever.
  private static func put<Key: Hashable, Value>(_ value: Value, under key: Key, in table: inout [Key: Value]) {
    if table.count >= countMax, table[key] == nil, let other = table.keys.first { table[other] = nil }
    table[key] = value
  }
}
