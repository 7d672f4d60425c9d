import Foundation

/// Whether the address can be listened on.
enum DoctorNetwork {
  static func check(_ configuration: ServeConfiguration) -> [Finding] {
    [port(configuration), exposure(configuration), room(configuration)]
  }

  private static func port(_ configuration: ServeConfiguration) -> Finding {
    let place = "\(configuration.host):\(configuration.port)"
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(configuration.host, "\(configuration.port)", &hints, &found)
    guard code == 0, let address = found else {
      return .fail(
        "port", "\(configuration.host) is no address of this machine: \(String(cString: gai_strerror(code)))", "choose another --host")
    }
    defer { freeaddrinfo(found) }
    let descriptor = socket(address.pointee.ai_family, address.pointee.ai_socktype, address.pointee.ai_protocol)
    guard descriptor >= 0 else { return .fail("port", "no socket: \(String(cString: strerror(errno)))", "see open files") }
    defer { close(descriptor) }
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0, listen(descriptor, 1) == 0 else {
      let remedy =
        switch errno {
        case EADDRINUSE: "another program listens there (ss -ltnp shows which); stop it or choose another --port"
        case EACCES: "ports below 1024 need the capability net_bind_service; choose another --port"
        case EADDRNOTAVAIL: "this machine has no such address; choose another --host"
        default: "choose another --host or --port"
        }
      return .fail("port", "cannot listen on \(place): \(String(cString: strerror(errno)))", remedy)
    }
    return .ok("port", "\(place) is free")
  }

  private static func exposure(_ configuration: ServeConfiguration) -> Finding {
    if configuration.asksForTokens { return .ok("access", "by token") }
    if configuration.isLoopback { return .ok("access", "open, to programs and pages of this machine only") }
    return .warn("access", "everybody who reaches \(configuration.host) is an owner", "give --tokens FILE")
  }

  private static func room(_ configuration: ServeConfiguration) -> Finding {
    // Without TLS each has a direct writer with a file of its own.
    let needed = UInt(configuration.connectionsMax) * (configuration.isPlain ? 2 : 1) + 200
    let most = OpenFiles.most
    if most >= needed { return .ok("connections", "up to \(configuration.connectionsMax)") }
    return .warn(
      "connections", "\(configuration.connectionsMax) are allowed, \(most) files may be open", "raise ulimit -Hn or lower --connections-max"
    )
  }
}
