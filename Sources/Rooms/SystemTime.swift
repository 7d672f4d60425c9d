import Glibc
import RoomCore

/// The system's clocks.
enum SystemTime {
  static func now() -> RoomTime {
    RoomTime(wallMilliseconds: milliseconds(CLOCK_REALTIME), monotonicMilliseconds: milliseconds(CLOCK_MONOTONIC))
  }

  private static func milliseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(max(0, time.tv_sec)) * 1000 + UInt64(max(0, time.tv_nsec)) / 1_000_000
  }
}
