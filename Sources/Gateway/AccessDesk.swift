import Access
import CollabProtocol
import NIOCore
import Rooms
import Storage
import WorkflowDocument
import WorkflowGraph

/// The door: who shows a token, and what that subject may do in a workflow. The same for WebSockets and for HTTP. Spec: AC1, AC2.
struct AccessDesk: Sendable {
  let authenticator: any Authenticator
  let registry: RoomRegistry
  /// What somebody is of whom neither the token nor the hello says it; `nil`: a person.
  var kindUnsaid: Author.Kind?

  init(authenticator: any Authenticator, registry: RoomRegistry) {
    self.authenticator = authenticator
    self.registry = registry
  }

  private var book: AccessBook { registry.access }

  /// A door for sessions of one workflow, on `loop`. Answers at once when nothing has to be read.
  func door(to workflow: WorkflowID, on loop: any EventLoop) -> Door {
    { hello, answer in
      if let admission = admitAtOnce(hello, to: workflow) { return answer(admission) }
      let bound = NIOLoopBound(Answer(answer), eventLoop: loop)
      Task {
        let admission = await admit(hello, to: workflow)
        loop.execute { bound.value.call(admission) }
      }
    }
  }

  private final class Answer {
    let call: (Admission) -> Void
    init(_ call: @escaping (Admission) -> Void) { self.call = call }
  }

  /// `nil` when the store has to be asked.
  private func admitAtOnce(_ hello: Hello, to workflow: WorkflowID) -> Admission? {
    // Read first: what changes from here on is seen as a change.
    let revision = book.revision
    let identification: Identification
    if let credential = StoredCredential(hello.token) {
      guard let known = book.knownPrincipal(of: credential) else { return nil }
      identification = identify(known, credential)
    } else {
      identification = authenticator.identify(hello.token)
    }
    switch identification {
    case .refused(let code, let reason): return .refused(code, reason: reason)
    case .known(let principal):
      guard needsMember(principal, in: workflow) else { return admission(of: principal, member: nil, hello, workflow, revision) }
      guard let role = book.knownRole(of: principal.subject, in: workflow) else { return nil }
      return admission(of: principal, member: role, hello, workflow, revision)
    }
  }

  func admit(_ hello: Hello, to workflow: WorkflowID) async -> Admission {
    let revision = book.revision
    do throws(StoreError) {
      switch try await identify(hello.token) {
      case .refused(let code, let reason): return .refused(code, reason: reason)
      case .known(let principal):
        let isAsked = needsMember(principal, in: workflow)
        let member = isAsked ? try await book.role(of: principal.subject, in: workflow) : nil
        return admission(of: principal, member: member, hello, workflow, revision)
      }
    } catch {
      return .refused(.serverFault, reason: "the store does not answer now")
    }
  }

  /// Who shows a token, before any workflow is asked.
  func identify(_ token: String) async throws(StoreError) -> Identification {
    guard let credential = StoredCredential(token) else { return authenticator.identify(token) }
    return identify(try await book.principal(of: credential), credential)
  }

  private func identify(_ principal: Principal?, _ credential: StoredCredential) -> Identification {
    guard let principal else { return .refused(.notAuthenticated, reason: "unknown token") }
    if let end = principal.expiresAtMilliseconds, end <= book.nowMilliseconds {
      return .refused(.notAuthenticated, reason: "the token has expired")
    }
    book.noteUse(of: credential)
    return .known(principal)
  }

  private func needsMember(_ principal: Principal, in workflow: WorkflowID) -> Bool {
    principal.founder != nil && principal.rights(in: workflow, member: nil).dependsOnMembership
  }

  private func admission(
    of principal: Principal, member: Role?, _ hello: Hello, _ workflow: WorkflowID, _ revision: UInt64
  ) -> Admission {
    if let kind = principal.kind, let claimed = hello.kind, claimed != kind {
      return .refused(.forbidden, reason: "this token is for a \(kind)")
    }
    return .granted(
      Grant(
        subject: principal.subject, rights: principal.rights(in: workflow, member: member), name: principal.name,
        kind: principal.kind ?? kindUnsaid,
        mayCreate: principal.mayCreate(workflow), founder: principal.founder, revision: revision))
  }
}
