import Access
import CollabProtocol
import Hashing
import Rooms
import Storage
import WorkflowGraph

/// The workflows that a caller may see, page by page in id order. A page, and what leads to the next, names no other. Spec: AC10.
struct WorkflowList: Sendable {
  struct Page: Sendable {
    var workflows: [(id: WorkflowID, role: Role)] = []
    /// The last one looked at, when there may be more.
    var last: WorkflowID?
  }

  /// How many of the caller's own a page looks at for those of somebody else.
  static let lookedAtMax = 1000

  let registry: RoomRegistry
  let principal: Principal

  /// - Parameter owner: a subject, for its own ones only; `nil`: all.
  func page(after: WorkflowID?, limit: Int, owner: String?) async throws(StoreError) -> Page {
    guard let owner else { return try await page(of: try await visible(after: after, limit: limit + 1), limit: limit) }
    if owner == principal.subject || principal.everywhere != nil {
      return try await page(of: try await registry.workflows(of: owner, as: .owner, after: after, limit: limit + 1), limit: limit)
    }
    return try await shared(with: owner, after: after, limit: limit)
  }

  private func page(of ids: [WorkflowID], limit: Int) async throws(StoreError) -> Page {
    var page = Page()
    for id in ids.prefix(limit) {
      guard let role = try await role(in: id) else { continue }
      page.workflows.append((id, role))
    }
    if ids.count > limit { page.last = ids[limit - 1] }
    return page
  }

  private func role(in id: WorkflowID) async throws(StoreError) -> Role? {
    let rights = principal.rights(in: id, member: nil)
    guard principal.founder != nil, rights.dependsOnMembership else { return rights.role }
    return principal.rights(in: id, member: try await registry.access.role(of: principal.subject, in: id)).role
  }

  private func visible(after: WorkflowID?, limit: Int) async throws(StoreError) -> [WorkflowID] {
    if principal.everywhere != nil { return try await registry.workflows(after: after, limit: limit) }
    var ids: Set<WorkflowID> = []
    if let subject = principal.founder {
      ids.formUnion(try await registry.workflows(of: subject, as: .anyRole, after: after, limit: limit))
    }
    // A token names few.
    let named = principal.workflows.keys.filter { id in after.map { $0 < id } ?? true }
    if !named.isEmpty { ids.formUnion(try await registry.existing(named)) }
    return Array(ids.sorted().prefix(limit))
  }

  /// Those of the caller's own that `owner` owns.
  private func shared(with owner: String, after: WorkflowID?, limit: Int) async throws(StoreError) -> Page {
    var page = Page()
    var last = after
    var lookedAt = 0
    while lookedAt < Self.lookedAtMax {
      let ids = try await visible(after: last, limit: 100)
      for id in ids {
        if page.workflows.count == limit {
          page.last = last
          return page
        }
        lookedAt += 1
        last = id
        guard try await registry.access.role(of: owner, in: id) == .owner, let role = try await role(in: id) else { continue }
        page.workflows.append((id, role))
      }
      if ids.count < 100 { return page }
    }
    page.last = last
    return page
  }

  // MARK: where the next page begins

  private static let mark = "after "

  static func cursor(_ id: WorkflowID) -> String { Base64.encode(Array((mark + id.rawValue).utf8), .url) }

  /// - Returns: `nil` for a text that none of our pages had.
  static func workflow(ofCursor text: String) -> WorkflowID? {
    guard let bytes = Base64.decodeURL(text), let plain = String(validating: bytes, as: UTF8.self), plain.hasPrefix(mark) else {
      return nil
    }
    return WorkflowID(String(plain.dropFirst(mark.count)))
  }
}
