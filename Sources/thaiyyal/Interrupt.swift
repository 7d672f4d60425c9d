@preconcurrency import Dispatch
import Glibc
import Synchronization

/// Ctrl-C and SIGTERM ask for a clean end; the second one ends at once with 130.
final class Interrupt: Sendable {
  private let sources: [any DispatchSourceSignal]
  private let state: State

  /// - Parameter onFirst: called on a thread of its own, once.
  init(_ onFirst: @escaping @Sendable () -> Void) {
    let state = State(onFirst)
    self.state = state
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { state.hit() }
      source.resume()
      return source
    }
  }

  func end() { for source in sources { source.cancel() } }

  /// Runs `body` in a task that is cancelled by the first signal.
  static func cancelling<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) async throws -> R {
    let task = Task { try await body() }
    let interrupt = Interrupt { task.cancel() }
    defer { interrupt.end() }
    return try await task.value
  }

  private final class State: Sendable {
    private let onFirst: @Sendable () -> Void
    private let wasHit = Atomic(false)
    init(_ onFirst: @escaping @Sendable () -> Void) { self.onFirst = onFirst }

    func hit() {
      if wasHit.exchange(true, ordering: .relaxed) { _exit(130) } else { onFirst() }
    }
  }
}
