import NIOCore
import Storage
import Synchronization

/// Answers of the store on their way to a room: whatever arrives while a hop is under way shares it, so a commit group costs one.
///
/// Completions run on the store's thread, the room on its loop; the mutex guards four words between them.
final class CommitInbox: Sendable {
  struct Answers: Sendable {
    var committed = 0
    var failure: StoreError?
    var isEmpty: Bool { committed == 0 && failure == nil }
  }

  private struct State {
    /// Appends of an earlier epoch are settled by a reload; their answers mean nothing any more.
    var epoch = 0
    var answers = Answers()
    var isHopping = false
  }

  private let state = Mutex(State())

  /// - Returns: whether a hop to the room's loop has to be made.
  func record(_ result: Result<Void, StoreError>, writes: Int, epoch: Int) -> Bool {
    state.withLock { state in
      guard epoch == state.epoch else { return false }
      switch result {
      // What follows a failure in the log cannot be durable; the store promises it.
      case .success where state.answers.failure == nil: state.answers.committed += writes
      case .success: break
      case .failure(let error): state.answers.failure = state.answers.failure ?? error
      }
      defer { state.isHopping = true }
      return !state.isHopping
    }
  }

  func take() -> Answers {
    state.withLock { state in
      defer {
        state.answers = Answers()
        state.isHopping = false
      }
      return state.answers
    }
  }

  func beginEpoch() -> Int {
    state.withLock { state in
      state.epoch += 1
      state.answers = Answers()
      return state.epoch
    }
  }
}
