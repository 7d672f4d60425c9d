import Dispatch
import Foundation
import Glibc

/// A process of our own making that can be killed at any moment. Its standard output is read by lines.
///
/// Not `Foundation.Process`: its children inherit blocked signals from test threads.
final class Child: @unchecked Sendable {  // Immutable but for `pending`, which only the one reading task touches.
  struct SpawnError: Error { var code: Int32 }

  let pid: pid_t
  private let output: CInt
  private var pending: [UInt8] = []

  /// - Parameter name: a product of this package, built beside the tests.
  init(_ name: String, _ arguments: [String]) throws {
    let path = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent(name).path
    var ends: [CInt] = [0, 0]
    guard pipe(&ends) == 0 else { throw SpawnError(code: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var words = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var pid = pid_t()
    let code = posix_spawn(&pid, path, &actions, nil, &words, environ)
    Glibc.close(ends[1])
    guard code == 0 else {
      Glibc.close(ends[0])
      throw SpawnError(code: code)
    }
    self.pid = pid
    output = ends[0]
  }

  /// Reads lines until there were `count` of them or the child ended; all that came, whole lines only.
  func lines(atLeast count: Int) async -> [String] {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: self.readLines(count)) }
    }
  }

  private func readLines(_ count: Int) -> [String] {
    var found: [String] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while found.count < count {
      let length = chunk.withUnsafeMutableBytes { read(output, $0.baseAddress, $0.count) }
      guard length > 0 else { break }
      pending += chunk[..<length]
      while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        found.append(String(decoding: pending[..<end], as: UTF8.self))
        pending.removeSubrange(...end)
      }
    }
    return found
  }

  /// `kill -9`, then everything it still had said; returns when the process is gone.
  func kill() async -> [String] {
    Glibc.kill(pid, SIGKILL)
    let rest = await lines(atLeast: .max)
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        var status: Int32 = 0
        waitpid(self.pid, &status, 0)
        continuation.resume()
      }
    }
    Glibc.close(output)
    return rest
  }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// The seed of this run: `SEED` from the environment, else a new one. Printed, so that a failure can be played again.
  static func fresh(_ test: String = #function) -> SeededNumbers {
    let seed = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1..<1_000_000)
    print("\(test): SEED=\(seed)")
    return SeededNumbers(seed: seed)
  }
}
