import Glibc

/// What the system knows of this process, read when asked. Names as Prometheus' own clients have them. Source: proc(5).
public enum ProcessMetrics {
  public static func write(to text: inout MetricsText) {
    var usage = rusage()
    if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
      text.counter(
        "process_cpu_seconds_total", "User and system time taken.", nanoseconds: nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime))
    }
    if let pages = residentPages() {
      text.gauge("process_resident_memory_bytes", "Memory that is in use and in RAM.", pages * sysconf(Int32(_SC_PAGESIZE)))
    }
    if let count = openFileCount() { text.gauge("process_open_fds", "Open files and sockets.", count) }
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      text.gauge("process_max_fds", "Files and sockets that may be open.", Int(clamping: limit.rlim_cur))
    }
    text.gauge("process_start_time_seconds", "When the process began, since 1970.", nanoseconds: start)
  }

  /// Fixed when it is asked for first: at the start of the program.
  private static let start: UInt64 = {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return UInt64(max(0, now.tv_sec)) * 1_000_000_000 + UInt64(max(0, now.tv_nsec))
  }()

  /// Call it once at the start of the program.
  public static func begin() { _ = start }

  private static func nanoseconds(_ time: timeval) -> UInt64 {
    UInt64(max(0, time.tv_sec)) * 1_000_000_000 + UInt64(max(0, time.tv_usec)) * 1000
  }

  /// The second number of /proc/self/statm.
  private static func residentPages() -> Int? {
    let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = read(file, &bytes, bytes.count)
    guard count > 0 else { return nil }
    let numbers = String(decoding: bytes[..<count], as: UTF8.self).split(separator: " ")
    return numbers.count > 1 ? Int(numbers[1]) : nil
  }

  private static func openFileCount() -> Int? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Without ".", ".." and the folder's own.
    return max(0, count - 3)
  }
}
