import Glibc
import NIOCore

/// Wall and CPU time of this process, and of others by their number.
enum Stopwatch {
  static var nanoseconds: UInt64 { NIODeadline.now().uptimeNanoseconds }

  /// CPU time of this process: what others on the machine do does not count.
  static var cpuNanoseconds: UInt64 { UInt64(reading(CLOCK_PROCESS_CPUTIME_ID)) }

  /// Since 1970.
  static var wallMilliseconds: UInt64 { UInt64(reading(CLOCK_REALTIME) / 1_000_000) }

  /// Nanoseconds. Through raw memory, because which module `timespec` belongs to depends on what else the program imports.
  static func reading(_ clock: clockid_t) -> Int {
    withUnsafeTemporaryAllocation(of: timespec.self, capacity: 1) { time in
      guard let start = time.baseAddress, clock_gettime(clock, start) == 0 else { return 0 }
      let words = UnsafeRawPointer(start)
      return words.load(as: Int.self) * 1_000_000_000 + words.load(fromByteOffset: MemoryLayout<Int>.size, as: Int.self)
    }
  }

  /// Nanoseconds per repetition: the best of several rounds, because everything else on the machine only adds.
  static func best(rounds: Int = 5, repetitions: Int = 1, _ body: () -> Void) -> Double {
    var best = Double.infinity
    for _ in 0..<rounds {
      let start = nanoseconds
      body()
      best = min(best, Double(nanoseconds - start) / Double(repetitions))
    }
    return best
  }
}

/// What the kernel says about a process.
struct ProcessUse {
  /// User and system time, of all threads.
  var cpuMicroseconds: Double
  var residentBytes: Int
  /// The most that was resident since `forgetPeak`.
  var residentBytesPeak: Int

  init?(pid: Int32) {
    var clock = clockid_t()
    guard clock_getcpuclockid(pid, &clock) == 0 else { return nil }
    cpuMicroseconds = Double(Stopwatch.reading(clock)) / 1000
    guard let status = Self.read("/proc/\(pid)/status"), let now = Self.kibibytes("VmRSS:", status),
      let peak = Self.kibibytes("VmHWM:", status)
    else { return nil }
    residentBytes = now << 10
    residentBytesPeak = peak << 10
  }

  /// Begins a new peak.
  static func forgetPeak(pid: Int32) {
    guard let file = fopen("/proc/\(pid)/clear_refs", "w") else { return }
    fputs("5", file)
    fclose(file)
  }

  private static func kibibytes(_ name: String, _ status: String) -> Int? {
    status.split(separator: "\n").first { $0.hasPrefix(name) }.flatMap { Int($0.split(separator: "\t").last!.split(separator: " ")[0]) }
  }

  private static func read(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 8192)
    let count = fread(&buffer, 1, buffer.count, file)
    return String(decoding: buffer[..<count], as: UTF8.self)
  }
}

/// Durations in nanoseconds, to be asked for percentiles.
struct Samples {
  private(set) var values: [UInt64] = []
  mutating func add(_ nanoseconds: UInt64) { values.append(nanoseconds) }
  mutating func add(_ more: [UInt64]) { values += more }
  mutating func forget() { values = [] }

  /// In milliseconds; `nil` without samples.
  func percentile(_ part: Double) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    return Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]) / 1_000_000
  }
}

/// What several rounds gave.
enum Median {
  static func of(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}
