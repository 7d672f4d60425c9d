import COpenSSL
import CZlib
import Foundation
import SQLiteStorage

/// What the machine brings: libraries, limits, clock.
enum DoctorMachine {
  static func check() -> [Finding] { libraries() + [openFiles(), clock()] }

  private static func libraries() -> [Finding] {
    let openSSL = String(cString: OpenSSL_version(OPENSSL_VERSION))
    let zlib = String(cString: zlibVersion())
    var findings: [Finding] = []
    let built = UInt(OPENSSL_VERSION_MAJOR)
    let running = UInt(OPENSSL_version_major())
    if running < 3 || running != built {
      findings.append(.fail("openssl", "\(openSSL); version \(built) is needed", "install libssl \(built) (Debian: libssl3)"))
    } else {
      findings.append(.ok("openssl", openSSL))
    }
    if zlib.split(separator: ".").first == "1" {
      findings.append(.ok("zlib", zlib))
    } else {
      findings.append(.warn("zlib", "\(zlib) was never tried", "install zlib 1.2.13 or newer of series 1"))
    }
    let sqlite = SQLiteStore.libraryVersion
    let needed = SQLiteStore.libraryVersionMin
    let parts = sqlite.split(separator: ".").compactMap { Int($0) }
    if parts.count >= 2, (parts[0], parts[1]) >= (needed.major, needed.minor) {
      findings.append(.ok("sqlite", sqlite))
    } else {
      findings.append(
        .fail("sqlite", "\(sqlite); \(needed.major).\(needed.minor) is needed for strict tables", "install a newer libsqlite3"))
    }
    return findings
  }

  private static func openFiles() -> Finding {
    let count = OpenFiles.most
    let remedy = "ulimit -Hn 65536, or LimitNOFILE=65536 in the unit"
    if count < 1024 { return .fail("open files", "at most \(count): a connection takes one, without TLS two", remedy) }
    if count < 10_240 { return .warn("open files", "at most \(count): a connection takes one, without TLS two", remedy) }
    return .ok("open files", "up to \(count)")
  }

  /// Clients' stamps may be 60 s off this clock at most, so it has to be right.
  private static func clock() -> Finding {
    let now = Date()
    let year = Calendar(identifier: .gregorian).component(.year, from: now)
    guard (2025...2100).contains(year) else {
      return .fail("clock", "it is the year \(year) here", "set the clock; stamps of changes come from it")
    }
    return .ok("clock", now.ISO8601Format())
  }
}
