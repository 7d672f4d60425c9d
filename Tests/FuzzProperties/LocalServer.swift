import Access
import CollabProtocol
import Dispatch
import Gateway
import Glibc
import Logging
import NIOCore
import NIOPosix
import RateLimits
import RoomCore
import Rooms
import ServiceLifecycle
import Storage
import Synchronization
import WebSocketTransport

/// The whole server of this process, on a free port of this machine with its store in memory: what HTTP makes of bytes is the work of its whole
/// pipeline, so nothing of it is left out. Started with the first input that needs it, and one for all inputs.
final class LocalServer: Sendable {
  static let shared = LocalServer()
  static let token = "the secret of the owner"

  let port: UInt16

  private init() {
    var configuration = GatewayConfiguration()
    configuration.port = 0
    var rooms = RoomConfiguration()
    // Fuzzers are faster than any client may be; rates are another test's.
    rooms.limits.rates = .none
    var logger = Logger(label: "fuzz")
    logger.logLevel = .critical
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let registry = RoomRegistry(
      store: InMemoryWorkflowStore(), loops: Array(group.makeIterator()), configuration: rooms, logger: logger,
      makeFrameWriter: { [deflate = configuration.webSocket.deflate] in RoomFrameWriter(deflate) })
    let tokens = [AccessToken(name: "owner", role: .owner, kind: nil, secret: Self.token)].compactMap { $0 }
    let listening = DispatchSemaphore(value: 0)
    let boundPort = PortBox()
    let gateway = GatewayService(
      configuration: configuration, registry: registry, authenticator: TokenForms(signed: nil, fixed: TokenAuthenticator(tokens)),
      group: group,
      logger: logger,
      onListening: { address in
        boundPort.value.store(UInt16(address.port ?? 0), ordering: .releasing)
        listening.signal()
      })
    let services = ServiceGroup(configuration: .init(services: [.init(service: gateway)], logger: logger))
    Task { try await services.run() }
    listening.wait()
    port = boundPort.value.load(ordering: .acquiring)
  }

  private final class PortBox: Sendable {
    let value = Atomic<UInt16>(0)
  }

  /// Everything that the server says to these bytes, sent piece by piece and ended.
  /// - Throws: when it does not end the connection in eight seconds.
  func answer(to pieces: [[UInt8]]) throws(PropertyFault) -> [UInt8] {
    let socket = try LocalSocket(port)
    for piece in pieces where try !socket.write(piece) { break }
    socket.end()
    return try socket.rest()
  }
}

/// A blocking connection to the server of this process.
final class LocalSocket {
  private let descriptor: Int32

  init(_ port: UInt16) throws(PropertyFault) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw PropertyFault("no socket: \(errno)") }
    var (on, patience) = (Int32(1), timeval(tv_sec: 8, tv_usec: 0))
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status: Int32 = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        // libFuzzer's clock interrupts calls; one that is made again waits for the same connection.
        repeat {
          if connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 || errno == EISCONN { return 0 }
        } while errno == EINTR
        return -1
      }
    }
    guard status == 0 else {
      let number = errno
      close(descriptor)
      throw PropertyFault("no connection: \(number)")
    }
  }

  deinit { close(descriptor) }

  /// - Returns: whether the server still takes bytes.
  func write(_ bytes: [UInt8]) throws(PropertyFault) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count < 0, errno == EINTR { continue }
      if count < 0 {
        guard errno == EPIPE || errno == ECONNRESET else { throw PropertyFault("writing failed: \(errno)") }
        return false
      }
      rest = rest.dropFirst(count)
    }
    return true
  }

  func end() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// What is there next; empty at the end. A connection that is cut off has ended too.
  func read() throws(PropertyFault) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 16_384)
    var count = 0
    repeat { count = recv(descriptor, &buffer, buffer.count, 0) } while count < 0 && errno == EINTR
    if count < 0 {
      guard errno == ECONNRESET else { throw PropertyFault("the server neither answers nor ends the connection") }
      return []
    }
    return Array(buffer.prefix(count))
  }

  func rest() throws(PropertyFault) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let piece = try read()
      if piece.isEmpty { return bytes }
      bytes += piece
    }
  }
}
