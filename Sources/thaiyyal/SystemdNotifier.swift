import Glibc

/// Tells systemd, or whoever started the server by its rules, how far it is. Source: sd_notify(3), the protocol of `NOTIFY_SOCKET`.
struct SystemdNotifier: Sendable {
  private let path: String?

  init(_ environment: [String: String]) { path = environment["NOTIFY_SOCKET"] }

  /// Connections are accepted.
  func ready() { send("READY=1\nSTATUS=serving\n") }

  /// The server says goodbye and ends.
  func stopping() { send("STOPPING=1\nSTATUS=saying goodbye\n") }

  /// Another server still has the data file. The unit's time to start begins anew.
  func waiting(atMost duration: Duration) {
    let reserve: Int64 = 30
    send("STATUS=waiting for the server before to end\nEXTEND_TIMEOUT_USEC=\((duration.components.seconds + reserve) * 1_000_000)\n")
  }

  /// One datagram. Who does not listen misses nothing that the server needs.
  private func send(_ text: String) {
    guard let path, let first = path.utf8.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@") else { return }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(path.utf8)
    // An abstract name begins with 0 where its text has "@".
    if first == UInt8(ascii: "@") { name[0] = 0 }
    guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let length = MemoryLayout<sa_family_t>.size + name.count
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    _ = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, socklen_t(length))
      }
    }
  }
}
