import Foundation
import Glibc
import Testing

@testable import thaiyyal

@Suite struct SystemdNotifierTests {
  @Test("whoever set NOTIFY_SOCKET is told, by a path or an abstract name", arguments: [true, false])
  func told(isAbstract: Bool) throws {
    let name = (isAbstract ? "@" : NSTemporaryDirectory()) + "thaiyyal-notify-\(UUID().uuidString.prefix(8))"
    let listener = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    try #require(listener >= 0)
    defer {
      close(listener)
      if !isAbstract { unlink(name) }
    }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(name.utf8)
    if isAbstract { bytes[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let isBound = withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, length) } }
    try #require(isBound == 0, "\(String(cString: strerror(errno)))")

    let notifier = SystemdNotifier(["NOTIFY_SOCKET": name])
    notifier.waiting(atMost: .seconds(40))
    notifier.ready()
    notifier.stopping()
    var heard: [String] = []
    for _ in 0..<3 {
      var buffer = [UInt8](repeating: 0, count: 256)
      let count = recv(listener, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if count > 0 { heard.append(String(decoding: buffer[..<count], as: UTF8.self)) }
    }
    try #require(heard.count == 3)
    #expect(heard[0].contains("EXTEND_TIMEOUT_USEC=70000000\n") && heard[1].hasPrefix("READY=1\n") && heard[2].hasPrefix("STOPPING=1\n"))
  }

  @Test(
    "no socket, or a name that is none: nothing happens",
    arguments: ["", "relative", "/nowhere/at/all", "@" + String(repeating: "x", count: 200)])
  func silent(name: String) {
    SystemdNotifier([:]).ready()
    SystemdNotifier(["NOTIFY_SOCKET": name]).ready()
  }
}
