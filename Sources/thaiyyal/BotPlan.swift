import CRDT
import CollabClient
import CollabProtocol
import Synchronization

/// What one bot is to do.
struct BotPlan: Sendable {
  let session: CollabSession
  let seed: UInt64
  /// Edits per second; 0: no pauses.
  let rate: Double
  let count: Int?
  let withPresence: Bool
  let nodesAim: Int
  let counter: EditCounter

  /// Edits until done or cancelled. Paced by a schedule, not by pauses: a slow turn is made up for.
  func edit() async throws {
    try await session.live()
    var mix = EditMix(seed: seed, prefix: "b\(String(seed, radix: 36))-\(await session.replica.rawValue)-")
    mix.withPresence = withPresence
    mix.nodesAim = nodesAim
    var due = ContinuousClock.now
    let pause = rate > 0 ? Duration.seconds(1) / rate : .zero
    var done = 0
    while count.map({ done < $0 }) ?? true {
      try Task.checkCancellation()
      let step = try await session.step(&mix)
      guard case .presence = step else {
        done += 1
        counter.add()
        due += pause
        if rate > 0 { try await Task.sleep(until: due) } else { try await session.pending(atMost: 2000) }
        continue
      }
      // Cursor moves lie between edits and use up part of the time until the next one.
      if rate > 0 { try await Task.sleep(for: min(.milliseconds(33), pause / 8)) }
    }
  }
}

/// Edits of all bots.
final class EditCounter: Sendable {
  private let count = Atomic(0)
  var value: Int { count.load(ordering: .relaxed) }
  func add() { count.add(1, ordering: .relaxed) }
}

/// When the last change of anybody came.
final class Settling: Sendable {
  private let last = Mutex(ContinuousClock.now)

  func heard(_ notice: ClientNotice) {
    switch notice {
    case .changes, .replaced: last.withLock { $0 = .now }
    default: break
    }
  }

  /// Waits until nothing came for `duration`; at least that long.
  func wait(for duration: Duration) async {
    let start = ContinuousClock.now
    while !Task.isCancelled {
      let quietSince = max(start, last.withLock { $0 })
      let left = quietSince + duration - .now
      if left <= .zero { return }
      try? await Task.sleep(for: left)  // cancelled: the loop ends
    }
  }
}
