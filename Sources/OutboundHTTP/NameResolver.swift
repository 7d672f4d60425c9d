import Glibc
public import NIOCore
import NIOPosix
public import OutboundPolicy
import Synchronization

/// Gives the addresses of a host, the best first. Asked once per connection; nobody asks again between the check and the connection.
public typealias NameResolver = @Sendable (_ host: String, _ eventLoop: any EventLoop) -> EventLoopFuture<[IPAddress]>

/// The resolver of the system, with its files and its search list.
public enum SystemResolver {
  /// Lookups that have not ended. One that nobody waits for any more still holds its thread until the system gives up.
  public static let lookupsMax = 64
  private static let addressesMax = 16
  private static let lookups = Atomic(0)
  /// Their own: a name server that does not answer holds a thread for ten seconds and more, and must not hold up anybody's files.
  private static let pool: NIOThreadPool = {
    let pool = NIOThreadPool(numberOfThreads: 8)
    pool.start()
    return pool
  }()

  public static func make() -> NameResolver {
    { host, eventLoop in
      guard lookups.add(1, ordering: .relaxed).newValue <= lookupsMax else {
        lookups.subtract(1, ordering: .relaxed)
        return eventLoop.makeFailedFuture(OutboundFailure(.resolution, "lookup \(host): too many lookups at once"))
      }
      return pool.runIfActive(eventLoop: eventLoop) {
        defer { lookups.subtract(1, ordering: .relaxed) }
        return try addresses(of: host)
      }
    }
  }

  private static func addresses(of host: String) throws(OutboundFailure) -> [IPAddress] {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var first: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, &hints, &first)
    guard code == 0 else { throw OutboundFailure(.resolution, "lookup \(host): \(String(cString: gai_strerror(code)))") }
    defer { freeaddrinfo(first) }
    var found: [IPAddress] = []
    var next = first
    while let entry = next, found.count < addressesMax {
      if let address = address(entry.pointee), !found.contains(address) { found.append(address) }
      next = entry.pointee.ai_next
    }
    return found
  }

  private static func address(_ entry: addrinfo) -> IPAddress? {
    guard let socket = entry.ai_addr else { return nil }
    switch entry.ai_family {
    case AF_INET:
      return socket.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
        withUnsafeBytes(of: pointer.pointee.sin_addr) { IPAddress(bytes: Array($0)) }
      }
    case AF_INET6:
      return socket.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
        // Local to a link: the bits alone say too little, and the table refuses them anyway.
        withUnsafeBytes(of: pointer.pointee.sin6_addr) { IPAddress(bytes: Array($0)) }
      }
    default: return nil
    }
  }
}
