public import Access
public import CollabProtocol
import Hashing
import RoomCore
public import Storage
public import WorkflowGraph

/// Changes of rights: durable first, then told to whoever is in the room. Spec: AC3, AC5, AC6, AC7.
extension RoomRegistry {
  public static let memberCountMax = 1000
  public static let linkCountMax = 100
  public static let keyCountMax = 1000

  /// Where webhooks last; `nil`: nowhere.
  public var webhooks: (any WebhookStore)? { store as? any WebhookStore }

  // MARK: members

  public func members(of workflow: WorkflowID) async throws(StoreError) -> [Member] {
    try await accessStore().members(of: workflow)
  }

  public func member(_ subject: String, of workflow: WorkflowID) async throws(StoreError) -> Member? {
    try await accessStore().member(subject, of: workflow)
  }

  public func setMember(_ subject: String, _ role: Role, of workflow: WorkflowID, by author: String) async throws(StoreError)
    -> AccessOutcome
  {
    let member = Member(subject: subject, role: role, addedAtMilliseconds: access.nowMilliseconds, addedBy: author)
    let outcome = try await accessStore().setMember(member, of: workflow, countMax: Self.memberCountMax)
    if outcome == .done {
      access.forget(subject, in: workflow)
      openRoom(workflow)?.tell([.memberChanged(subject: subject, role)])
    }
    return outcome
  }

  public func removeMember(_ subject: String, of workflow: WorkflowID) async throws(StoreError) -> AccessOutcome {
    let outcome = try await accessStore().removeMember(subject, of: workflow)
    if outcome == .done {
      access.forget(subject, in: workflow)
      openRoom(workflow)?.tell([.memberChanged(subject: subject, nil)])
    }
    return outcome
  }

  /// Workflows of which a subject is a member, in id order.
  public func workflows(
    of subject: String, as filter: MemberFilter, after id: WorkflowID?, limit: Int
  ) async throws(StoreError) -> [WorkflowID] {
    try await accessStore().workflows(of: subject, as: filter, after: id, limit: limit)
  }

  public func existing(_ workflows: [WorkflowID]) async throws(StoreError) -> [WorkflowID] {
    try await accessStore().existing(workflows)
  }

  /// Who is connected now, at most `limit`, and how many are.
  public func present(in workflow: WorkflowID, limit: Int) async -> (participants: [Participant], count: Int) {
    guard let room = openRoom(workflow) else { return ([], 0) }
    return await withCheckedContinuation { answer in room.onLoop { answer.resume(returning: $0.present(limit: limit)) } }
  }

  // MARK: share links

  public func links(of workflow: WorkflowID) async throws(StoreError) -> [ShareLink] {
    let now = access.nowMilliseconds
    return try await accessStore().links(of: workflow).filter { $0.expiresAtMilliseconds ?? .max > now }
  }

  /// - Parameter id: from `freshCredentialID`.
  /// - Returns: the link and the token to show once; `nil` with the reason.
  public func makeLink(
    _ id: String, to workflow: WorkflowID, role: Role, name: String, expiresAtMilliseconds: UInt64?, by author: String
  ) async throws(StoreError) -> (made: (link: ShareLink, token: String)?, outcome: AccessOutcome) {
    precondition(role < .owner, "a link makes no owner")
    let secret = freshCredential(.link, id)
    let link = ShareLink(
      id: secret.id, workflow: workflow, secretDigest: secret.secretDigest, role: role, name: name, madeBy: author,
      madeAtMilliseconds: access.nowMilliseconds, expiresAtMilliseconds: expiresAtMilliseconds)
    let store = try accessStore()
    var outcome = try await store.addLink(link, countMax: Self.linkCountMax)
    if outcome == .full {
      // Those that ended by themselves make room.
      for old in try await store.links(of: workflow) where old.expiresAtMilliseconds ?? .max <= link.madeAtMilliseconds {
        _ = try await store.removeLink(old.id, of: workflow)
      }
      outcome = try await store.addLink(link, countMax: Self.linkCountMax)
    }
    return (outcome == .done ? (link, secret.token) : nil, outcome)
  }

  public func revokeLink(_ id: String, of workflow: WorkflowID) async throws(StoreError) -> AccessOutcome {
    let outcome = try await accessStore().removeLink(id, of: workflow)
    if outcome == .done {
      access.forget(link: id)
      openRoom(workflow)?.tell([.credentialRevoked(ShareLink.credential(of: id))])
    }
    return outcome
  }

  // MARK: keys

  public func keys() async throws(StoreError) -> [APIKey] { try await accessStore().keys() }

  /// `key` with an id from `freshCredentialID`; its secret is made here.
  public func makeKey(_ key: APIKey) async throws(StoreError) -> (made: (key: APIKey, token: String)?, outcome: AccessOutcome) {
    let secret = freshCredential(.key, key.id)
    var key = key
    key.secretDigest = secret.secretDigest
    let outcome = try await accessStore().addKey(key, countMax: Self.keyCountMax)
    return (outcome == .done ? (key, secret.token) : nil, outcome)
  }

  public func revokeKey(_ id: String) async throws(StoreError) -> AccessOutcome {
    let outcome = try await accessStore().removeKey(id)
    if outcome == .done {
      access.forget(key: id)
      for room in openRooms { room.tell([.credentialRevoked(APIKey.credential(of: id))]) }
    }
    return outcome
  }

  // MARK: pieces

  private func accessStore() throws(StoreError) -> any AccessStore {
    guard let store = access.store else { throw StoreError(.unavailable, "this store keeps no rights") }
    return store
  }

  /// For a key or a link that is to be made.
  public func freshCredentialID() -> String { Hex.encode(environment.secret(StoredCredential.idBytes)) }

  private func freshCredential(_ kind: StoredCredential.Kind, _ id: String) -> (id: String, token: String, secretDigest: [UInt8]) {
    guard let bytes = Hex.decode(id), bytes.count == StoredCredential.idBytes else { preconditionFailure("an id of freshCredentialID") }
    return StoredCredential.make(kind, idBytes: bytes, secret: environment.secret(StoredCredential.secretBytes))
  }
}
