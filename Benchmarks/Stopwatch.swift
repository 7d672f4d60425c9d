import Glibc
import NIOCore

/// Wall and CPU time of this process, and of others by their number.
enum Stopwatch {
  static var nanoseconds: UInt64 { NIODeadline.now().uptimeNanoseconds }

  /// CPU time of this process: what others on the machine do does not count.
  static var cpuNanoseconds: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
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
  /// User and system time.
  var cpuMicroseconds: Double
  var residentBytes: Int

  init?(pid: Int32) {
    guard let stat = Self.read("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(end, offsetBy: 2)...].split(separator: " ")
    guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]), let pages = Int(fields[21]) else { return nil }
    cpuMicroseconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK))) * 1_000_000
    residentBytes = pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  private static func read(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = fread(&buffer, 1, buffer.count, file)
    return String(decoding: buffer[..<count], as: UTF8.self)
  }
}

/// Durations in nanoseconds, to be asked for percentiles.
struct Samples {
  private(set) var values: [UInt64] = []
  mutating func add(_ nanoseconds: UInt64) { values.append(nanoseconds) }
  mutating func add(_ more: [UInt64]) { values += more }

  /// In milliseconds; `nil` without samples.
  func percentile(_ part: Double) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    return Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]) / 1_000_000
  }
}
