import NIOCore
import OutboundPolicy
import Synchronization

/// Whether the other end of a connection is still there, for a route that has to wait: nobody else asks the socket meanwhile.
///
/// Whoever will say nothing more counts as gone. What is known then is answered at once; a peer that only ended its own side still hears it.
final class PeerWatch: Sendable {
  /// That of the connection whose request is being answered.
  @TaskLocal static var current: PeerWatch?

  /// Where the connection comes from.
  let address: IPAddress?

  init(_ address: IPAddress?) { self.address = address }

  private struct State {
    var isGone = false
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter = 0
  }

  private let state = Mutex(State())

  func left() {
    let waiters = state.withLock { state in
      state.isGone = true
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns when the peer has gone, or the task is cancelled.
  func gone() async {
    let number = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.isGone || Task.isCancelled { return true }
          state.waiters[number] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }
  }
}

/// Tells the watch when the input ends, by the peer's will or with the connection.
final class PeerWatchHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private let watch: PeerWatch

  init(_ watch: PeerWatch) { self.watch = watch }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent { watch.left() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    watch.left()
    context.fireChannelInactive()
  }
}
