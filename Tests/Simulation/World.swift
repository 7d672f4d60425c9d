import CollabClient
import RoomCore
import Rooms
import Synchronization

/// Virtual time, seeded chance, and what went wrong: what everything in one simulation shares.
///
/// `@unchecked Sendable`: product code takes closures and classes that must be sendable; one simulation runs on one thread from its first
/// step to its last, and every executor and event loop in it is driven from there.
final class World: @unchecked Sendable {
  private(set) var uptimeMilliseconds: UInt64 = 1_000
  /// The server's wall clock minus `uptimeMilliseconds`; jumps.
  var serverWallOffset: UInt64 = 1_800_000_000_000
  var random: SeededRandom
  /// The event loop whose code runs now.
  var current: SimLoop?
  private(set) var violations: [Violation] = []
  private(set) var faults = 0
  /// FNV-1a over all that happened: equal for equal seeds.
  private(set) var trace: UInt64 = 0xcbf2_9ce4_8422_2325
  private(set) var story: [String] = []
  let tellsStory: Bool

  init(seed: UInt64, tellsStory: Bool) {
    random = SeededRandom(seed: seed)
    self.tellsStory = tellsStory
  }

  func pass(_ milliseconds: UInt64) { uptimeMilliseconds += milliseconds }

  var serverTime: RoomTime {
    RoomTime(wallMilliseconds: serverWallOffset + uptimeMilliseconds, monotonicMilliseconds: uptimeMilliseconds)
  }

  /// Notes that a rule does not hold. The first violation ends the simulation at the end of its step.
  func violate(_ rule: String, _ text: @autoclosure () -> String) {
    guard violations.count < 20 else { return }
    violations.append(Violation(rule: rule, text: text()))
  }

  func check(_ condition: Bool, _ rule: String, _ text: @autoclosure () -> String) { if !condition { violate(rule, text()) } }

  func countFault() { faults += 1 }

  func note(_ text: @autoclosure () -> String) {
    let line = text()
    for byte in line.utf8 { trace = (trace ^ UInt64(byte)) &* 0x100_0000_01b3 }
    if tellsStory { story.append("\(uptimeMilliseconds) \(line)") }
  }
}

public struct Violation: Sendable, CustomStringConvertible {
  /// Of SPEC.md where it has a name.
  public var rule: String
  public var text: String
  public var description: String { "[\(rule)] \(text)" }
}

extension SeededRandom {
  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<max(1, bound), using: &self) }
  mutating func chance(_ part: Int, of whole: Int) -> Bool { below(whole) < part }
  mutating func pick<T>(_ list: [T]) -> T { list[below(list.count)] }
}
