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
    router.add(middleware: NoBodyMiddleware())
    PageRoutes().add(to: router)
    HealthRoutes(readiness: readiness).add(to: router)
    metrics.add(to: router)
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
    graphs.add(to: group)
    runs.add(to: group)
    return router
  }
}
