import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1

/// Everything this server answers over plain HTTP requests.
struct HTTPRoutes {
  let origins: OriginPolicy
  let runs: RunRoutes
  let graphs: GraphRoutes
  let workflows: WorkflowRoutes
  let workflowGraphs: WorkflowGraphRoutes
  let access: AccessRoutes
  let keys: KeyRoutes
  let versions: VersionRoutes
  let webhooks: WebhookRoutes
  let metrics: MetricsRoutes
  let watch: RequestWatch
  let rates: RateMiddleware
  let readiness: @Sendable () async -> Readiness

  func makeRouter() -> Router<BasicRequestContext> {
    let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: watch)
    router.add(middleware: SecurityHeaders())
    router.add(middleware: CrossOrigin(allowed: origins.allowed))
    router.add(middleware: ProblemMiddleware())
    router.add(middleware: HostMiddleware())
    router.add(middleware: rates)
    refuseOtherMethods(router)
    // Behind it: that an address does not take a method at all says more than that it takes no body.
    router.add(middleware: NoBodyMiddleware())
    add(to: router)
    return router
  }

  private func add(to router: Router<BasicRequestContext>) {
    PageRoutes().add(to: router)
    HealthRoutes(readiness: readiness).add(to: router)
    metrics.add(to: router)
    ProblemRoutes().add(to: router)
    router.get("/api/v1/workflows/:id/live") { _, _ -> Response in
      throw Problem(
        .upgradeRequired, "This address speaks WebSocket, as the first request of a connection.", headers: [("upgrade", "websocket")])
    }
    router.get("/api/v1/catalogue") { request, _ in try await graphs.catalogue(request) }
    let group = router.group("/api/v1/workflows")
    workflows.add(to: group)
    workflowGraphs.add(to: group)
    access.add(to: group)
    keys.add(to: router.group("/api/v1/keys"))
    versions.add(to: group)
    webhooks.add(to: group)
    graphs.add(to: group)
    runs.add(to: group)
  }

  /// An address of the API that does not take a method says which ones it takes. Source: RFC 9110 §15.5.6.
  private func refuseOtherMethods(_ router: Router<BasicRequestContext>) {
    let plan = Router(context: BasicRequestContext.self)
    add(to: plan)
    let methods: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete]
    for (name, routes) in Dictionary(grouping: plan.routes, by: { "\($0.path)" }) where name.hasPrefix("/api/") {
      let taken = methods.filter { method in routes.contains { $0.method == method } }
      var allowed = taken.map(\.rawValue)
      if taken.contains(.get) { allowed.append("HEAD") }
      let allow = ("allow", allowed.joined(separator: ", "))
      for method in methods where !taken.contains(method) {
        router.on(routes[0].path, method: method) { _, _ -> Response in
          throw Problem(.methodNotAllowed, "This address does not take \(method.rawValue).", headers: [allow])
        }
      }
    }
  }
}
