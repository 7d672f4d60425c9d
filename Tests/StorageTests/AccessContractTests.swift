import Access
import CollabProtocol
import Foundation
import GRDB
import SQLiteStorage
import Storage
import Testing
import WorkflowDocument
import WorkflowGraph

/// What every store must do about members, links and keys.
@Suite struct AccessContractTests {
  private func with(_ kind: StoreKind, _ body: (any WorkflowStore, any AccessStore) async throws -> Void) async throws {
    try await kind.withStore { store in try await body(store, try #require(store as? any AccessStore)) }
  }

  private func member(_ subject: String, _ role: Role = .editor, at time: UInt64 = 5, by author: String = "ada") -> Member {
    Member(subject: subject, role: role, addedAtMilliseconds: time, addedBy: author)
  }

  private func link(_ id: String, to workflow: WorkflowID = .demo, at time: UInt64 = 1, end: UInt64? = nil) -> ShareLink {
    ShareLink(
      id: id, workflow: workflow, secretDigest: [UInt8](repeating: 1, count: 32), role: .viewer, name: "é “link”", madeBy: "ada",
      madeAtMilliseconds: time, expiresAtMilliseconds: end)
  }

  private func key(_ id: String, workflows: [WorkflowID]? = nil) -> APIKey {
    APIKey(
      id: id, secretDigest: [UInt8](repeating: 2, count: 32), name: "ci", role: .owner, kind: .agent, workflows: workflows, madeBy: "ada",
      madeAtMilliseconds: .max, expiresAtMilliseconds: 9)
  }

  @Test("[ST8, AC4] a workflow's first member comes with it and goes with it, and so do links", arguments: StoreKind.allCases)
  func founder(kind: StoreKind) async throws {
    try await with(kind) { (store: any WorkflowStore, access: any AccessStore) async throws in
      let ada = Member(subject: "ada", role: .owner, addedAtMilliseconds: 3)
      #expect(try await store.create(.demo, founder: ada))
      #expect(try await !store.create(.demo, founder: member("eve", .owner)))
      #expect(try await access.members(of: .demo) == [ada])
      #expect(try await access.addLink(link("l1"), countMax: 9) == .done)
      #expect(try await store.delete(.demo))
      #expect(try await access.member("ada", of: .demo) == nil)
      #expect(try await access.link("l1") == nil)
      #expect(try await access.workflows(of: "ada", as: .anyRole, after: nil, limit: 9) == [])
      #expect(try await store.create(.demo, founder: nil))
      #expect(try await access.members(of: .demo) == [])
      #expect(try await access.links(of: .demo) == [])
    }
  }

  @Test("[ST8, AC3] members are made, changed and removed; the last owner stays; there is a bound", arguments: StoreKind.allCases)
  func members(kind: StoreKind) async throws {
    try await with(kind) { (store: any WorkflowStore, access: any AccessStore) async throws in
      _ = try await store.create(.demo, founder: Member(subject: "ada", role: .owner, addedAtMilliseconds: 3))
      #expect(try await access.setMember(member("bob"), of: .demo, countMax: 3) == .done)
      #expect(try await access.setMember(member("bob", .runner, at: 99, by: "eve"), of: .demo, countMax: 3) == .done)
      #expect(try await access.member("bob", of: .demo) == member("bob", .runner), "when and by whom it was added stays")
      #expect(try await access.setMember(member("é \u{1F600}"), of: .demo, countMax: 3) == .done)
      #expect(try await access.setMember(member("dan"), of: .demo, countMax: 3) == .full)
      #expect(try await access.members(of: .demo).map(\.subject) == ["ada", "bob", "é \u{1F600}"])

      #expect(try await access.setMember(member("ada", .editor), of: .demo, countMax: 3) == .lastOwner)
      #expect(try await access.removeMember("ada", of: .demo) == .lastOwner)
      #expect(try await access.setMember(member("ada", .owner), of: .demo, countMax: 3) == .done, "what it is already")
      #expect(try await access.setMember(member("bob", .owner), of: .demo, countMax: 3) == .done)
      #expect(try await access.removeMember("ada", of: .demo) == .done)
      #expect(try await access.removeMember("ada", of: .demo) == .unknown)
      #expect(try await access.removeMember("bob", of: .other) == .unknown)
      #expect(try await access.setMember(member("bob"), of: .other, countMax: 3) == .unknown)
      #expect(try await access.member("bob", of: .other) == nil)
    }
  }

  @Test("[ST8, AC10] somebody's workflows come in id order, page by page", arguments: StoreKind.allCases)
  func lists(kind: StoreKind) async throws {
    try await with(kind) { (store: any WorkflowStore, access: any AccessStore) async throws in
      for number in 0..<9 {
        let id = try #require(WorkflowID("w\(number)"))
        _ = try await store.create(id, founder: Member(subject: number % 2 == 0 ? "ada" : "bob", role: .owner, addedAtMilliseconds: 1))
        if number % 3 == 0 { _ = try await access.setMember(member("ada", number % 2 == 0 ? .owner : .viewer), of: id, countMax: 9) }
      }
      func names(_ filter: MemberFilter, after: String?, _ limit: Int) async throws -> [String] {
        try await access.workflows(of: "ada", as: filter, after: after.flatMap { WorkflowID($0) }, limit: limit).map(\.rawValue)
      }
      #expect(try await names(.owner, after: nil, 9) == ["w0", "w2", "w4", "w6", "w8"])
      #expect(try await names(.anyRole, after: nil, 3) == ["w0", "w2", "w3"])
      #expect(try await names(.anyRole, after: "w3", 3) == ["w4", "w6", "w8"])
      #expect(try await names(.anyRole, after: "w8", 3) == [])
      #expect(try await names(.anyRole, after: nil, 0) == [])
      let some = ["w1", "none", "w8"].compactMap { WorkflowID($0) }
      #expect(try await access.existing(some).map(\.rawValue) == ["w1", "w8"])
    }
  }

  @Test("[ST8, AC6] links are found by id, listed by age, removed only from their workflow", arguments: StoreKind.allCases)
  func links(kind: StoreKind) async throws {
    try await with(kind) { (store: any WorkflowStore, access: any AccessStore) async throws in
      _ = try await store.create(.demo)
      _ = try await store.create(.other)
      #expect(try await access.addLink(link("b", at: 2, end: 77), countMax: 2) == .done)
      #expect(try await access.addLink(link("c", at: 1), countMax: 2) == .done)
      #expect(try await access.addLink(link("d"), countMax: 2) == .full)
      #expect(try await access.addLink(link("a", to: .other), countMax: 2) == .done)
      #expect(try await access.addLink(link("x", to: try #require(WorkflowID("none"))), countMax: 2) == .unknown)
      #expect(try await access.links(of: .demo) == [link("c", at: 1), link("b", at: 2, end: 77)])
      #expect(try await access.link("b") == link("b", at: 2, end: 77))
      #expect(try await access.removeLink("b", of: .other) == .unknown)
      #expect(try await access.removeLink("b", of: .demo) == .done)
      #expect(try await access.removeLink("b", of: .demo) == .unknown)
      #expect(try await access.link("b") == nil)
    }
  }

  @Test(
    "[ST8, AC5] keys are kept with their scope; no scope and all workflows differ from none; uses only grow", arguments: StoreKind.allCases)
  func keys(kind: StoreKind) async throws {
    try await with(kind) { (_: any WorkflowStore, access: any AccessStore) async throws in
      #expect(try await access.addKey(key("b"), countMax: 3) == .done)
      #expect(try await access.addKey(key("a", workflows: []), countMax: 3) == .done)
      #expect(try await access.addKey(key("c", workflows: [.demo, .other]), countMax: 3) == .done)
      #expect(try await access.addKey(key("d"), countMax: 3) == .full)
      #expect(try await access.keys() == [key("a", workflows: []), key("b"), key("c", workflows: [.demo, .other])])
      try await access.noteUse(ofKey: "b", atMilliseconds: 50)
      try await access.noteUse(ofKey: "b", atMilliseconds: 40)
      try await access.noteUse(ofKey: "none", atMilliseconds: 40)
      var used = key("b")
      used.usedAtMilliseconds = 50
      #expect(try await access.key("b") == used)
      #expect(try await access.removeKey("b") == .done)
      #expect(try await access.removeKey("b") == .unknown)
      #expect(try await access.key("b") == nil)
    }
  }

  @Test("[ST8] rights are there after a restart, and the walk along somebody's workflows sorts nothing")
  func restart() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      let before = try SQLiteStore(path: path)
      _ = try await before.create(.demo, founder: Member(subject: "ada", role: .owner, addedAtMilliseconds: 3))
      _ = try await before.addLink(link("l"), countMax: 9)
      _ = try await before.addKey(key("k"), countMax: 9)
      await before.close()
      let queue = try DatabaseQueue(path: path)
      for filter in ["", "AND role = 5"] {
        let sql = "EXPLAIN QUERY PLAN SELECT name FROM members WHERE subject = 'a' AND name > 'b' \(filter) ORDER BY name LIMIT 9"
        let plan = try await queue.read { try Row.fetchAll($0, sql: sql).map { $0["detail"] as String } }
        #expect(plan.count == 1 && plan[0].contains("INDEX"), "\(plan)")
      }
      try queue.close()
      let store = try SQLiteStore(path: path)
      #expect(try await store.member("ada", of: .demo)?.role == .owner)
      #expect(try await store.link("l") == link("l"))
      #expect(try await store.key("k") == key("k"))
      await store.close()
    }
  }
}
