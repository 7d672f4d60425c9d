import Access
import CollabProtocol
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Rooms
import Storage
import WorkflowDocument
import WorkflowGraph

/// `/api/v1/workflows/{id}/members` and `/links`: who may do what in a workflow. Described in `protocol/openapi.yaml`.
struct AccessRoutes: Sendable {
  let registry: RoomRegistry
  let access: RESTAccess

  private static let presentMax = 500
  static let bodyBytesMax = 16_384

  func add(to router: RouterGroup<BasicRequestContext>) {
    router.get("/:id/members") { request, context in try await listMembers(request, context) }
    router.put("/:id/members/:subject") { request, context in try await setMember(request, context) }
    router.delete("/:id/members/:subject") { request, context in try await removeMember(request, context) }
    router.post("/:id/members/:subject/kick") { request, context in try await kick(request, context) }
    router.get("/:id/links") { request, context in try await listLinks(request, context) }
    router.post("/:id/links") { request, context in try await makeLink(request, context) }
    router.delete("/:id/links/:link") { request, context in try await revokeLink(request, context) }
  }

  // MARK: members

  private func listMembers(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    let (hello, principal) = try await access.principal(request)
    try await access.require(.viewer, hello, ofExisting: workflow)
    // Whoever has got hold of a link is to learn no names of people who are not even here.
    guard principal.canBeMember || principal.everywhere != nil else {
      throw Problem(.forbidden, "A guest is not told who the members are.")
    }
    let members = try await RESTAccess.stored { try await registry.members(of: workflow) }
    let present = await registry.present(in: workflow, limit: Self.presentMax)
    var view = JSONMembers()
    view.add("members", RunView.array(members.map(Self.view)))
    view.add("presentCount", .number(Double(present.count)))
    view.add("present", RunView.array(present.participants.map(Self.view)))
    return Response.json(view.object)
  }

  private func setMember(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    let subject = try Self.subject(context)
    let grant = try await requireOwner(request, of: workflow)
    let body = try await BodyMembers(request, bytesMax: Self.bodyBytesMax, members: ["role"])
    let role = try body.role("role", in: Role.allCases)
    guard !Principal.isReserved(subject) else {
      throw Problem(.unprocessableEntity, "A subject of this form is a key or a guest: its rights are in its key or link.")
    }
    let outcome = try await RESTAccess.stored { try await registry.setMember(subject, role, of: workflow, by: grant.subject) }
    try Self.check(outcome, unknown: "There is no such workflow.", full: "A workflow has at most \(RoomRegistry.memberCountMax) members.")
    guard let member = try await RESTAccess.stored({ try await registry.member(subject, of: workflow) }) else {
      throw Problem(.conflict, "The member was removed in the same moment.")
    }
    return Response.json(Self.view(member))
  }

  private func removeMember(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    let subject = try Self.subject(context)
    let (hello, principal) = try await access.principal(request)
    // Everybody may leave.
    if principal.founder != subject { try await access.require(.owner, hello, ofExisting: workflow) }
    let outcome = try await RESTAccess.stored { try await registry.removeMember(subject, of: workflow) }
    try Self.check(outcome, unknown: "There is no such member.", full: "")
    return Response(status: .noContent)
  }

  private func kick(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    let subject = try Self.subject(context)
    let grant = try await requireOwner(request, of: workflow)
    try await RESTAccess.noBody(request, "Kicking")
    return try await access.once.answer(request, by: grant.subject, body: nil) { _ in
      registry.evict(subject, from: workflow)
      return Response(status: .noContent)
    }
  }

  // MARK: links

  private func listLinks(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    _ = try await requireOwner(request, of: workflow)
    let links = try await RESTAccess.stored { try await registry.links(of: workflow) }
    var view = JSONMembers()
    view.add("links", RunView.array(links.map(Self.view)))
    return Response.json(view.object)
  }

  private func makeLink(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    let grant = try await requireOwner(request, of: workflow)
    let body = try await BodyMembers(request, bytesMax: Self.bodyBytesMax, members: ["role", "name", "expiresAtMilliseconds"])
    let role = try body.role("role", in: Role.allCases.filter { $0 < .owner })
    let name = try body.text("name", bytes: 0...ShareLink.nameBytesMax) ?? ""
    let end = try body.future("expiresAtMilliseconds", nowMilliseconds: registry.access.nowMilliseconds)
    let plan = OnceDesk.Plan(thing: "link", id: registry.freshCredentialID()) { [registry] id in
      try await RESTAccess.stored { try await registry.links(of: workflow) }.contains { $0.id == id }
    }
    return try await access.once.answer(request, by: grant.subject, body: body.text, plan: plan) { id in
      let made = try await RESTAccess.stored {
        try await registry.makeLink(id, to: workflow, role: role, name: name, expiresAtMilliseconds: end, by: grant.subject)
      }
      return try Self.answer(made.made, made.outcome, of: workflow)
    }
  }

  private static func answer(
    _ made: (link: ShareLink, token: String)?, _ outcome: AccessOutcome, of workflow: WorkflowID
  ) throws -> Response {
    try check(outcome, unknown: "There is no such workflow.", full: "A workflow has at most \(RoomRegistry.linkCountMax) links.")
    guard let made else { throw Problem(.internalServerError, "The link was not made.") }
    var view = JSONMembers()
    view.add("link", Self.view(made.link))
    view.add("secret", .string(made.token))
    view.add("url", .string("/w/\(workflow)#share=\(made.token)"))
    return Response.json(view.object, status: .created)
  }

  private func revokeLink(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    guard let link = context.parameters.get("link"), StoredCredential.isID(link) else {
      throw Problem(.badRequest, "A link's id has 16 hexadecimal digits in lower case.")
    }
    _ = try await requireOwner(request, of: workflow)
    let outcome = try await RESTAccess.stored { try await registry.revokeLink(link, of: workflow) }
    try Self.check(outcome, unknown: "There is no such link.", full: "")
    return Response(status: .noContent)
  }

  // MARK: rights

  private func requireOwner(_ request: Request, of workflow: WorkflowID) async throws -> Grant {
    try await access.require(.owner, try access.hello(request), ofExisting: workflow)
  }

  // MARK: pieces

  static func check(_ outcome: AccessOutcome, unknown: String, full: String) throws {
    switch outcome {
    case .done: break
    case .unknown: throw Problem(.notFound, unknown)
    case .lastOwner: throw Problem(.lastOwner, "A workflow always has an owner: make somebody else one first.")
    case .full: throw Problem(.full, full)
    }
  }

  private static func subject(_ context: BasicRequestContext) throws -> String {
    guard let subject = context.parameters.get("subject").flatMap(PercentCoding.decode), Principal.isSubject(subject) else {
      throw Problem(.badRequest, "A subject has 1 to \(Principal.subjectBytesMax) bytes and no control characters; percent-encoded.")
    }
    return subject
  }

  private static func view(_ member: Member) -> JSONText {
    var view = JSONMembers()
    view.add("subject", .string(member.subject))
    view.add("role", .string("\(member.role)"))
    view.add("addedAtMilliseconds", .number(Double(member.addedAtMilliseconds)))
    if !member.addedBy.isEmpty { view.add("addedBy", .string(member.addedBy)) }
    return view.object
  }

  private static func view(_ participant: Participant) -> JSONText {
    var view = JSONMembers()
    view.add("session", .string(participant.session))
    view.add("subject", .string(participant.author.subject))
    view.add("name", .string(participant.author.name))
    view.add("kind", .string("\(participant.author.kind)"))
    view.add("role", .string("\(participant.role)"))
    view.add("colour", .string(participant.colour))
    return view.object
  }

  private static func view(_ link: ShareLink) -> JSONText {
    var view = JSONMembers()
    view.add("link", .string(link.id))
    view.add("role", .string("\(link.role)"))
    view.add("name", .string(link.name))
    view.add("madeAtMilliseconds", .number(Double(link.madeAtMilliseconds)))
    view.add("madeBy", .string(link.madeBy))
    if let end = link.expiresAtMilliseconds { view.add("expiresAtMilliseconds", .number(Double(end))) }
    return view.object
  }
}
