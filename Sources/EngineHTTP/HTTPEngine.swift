import CollabProtocol
public import OutboundHTTP
public import OutboundPolicy
public import RoomCore
public import Rooms
import WorkflowEngine
public import WorkflowGraph

/// Runs graphs on an outside Thaiyyal server: saves the graph, executes it by its id, deletes it again, whatever came of it.
///
/// That server may be slow, crash, answer with nothing or with something else: each is an error of the run with a text, and of nothing else.
/// A request is sent again only when the server cannot have got it, or when doing it twice is doing it once (deleting, asking for health).
public struct HTTPEngine: RunEngine {
  private let url: OutboundURL
  private let client: OutboundClient
  private let clock: @Sendable () -> Duration
  private let sleep: @Sendable (Duration) async -> Void
  private static let start = ContinuousClock.now

  /// So often a request is sent that did not arrive, with these pauses between.
  static let pauses: [Duration] = [.milliseconds(100), .milliseconds(400)]
  /// Values travel in messages and stay in memory for late joiners: as the engine in this process.
  static let valueBytesMax = EmbeddedEngine.limits.valueBytesMax

  /// - Parameters:
  ///   - url: where the server is, with the path before `/api` if there is one.
  ///   - client: may reach it; its limits are those of one request. It should follow no redirects.
  ///   - clock: time since some start; `nil`: the system's.
  public init(
    _ url: OutboundURL, client: OutboundClient, clock: (@Sendable () -> Duration)? = nil,
    // Cancelling the task ends the pause at once; the next request then sees it.
    sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
  ) {
    self.url = url
    self.client = client
    self.clock = clock ?? { ContinuousClock.now - Self.start }
    self.sleep = sleep
  }

  /// What fits an engine whose answers are no larger than the values of a run: no redirects, answers of 8 MiB.
  public static func limits(callDeadline: Duration) -> OutboundLimits {
    OutboundLimits(callDeadline: callDeadline, responseBytesMax: EmbeddedEngine.limits.resultBytesMax, redirectsMax: 0)
  }

  // MARK: Running

  public func run(_ graph: WorkflowGraph, report: @escaping @Sendable (RunStep) -> Void) async {
    let began = clock()
    var end: RunStep
    do throws(EngineTrouble) {
      let result = try await result(of: graph)
      for step in try result.steps(graph, valueBytesMax: Self.valueBytesMax) { report(step) }
      end = RunStep(.runFinished)
      end.result = result.json
    } catch {
      if let failed = error.step(graph) { report(failed) }
      end = RunStep(error.isCancellation ? .runCancelled : .runFailed)
      end.error = error.text
    }
    end.durationMicroseconds = UInt64(max(0, (clock() - began) / .microseconds(1)))
    report(end)
  }

  private func result(of graph: WorkflowGraph) async throws(EngineTrouble) -> OutsideResult {
    let payload: [UInt8]
    do throws(OutsidePayload.Refusal) { payload = try OutsidePayload.encode(graph, name: "thaiyyal-live run") } catch {
      throw EngineTrouble("node \(error.node): \(error.text)", node: error.node, nodeText: error.text)
    }
    let saved = try await ask(.post, "api/v1/workflow/save", body: payload, isRepeatable: false)
    let id = try OutsideAnswer(saved, url).savedID()
    let outcome: Result<OutboundResponse, EngineTrouble>
    do throws(EngineTrouble) {
      outcome = .success(try await ask(.post, "api/v1/workflow/execute/\(id)", isRepeatable: false))
    } catch { outcome = .failure(error) }
    await delete(id)
    return try OutsideAnswer(try outcome.get(), url).result()
  }

  /// In a task of its own, for which this one waits: a run that was cancelled leaves nothing behind either.
  private func delete(_ id: String) async {
    await Task {
      // The result of the run is there or not; a workflow that stays on that server until it restarts is no reason to lose it.
      _ = try? await ask(.delete, "api/v1/workflow/delete/\(id)", isRepeatable: true, deadline: .seconds(5))
    }.value
  }

  // MARK: Health

  /// - Throws: why runs would fail now.
  public func checkHealth() async throws(EngineTrouble) {
    let response = try await ask(.get, "health", isRepeatable: true, deadline: .seconds(5))
    try OutsideAnswer(response, url).checkHealthy()
  }

  // MARK: Asking

  private func ask(
    _ method: OutboundMethod, _ path: String, body: [UInt8]? = nil, isRepeatable: Bool, deadline: Duration? = nil
  ) async throws(EngineTrouble) -> OutboundResponse {
    let target: OutboundURL
    do throws(OutboundURLFault) {
      target = try url.replacing(target: url.target.hasSuffix("/") ? url.target + path : "\(url.target)/\(path)")
    } catch { throw EngineTrouble(error.text) }
    let request = OutboundRequest(method, target, body: body.map { .init($0) }, deadline: deadline)
    var attempt = 0
    while true {
      do throws(OutboundFailure) { return try await client.send(request) } catch {
        if error.kind == .cancelled || Task.isCancelled { throw .cancelled }
        guard attempt < Self.pauses.count, isRepeatable || !error.mayHaveArrived, error.isPassing else {
          throw EngineTrouble("the engine at \(url.origin) gave no answer: \(error.text)\(Self.hint(error))")
        }
        await sleep(Self.pauses[attempt])
        attempt += 1
      }
    }
  }

  private static func hint(_ failure: OutboundFailure) -> String {
    failure.kind == .closed && failure.mayHaveArrived ? "; it may have crashed" : ""
  }
}

extension OutboundFailure {
  /// Whether the next attempt may well succeed.
  fileprivate var isPassing: Bool {
    switch kind {
    case .connection, .resolution, .closed: true
    default: false
    }
  }
}

/// Why a run on an outside server gave nothing.
public struct EngineTrouble: Error, Hashable, Sendable, CustomStringConvertible {
  public var text: String
  /// The node it happened at, and what happened there.
  var node: NodeID?
  var nodeText = ""
  var isCancellation = false

  init(_ text: String, node: NodeID? = nil, nodeText: String = "") {
    self.text = text
    self.node = node
    self.nodeText = nodeText
  }

  static var cancelled: EngineTrouble {
    var trouble = EngineTrouble("the run was cancelled")
    trouble.isCancellation = true
    return trouble
  }

  public var description: String { text }

  /// - Returns: what is told about a node; `nil` when no node of the graph is to blame.
  func step(_ graph: WorkflowGraph) -> RunStep? {
    let marker = "error executing node "
    var blamed = node.map { ($0, nodeText) }
    if blamed == nil, text.hasPrefix(marker) {
      // Ids may hold colons: the longest that fits.
      let fitting = graph.nodes.filter { text.hasPrefix("\(marker)\($0.id): ") }.max {
        $0.id.rawValue.utf8.count < $1.id.rawValue.utf8.count
      }
      blamed = fitting.map { ($0.id, String(text.dropFirst("\(marker)\($0.id): ".count))) }
    }
    guard let (id, nodeText) = blamed else { return nil }
    var step = RunStep(.nodeFailed)
    step.node = id.rawValue
    step.nodeType = graph.node(id)?.type.map { NodeCatalogue.engineName(of: $0) } ?? ""
    step.error = nodeText
    return step
  }
}
