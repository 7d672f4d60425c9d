public import NIOCore
public import OpenSSLTransport
public import OutboundPolicy
import Telemetry

/// HTTP/1.1 to places that a policy allows, one connection per request.
///
/// A name is resolved once, all its addresses are checked, and the connection goes to one of exactly those: a second answer of the name
/// server is never asked for. The same for every redirect. Proxies from the environment are not used: they would resolve for themselves.
/// Connections are not kept: what is left over on one can never be taken for the answer to something else.
public final class OutboundClient: Sendable {
  struct Rules: Sendable {
    let policy: OutboundPolicy
    let limits: OutboundLimits
    let tls: TLSClientContext
    let resolve: NameResolver
  }

  private let rules: Rules
  private let group: any EventLoopGroup

  public var policy: OutboundPolicy { rules.policy }
  public var limits: OutboundLimits { rules.limits }

  /// - Parameters:
  ///   - tls: how certificates are checked; its names come from the URLs.
  ///   - resolve: gives the addresses of a host.
  public init(
    policy: OutboundPolicy, limits: OutboundLimits = OutboundLimits(), group: any EventLoopGroup, tls: TLSClientContext,
    resolve: @escaping NameResolver = SystemResolver.make()
  ) {
    rules = Rules(policy: policy, limits: limits, tls: tls, resolve: resolve)
    self.group = group
  }

  /// Sends and waits for the whole answer, whatever its status is. Tells whom it asks which trace the task belongs to.
  ///
  /// Cancelling the task closes the connection at once. When this returns or throws, no connection of it is left.
  /// - Parameter admit: asked on the event loop before each request, those of redirects too; what it answers is why there may be none.
  public func send(
    _ request: OutboundRequest, admit: @escaping @Sendable () -> String? = { nil }
  ) async throws(OutboundFailure) -> OutboundResponse {
    let request = request.traced
    let eventLoop = group.next()
    let promise = eventLoop.makePromise(of: Result<OutboundResponse, OutboundFailure>.self)
    let box = NIOLoopBoundBox.makeEmptyBox(valueType: OutboundCall.self, eventLoop: eventLoop)
    // Queued before the handler below can be, so that a cancellation always finds the call.
    eventLoop.execute { [rules] in
      let call = OutboundCall(request, rules: rules, admit: admit, on: eventLoop, promise: promise)
      box.value = call
      call.start()
    }
    let result = await withTaskCancellationHandler {
      do { return try await promise.futureResult.get() } catch {
        return .failure(OutboundFailure(.closed, "the event loop has ended"))
      }
    } onCancel: {
      eventLoop.execute { box.value?.cancel() }
    }
    return try result.get()
  }
}

extension OutboundRequest {
  /// With the fields that make the answerer's work a part of the task's trace, unless the caller says its own. Source: W3C Trace Context.
  fileprivate var traced: OutboundRequest {
    guard let trace = TraceContext.current?.child(), !fields.contains(where: { $0.name.lowercased() == TraceContext.headerName }) else {
      return self
    }
    var request = self
    request.fields.append(Field(TraceContext.headerName, trace.text))
    if !trace.state.isEmpty { request.fields.append(Field(TraceContext.stateHeaderName, trace.state)) }
    return request
  }
}
