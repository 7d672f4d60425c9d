public import Access
import CollabProtocol
public import WorkflowGraph

/// Members, links and keys of a store in memory. O(what is there): for tests and for servers that keep nothing.
struct MemoryAccess: Sendable {
  var members: [WorkflowID: [String: Member]] = [:]
  var links: [String: ShareLink] = [:]
  var keys: [String: APIKey] = [:]

  mutating func forget(_ workflow: WorkflowID) {
    members[workflow] = nil
    links = links.filter { $0.value.workflow != workflow }
  }

  /// Whether a workflow would have no owner if this subject were none.
  private func isLastOwner(_ subject: String, of workflow: WorkflowID) -> Bool {
    let owners = (members[workflow] ?? [:]).values.filter { $0.role == .owner }
    return owners.count == 1 && owners[0].subject == subject
  }

  mutating func set(_ member: Member, of workflow: WorkflowID, countMax: Int) -> AccessOutcome {
    if member.role != .owner, isLastOwner(member.subject, of: workflow) { return .lastOwner }
    if members[workflow]?[member.subject] != nil {
      members[workflow]?[member.subject]?.role = member.role
      return .done
    }
    guard (members[workflow] ?? [:]).count < countMax else { return .full }
    members[workflow, default: [:]][member.subject] = member
    return .done
  }

  mutating func remove(_ subject: String, of workflow: WorkflowID) -> AccessOutcome {
    guard members[workflow]?[subject] != nil else { return .unknown }
    guard !isLastOwner(subject, of: workflow) else { return .lastOwner }
    members[workflow]?[subject] = nil
    return .done
  }
}

extension InMemoryWorkflowStore: AccessStore {
  public func member(_ subject: String, of workflow: WorkflowID) async throws(StoreError) -> Member? {
    try await perform { contents throws(StoreError) in contents.access.members[workflow]?[subject] }
  }

  public func members(of workflow: WorkflowID) async throws(StoreError) -> [Member] {
    try await perform { contents throws(StoreError) in
      (contents.access.members[workflow] ?? [:]).values.sorted { $0.subject.utf8.lexicographicallyPrecedes($1.subject.utf8) }
    }
  }

  public func setMember(_ member: Member, of workflow: WorkflowID, countMax: Int) async throws(StoreError) -> AccessOutcome {
    try await perform { contents throws(StoreError) in
      guard contents.workflows[workflow] != nil else { return .unknown }
      return contents.access.set(member, of: workflow, countMax: countMax)
    }
  }

  public func removeMember(_ subject: String, of workflow: WorkflowID) async throws(StoreError) -> AccessOutcome {
    try await perform { contents throws(StoreError) in contents.access.remove(subject, of: workflow) }
  }

  public func workflows(
    of subject: String, as filter: MemberFilter, after id: WorkflowID?, limit: Int
  ) async throws(StoreError) -> [WorkflowID] {
    try await perform { contents throws(StoreError) in
      let names = contents.access.members.filter { name, members in
        guard let member = members[subject], filter == .anyRole || member.role == .owner else { return false }
        return id.map { $0 < name } ?? true
      }
      return Array(names.keys.sorted().prefix(max(0, limit)))
    }
  }

  public func existing(_ workflows: [WorkflowID]) async throws(StoreError) -> [WorkflowID] {
    try await perform { contents throws(StoreError) in workflows.filter { contents.workflows[$0] != nil } }
  }

  public func addLink(_ link: ShareLink, countMax: Int) async throws(StoreError) -> AccessOutcome {
    try await perform { contents throws(StoreError) in
      guard contents.workflows[link.workflow] != nil else { return .unknown }
      guard contents.access.links.values.count(where: { $0.workflow == link.workflow }) < countMax else { return .full }
      contents.access.links[link.id] = link
      return .done
    }
  }

  public func link(_ id: String) async throws(StoreError) -> ShareLink? {
    try await perform { contents throws(StoreError) in contents.access.links[id] }
  }

  public func links(of workflow: WorkflowID) async throws(StoreError) -> [ShareLink] {
    try await perform { contents throws(StoreError) in
      contents.access.links.values.filter { $0.workflow == workflow }
        .sorted { ($0.madeAtMilliseconds, $0.id) < ($1.madeAtMilliseconds, $1.id) }
    }
  }

  public func removeLink(_ id: String, of workflow: WorkflowID) async throws(StoreError) -> AccessOutcome {
    try await perform { contents throws(StoreError) in
      guard contents.access.links[id]?.workflow == workflow else { return .unknown }
      contents.access.links[id] = nil
      return .done
    }
  }

  public func addKey(_ key: APIKey, countMax: Int) async throws(StoreError) -> AccessOutcome {
    try await perform { contents throws(StoreError) in
      guard contents.access.keys.count < countMax else { return .full }
      contents.access.keys[key.id] = key
      return .done
    }
  }

  public func key(_ id: String) async throws(StoreError) -> APIKey? {
    try await perform { contents throws(StoreError) in contents.access.keys[id] }
  }

  public func keys() async throws(StoreError) -> [APIKey] {
    try await perform { contents throws(StoreError) in contents.access.keys.values.sorted { $0.id < $1.id } }
  }

  public func removeKey(_ id: String) async throws(StoreError) -> AccessOutcome {
    try await perform { contents throws(StoreError) in contents.access.keys.removeValue(forKey: id) == nil ? .unknown : .done }
  }

  public func noteUse(ofKey id: String, atMilliseconds: UInt64) async throws(StoreError) {
    try await perform { contents throws(StoreError) in
      guard let known = contents.access.keys[id] else { return }
      contents.access.keys[id]?.usedAtMilliseconds = max(known.usedAtMilliseconds ?? 0, atMilliseconds)
    }
  }
}
