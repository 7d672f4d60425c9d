import Foundation
import Synchronization
import Testing

/// Defects on purpose: `.ci/sanitize` runs each with its name in `PLANTED` and demands the sanitizer's report. Without the variable they do
/// not run.
@Suite struct PlantedTests {
  private static func isWanted(_ name: String) -> Bool { ProcessInfo.processInfo.environment["PLANTED"] == name }

  /// Unprotected on purpose: what the thread sanitizer must find.
  private final class Counter: @unchecked Sendable { var count = 0 }

  private static func onThreads(_ body: @escaping @Sendable (Int) -> Void) {
    let done = DispatchSemaphore(value: 0)
    for number in 0..<4 {
      Thread {
        body(number)
        done.signal()
      }.start()
    }
    for _ in 0..<4 { done.wait() }
  }

  @Test("a race", .enabled(if: isWanted("race")))
  func race() {
    let counter = Counter()
    Self.onThreads { _ in for _ in 0..<10_000 { counter.count += 1 } }
    #expect(counter.count > 0)
  }

  private final class Guarded: Sendable { let lists = Mutex<[Int: [Int]]>([:]) }

  @Test("a race beside a lock that everybody fights for", .enabled(if: isWanted("race-beside-lock")))
  func raceBesideLock() {
    let (counter, guarded) = (Counter(), Guarded())
    Self.onThreads { number in
      for round in 0..<5000 {
        guarded.lists.withLock { $0[round % 17, default: []].append(number) }
        counter.count += 1
      }
    }
    #expect(counter.count > 0)
  }

  /// What the mutex of the standard library looks like to the thread sanitizer without `mutex.c`: its slow path is in a library without
  /// instrumentation, so what it hands over seems to be handed over by nobody.
  @Test("no race: the same lock, and nothing beside it", .enabled(if: isWanted("lock")))
  func lock() {
    let guarded = Guarded()
    Self.onThreads { number in
      for round in 0..<5000 { guarded.lists.withLock { $0[round % 17, default: []].append(number) } }
    }
    #expect(guarded.lists.withLock { $0.values.reduce(0) { $0 + $1.count } } == 20_000)
  }

  /// The standard library writes the count of a new array also where it is 0, into the one object that all empty arrays share. All that is
  /// ever written there is 0. Without the line in `.ci/sanitize` this is reported, and so would be every empty array beside another.
  @Test("no race that changes anything: empty arrays made while others are read", .enabled(if: isWanted("empty-array")))
  func emptyArray() {
    Self.onThreads { _ in
      for _ in 0..<1000 {
        let made = ContiguousArray<Int>(unsafeUninitializedCapacity: 0) { _, count in count = 0 }
        Array(made).withUnsafeBufferPointer { precondition($0.isEmpty) }
      }
    }
  }

  @Test("a read behind the end", .enabled(if: isWanted("overflow")))
  func overflow() {
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 16)
    defer { bytes.deallocate() }
    bytes.initialize(repeating: 7, count: 16)
    let place = 16 + Int.random(in: 0..<2)
    #expect(bytes[place] != 255 || place > 0)
  }

  @Test("memory that nobody gives back", .enabled(if: isWanted("leak")))
  func leak() {
    for size in 1...64 { UnsafeMutableRawPointer.allocate(byteCount: 1000 * size, alignment: 8).storeBytes(of: 1, as: UInt8.self) }
  }
}
