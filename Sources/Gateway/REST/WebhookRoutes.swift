import Access
import CollabProtocol
import Hashing
import Hummingbird
import NIOHTTP1
import OutboundPolicy
import Rooms
import Storage
import Webhooks
import WorkflowDocument
import WorkflowGraph

/// `/api/v1/workflows/{id}/webhooks` and what becomes of their deliveries. For owners. Described in `protocol/openapi.yaml`. Spec: WH1 to WH9.
struct WebhookRoutes: Sendable {
  let registry: RoomRegistry
  let access: RESTAccess
  /// Where webhooks may lead.
  let policy: WebhookPolicy

  private static let bodyBytesMax = 16 << 10
  private static let listMax = 100
  private static let listDefault = 50
  private static let limits = WebhookLimits()

  func add(to router: RouterGroup<BasicRequestContext>) {
    router.get("/:id/webhooks") { request, context in try await list(request, context) }
    router.post("/:id/webhooks") { request, context in try await make(request, context) }
    router.get("/:id/webhooks/:hook") { request, context in try await show(request, context) }
    router.patch("/:id/webhooks/:hook") { request, context in try await change(request, context) }
    router.delete("/:id/webhooks/:hook") { request, context in try await remove(request, context) }
    router.post("/:id/webhooks/:hook/secret") { request, context in try await rotate(request, context) }
    router.post("/:id/webhooks/:hook/test") { request, context in try await test(request, context) }
    router.get("/:id/webhooks/:hook/deliveries") { request, context in try await deliveries(request, context) }
    router.post("/:id/webhooks/:hook/deliveries/:delivery/redeliver") { request, context in try await redeliver(request, context) }
  }

  // MARK: webhooks

  private func list(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    let (store, _) = try await owned(request, workflow)
    let hooks = try await RESTAccess.stored { try await store.webhooks(of: workflow) }
    var view = JSONMembers()
    view.add("webhooks", RunView.array(hooks.map(WebhookView.webhook)))
    return Response.json(view.object)
  }

  private func make(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let workflow = try RESTAccess.workflow(context)
    let (store, grant) = try await owned(request, workflow)
    let body = try await BodyMembers(request, bytesMax: Self.bodyBytesMax, members: ["url", "events", "active", "secret"])
    guard let url = try self.url(body) else { throw Problem(.unprocessableEntity, "url is missing.") }
    guard let events = try Self.events(body) else { throw Problem(.unprocessableEntity, "events is missing.") }
    let secret = try Self.secret(body)
    let isActive = try Self.flag("active", body) ?? true
    let plan = OnceDesk.Plan(thing: "webhook", id: registry.freshCredentialID()) { id in
      try await RESTAccess.stored { try await store.webhook(id, of: workflow) } != nil
    }
    return try await access.once.answer(request, by: grant.subject, body: body.text, plan: plan) { [registry] id in
      let now = registry.access.nowMilliseconds
      var hook = Webhook(
        id: id, workflow: workflow, url: url, events: events, secret: secret, madeBy: grant.subject, madeAtMilliseconds: now)
      if !isActive { hook.activity = Self.offByOwner(now) }
      return try await Self.add(hook, to: store)
    }
  }

  private static func add(_ hook: Webhook, to store: any WebhookStore) async throws -> Response {
    switch try await RESTAccess.stored({ try await store.addWebhook(hook) }) {
    case .done: break
    case .full:
      throw Problem(.full, "A workflow has at most \(limits.countPerWorkflowMax) webhooks, the server \(limits.countMax).")
    case .unknown, .waits: throw Problem(.notFound, "There is no such workflow.")
    }
    var response = withSecret(hook, status: .created)
    response.headers[.location] = "/api/v1/workflows/\(hook.workflow)/webhooks/\(hook.id)"
    return response
  }

  private func show(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let (hook, _) = try await hook(request, context)
    return Response.json(WebhookView.webhook(hook))
  }

  private func change(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let (hook, store) = try await hook(request, context)
    let body = try await BodyMembers(request, bytesMax: Self.bodyBytesMax, members: ["url", "events", "active"])
    var change = WebhookChange()
    change.url = try url(body)
    change.events = try Self.events(body)
    if let isActive = try Self.flag("active", body) {
      change.activity = isActive ? .on : Self.offByOwner(registry.access.nowMilliseconds)
    }
    return Response.json(WebhookView.webhook(try await Self.changed(hook, change, store)))
  }

  private func remove(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let (hook, store) = try await hook(request, context)
    let outcome = try await RESTAccess.stored { try await store.removeWebhook(hook.id, of: hook.workflow) }
    guard outcome == .done else { throw Self.unknownHook }
    return Response(status: .noContent)
  }

  private func rotate(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let (hook, store, subject) = try await ownedHook(request, context)
    let body = try await BodyMembers(request, bytesMax: Self.bodyBytesMax, members: ["secret", "overlapSeconds"])
    var overlap = Self.limits.secretOverlap.components.seconds
    if let value = body.value["overlapSeconds"] {
      let most = Self.limits.secretOverlapMax.components.seconds
      guard let number = value.numberValue, let seconds = Int64(exactly: number), (0...most).contains(seconds) else {
        throw Problem(.unprocessableEntity, "overlapSeconds is a whole number from 0 to \(most).")
      }
      overlap = seconds
    }
    let secret = try Self.secret(body)
    let end = registry.access.nowMilliseconds + UInt64(overlap) * 1000
    return try await access.once.answer(request, by: subject, body: body.text, isSecret: true) { [overlap] _ in
      var change = WebhookChange()
      change.secret = (secret, overlap > 0 ? end : nil)
      return Self.withSecret(try await Self.changed(hook, change, store), status: .ok)
    }
  }

  private func test(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let (hook, store, subject) = try await ownedHook(request, context)
    try await RESTAccess.noBody(request, "A test")
    return try await access.once.answer(request, by: subject, body: nil) { [registry] _ in
      guard hook.activity.isOn else { throw Problem(.conflict, "The webhook is switched off: switch it on first.") }
      let now = registry.access.nowMilliseconds
      let delivery = WebhookDelivery(
        id: WebhookBody.id(hook: hook.id, event: .test, Hex.encode(RandomBytes.make(16))), hook: hook.id, event: .test,
        occurredAtMilliseconds: now, dueAtMilliseconds: now,
        body: WebhookBody.test(hook.id, of: hook.workflow, atMilliseconds: now))
      switch try await RESTAccess.stored({ try await store.queue(delivery, told: nil) }) {
      case .done: return Response.json(WebhookView.delivery(delivery), status: .accepted)
      case .full: throw Problem(.full, "As many deliveries wait as may: test it again when some have arrived.")
      case .unknown, .waits: throw Problem(.conflict, "The webhook was switched off or removed in the same moment.")
      }
    }
  }

  // MARK: deliveries

  private func deliveries(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let (hook, store) = try await hook(request, context)
    let query = request.uri.queryParameters
    let limit = try query["limit"].map { try Self.number(String($0), "limit", 1...UInt64(Self.listMax)) } ?? UInt64(Self.listDefault)
    let before = try query["before"].map { try Self.number(String($0), "before", 1...UInt64(Int64.max)) }
    let state = try query["state"].map { text in
      guard let state = WebhookDelivery.State.allCases.first(where: { "\($0)" == text }) else {
        throw Problem(.badRequest, "state is one of \(WebhookDelivery.State.allCases.map { "\($0)" }.joined(separator: ", ")).")
      }
      return state
    }
    let found = try await RESTAccess.stored {
      try await store.deliveries(of: hook.id, state: state, before: before, limit: Int(limit) + 1)
    }
    var view = JSONMembers()
    view.add("deliveries", RunView.array(found.prefix(Int(limit)).map(WebhookView.delivery)))
    if found.count > limit { view.add("next", .number(Double(found[Int(limit) - 1].sequence))) }
    return Response.json(view.object)
  }

  private func redeliver(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
    let (hook, store, subject) = try await ownedHook(request, context)
    guard let delivery = context.parameters.get("delivery"), WebhookBody.isID(delivery) else {
      throw Problem(.badRequest, "A delivery's id is msg_ and 32 hexadecimal digits in lower case.")
    }
    try await RESTAccess.noBody(request, "Delivering again")
    return try await access.once.answer(request, by: subject, body: nil) { [registry] _ in
      guard hook.activity.isOn else { throw Problem(.conflict, "The webhook is switched off: switch it on first.") }
      let now = registry.access.nowMilliseconds
      switch try await RESTAccess.stored({ try await store.redeliver(delivery, of: hook.id, atMilliseconds: now) }) {
      case .done(let found): return Response.json(WebhookView.delivery(found), status: .accepted)
      case .unknown: throw Problem(.notFound, "There is no such delivery, or it was forgotten.")
      case .full: throw Problem(.full, "As many deliveries wait as may: deliver it again when some have arrived.")
      }
    }
  }

  // MARK: pieces

  private static let unknownHook = Problem(.notFound, "There is no such webhook.")

  private func owned(_ request: Request, _ workflow: WorkflowID) async throws -> (store: any WebhookStore, grant: Grant) {
    let grant = try await access.require(.owner, try access.hello(request), ofExisting: workflow)
    guard let store = registry.webhooks else { throw Problem(.serviceUnavailable, "This server's store keeps no webhooks.") }
    return (store, grant)
  }

  private func hook(_ request: Request, _ context: BasicRequestContext) async throws -> (hook: Webhook, store: any WebhookStore) {
    let (hook, store, _) = try await ownedHook(request, context)
    return (hook, store)
  }

  /// With who asks.
  private func ownedHook(
    _ request: Request, _ context: BasicRequestContext
  ) async throws -> (hook: Webhook, store: any WebhookStore, subject: String) {
    let workflow = try RESTAccess.workflow(context)
    let (store, grant) = try await owned(request, workflow)
    guard let id = context.parameters.get("hook"), StoredCredential.isID(id) else {
      throw Problem(.badRequest, "A webhook's id has 16 hexadecimal digits in lower case.")
    }
    guard let hook = try await RESTAccess.stored({ try await store.webhook(id, of: workflow) }) else { throw Self.unknownHook }
    return (hook, store, grant.subject)
  }

  private static func changed(_ hook: Webhook, _ change: WebhookChange, _ store: any WebhookStore) async throws -> Webhook {
    guard let changed = try await RESTAccess.stored({ try await store.changeWebhook(hook.id, of: hook.workflow, change) }) else {
      throw unknownHook
    }
    return changed
  }

  private static func withSecret(_ hook: Webhook, status: HTTPResponse.Status) -> Response {
    var view = JSONMembers()
    view.add("webhook", WebhookView.webhook(hook))
    view.add("secret", .string(hook.secret.text))
    return Response.json(view.object, status: status)
  }

  private static func offByOwner(_ now: UInt64) -> Webhook.Activity { .off(reason: Webhook.Activity.ownersReason, atMilliseconds: now) }

  private func url(_ body: BodyMembers) throws -> String? {
    guard let text = try body.text("url", bytes: 1...Webhook.urlBytesMax) else { return nil }
    do throws(WebhookURLFault) { _ = try policy.url(text) } catch {
      throw Problem(.unprocessableEntity, "url cannot be used: \(error.text).")
    }
    return text
  }

  private static func events(_ body: BodyMembers) throws -> Set<WebhookEvent>? {
    guard let value = body.value["events"] else { return nil }
    let events = (value.arrayValue ?? []).map { item in WebhookEvent.wanted.first { $0.rawValue == item.stringValue } }
    guard !events.isEmpty, !events.contains(nil), Set(events).count == events.count else {
      let known = WebhookEvent.wanted.map(\.rawValue).joined(separator: ", ")
      throw Problem(.unprocessableEntity, "events is a list of at least one of \(known), each once.")
    }
    return Set(events.compactMap { $0 })
  }

  /// The owner's own, or one made here.
  private static func secret(_ body: BodyMembers) throws -> WebhookSecret {
    guard let value = body.value["secret"] else {
      guard let made = WebhookSecret(bytes: RandomBytes.make(WebhookSecret.madeLength)) else {
        throw Problem(.internalServerError, "No secret was made.")
      }
      return made
    }
    guard let secret = value.stringValue.flatMap({ WebhookSecret($0) }) else {
      throw Problem(.unprocessableEntity, "secret is whsec_ and 24 to 64 bytes in Base64.")
    }
    return secret
  }

  private static func flag(_ name: String, _ body: BodyMembers) throws -> Bool? {
    guard let value = body.value[name] else { return nil }
    guard let flag = value.boolValue else { throw Problem(.unprocessableEntity, "\(name) is true or false.") }
    return flag
  }

  private static func number(_ text: String, _ name: String, _ range: ClosedRange<UInt64>) throws -> UInt64 {
    guard let number = UInt64(text), range.contains(number) else {
      throw Problem(.badRequest, "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }
}
