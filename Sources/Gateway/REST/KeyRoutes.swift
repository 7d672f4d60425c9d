import Access
import CollabProtocol
import Hummingbird
import NIOHTTP1
import Rooms
import WorkflowDocument
import WorkflowGraph

/// `/api/v1/keys`: what programs show to be let in. For owners of everything. Described in `protocol/openapi.yaml`.
struct KeyRoutes: Sendable {
  let registry: RoomRegistry
  let access: RESTAccess

  func add(to router: RouterGroup<BasicRequestContext>) {
    router.get("") { request, _ in try await list(request) }
    router.post("") { request, _ in try await make(request) }
    router.delete("/:key") { request, context in try await revoke(request, context) }
  }

  private func list(_ request: Request) async throws -> Response {
    try await access.requireEverywhere(.owner, request)
    let keys = try await RESTAccess.stored { try await registry.keys() }
    var view = JSONMembers()
    view.add("keys", RunView.array(keys.map(Self.view)))
    return Response.json(view.object)
  }

  private func make(_ request: Request) async throws -> Response {
    let (_, principal) = try await access.requireEverywhere(.owner, request)
    let body = try await BodyMembers(
      request, bytesMax: AccessRoutes.bodyBytesMax, members: ["name", "role", "kind", "workflows", "expiresAtMilliseconds"])
    guard let name = try body.text("name", bytes: 1...APIKey.nameBytesMax) else { throw Problem(.unprocessableEntity, "name is missing.") }
    let role = try body.role("role", in: Role.allCases)
    var kind = Author.Kind.bot
    if let word = try body.text("kind", bytes: 1...16) {
      guard word == "bot" || word == "agent" else { throw Problem(.unprocessableEntity, "kind is bot or agent.") }
      kind = word == "bot" ? .bot : .agent
    }
    let now = registry.access.nowMilliseconds
    let key = APIKey(
      id: "", secretDigest: [], name: name, role: role, kind: kind, workflows: try Self.workflows(body), madeBy: principal.subject,
      madeAtMilliseconds: now, expiresAtMilliseconds: try body.future("expiresAtMilliseconds", nowMilliseconds: now))
    let plan = OnceDesk.Plan(thing: "key", id: registry.freshCredentialID()) { [registry] id in
      try await RESTAccess.stored { try await registry.keys() }.contains { $0.id == id }
    }
    return try await access.once.answer(request, by: principal.subject, body: body.text, plan: plan) { id in
      try await make(key, id)
    }
  }

  private func make(_ given: APIKey, _ id: String) async throws -> Response {
    var key = given
    key.id = id
    let (made, outcome) = try await RESTAccess.stored { [key] in try await registry.makeKey(key) }
    try AccessRoutes.check(outcome, unknown: "", full: "A server has at most \(RoomRegistry.keyCountMax) keys.")
    guard let made else { throw Problem(.internalServerError, "The key was not made.") }
    var view = JSONMembers()
    view.add("key", Self.view(made.key))
    view.add("secret", .string(made.token))
    return Response.json(view.object, status: .created)
  }

  private static func workflows(_ body: BodyMembers) throws -> [WorkflowID]? {
    guard let value = body.value["workflows"] else { return nil }
    let ids = value.arrayValue?.map { $0.stringValue.flatMap { WorkflowID($0) } }
    guard let ids, ids.count <= APIKey.workflowCountMax, !ids.contains(nil) else {
      throw Problem(.unprocessableEntity, "workflows is a list of at most \(APIKey.workflowCountMax) ids.")
    }
    return ids.compactMap { $0 }
  }

  private func revoke(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    guard let key = context.parameters.get("key"), StoredCredential.isID(key) else {
      throw Problem(.badRequest, "A key's id has 16 hexadecimal digits in lower case.")
    }
    try await access.requireEverywhere(.owner, request)
    let outcome = try await RESTAccess.stored { try await registry.revokeKey(key) }
    try AccessRoutes.check(outcome, unknown: "There is no such key.", full: "")
    return Response(status: .noContent)
  }

  private static func view(_ key: APIKey) -> JSONText {
    var view = JSONMembers()
    view.add("key", .string(key.id))
    view.add("name", .string(key.name))
    view.add("role", .string("\(key.role)"))
    view.add("kind", .string("\(key.kind)"))
    if let workflows = key.workflows { view.add("workflows", RunView.array(workflows.map { .string($0.rawValue) })) }
    view.add("madeAtMilliseconds", .number(Double(key.madeAtMilliseconds)))
    view.add("madeBy", .string(key.madeBy))
    if let end = key.expiresAtMilliseconds { view.add("expiresAtMilliseconds", .number(Double(end))) }
    if let used = key.usedAtMilliseconds { view.add("usedAtMilliseconds", .number(Double(used))) }
    return view.object
  }
}
