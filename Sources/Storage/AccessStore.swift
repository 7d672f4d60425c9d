public import Access
public import WorkflowGraph

/// Where members, share links and API keys last: beside the workflows, in the same file. Spec: ST8.
///
/// What a call answers is durable. Members and links go with their workflow. Reads go by index; nothing here grows beyond the counts that its
/// callers give, but the members of all workflows together. Safe to call from any thread.
public protocol AccessStore: Sendable {
  /// What a subject is in a workflow; `nil`: no member, or there is no such workflow.
  func member(_ subject: String, of workflow: WorkflowID) async throws(StoreError) -> Member?
  /// By subject, in byte order.
  func members(of workflow: WorkflowID) async throws(StoreError) -> [Member]
  /// Makes a member, or gives it another role; `addedAtMilliseconds` and `addedBy` of one that is there stay.
  func setMember(_ member: Member, of workflow: WorkflowID, countMax: Int) async throws(StoreError) -> AccessOutcome
  func removeMember(_ subject: String, of workflow: WorkflowID) async throws(StoreError) -> AccessOutcome
  /// Workflows of which a subject is a member, or the owner, in id order after `id`, at most `limit`.
  func workflows(
    of subject: String, as filter: MemberFilter, after id: WorkflowID?, limit: Int
  ) async throws(StoreError) -> [WorkflowID]
  /// Those of `workflows` that exist, in any order.
  func existing(_ workflows: [WorkflowID]) async throws(StoreError) -> [WorkflowID]

  func addLink(_ link: ShareLink, countMax: Int) async throws(StoreError) -> AccessOutcome
  func link(_ id: String) async throws(StoreError) -> ShareLink?
  /// In the order in which they were made.
  func links(of workflow: WorkflowID) async throws(StoreError) -> [ShareLink]
  func removeLink(_ id: String, of workflow: WorkflowID) async throws(StoreError) -> AccessOutcome

  func addKey(_ key: APIKey, countMax: Int) async throws(StoreError) -> AccessOutcome
  func key(_ id: String) async throws(StoreError) -> APIKey?
  /// By id.
  func keys() async throws(StoreError) -> [APIKey]
  func removeKey(_ id: String) async throws(StoreError) -> AccessOutcome
  /// Notes that a key was used, unless a later use is noted.
  func noteUse(ofKey id: String, atMilliseconds: UInt64) async throws(StoreError)
}

/// What became of a change of rights.
public enum AccessOutcome: Hashable, Sendable {
  case done
  /// There is no such workflow, member, link or key.
  case unknown
  /// The workflow would be left without an owner.
  case lastOwner
  /// As many as may be are there.
  case full
}

/// Which memberships count in a list.
public enum MemberFilter: Hashable, Sendable {
  case anyRole, owner
}
