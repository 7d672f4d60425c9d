import Foundation
import Gateway
import Glibc
import Logging
import NIOCore
import NIOPosix
import OpenSSLTransport
import Rooms
import SQLiteStorage
import ServiceLifecycle
import Storage
import WebSocketTransport

/// The server under load in a process of its own, so that its CPU time and memory are its own.
enum ServerProcess {
  /// What the child runs: everything as in production, on a free port that it prints.
  static func serve(data: String?, isSecure: Bool) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let store: any WorkflowStore = try data.map { try SQLiteStore(path: $0) } ?? InMemoryWorkflowStore()
    var gateway = GatewayConfiguration()
    gateway.port = 0
    gateway.connectionCountMax = 20_000
    gateway.connectionCountPerAddressMax = 20_000
    gateway.webSocket.frameBytesMax = gateway.webSocket.messageBytesMax
    let deflate = gateway.webSocket.deflate
    let logger = Logger(label: "bench") { SwiftLogNoOpLogHandler($0) }
    let registry = RoomRegistry(
      store: store, loops: Array(group.makeIterator()), logger: logger, makeFrameWriter: { RoomFrameWriter(deflate) })
    var addTLS: (@Sendable (any Channel) throws -> Void)?
    if isSecure {
      let folder = NSTemporaryDirectory() + "thaiyyal-bench-tls"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      _ = try SelfSignedCertificate.ensure(certificateFile: folder + "/cert.pem", keyFile: folder + "/key.pem")
      let context = try TLSServerContext(
        TLSServerConfiguration(certificateChainFile: folder + "/cert.pem", privateKeyFile: folder + "/key.pem"))
      addTLS = { try $0.pipeline.syncOperations.addHandler(context.makeHandler()) }
    }
    let service = GatewayService(
      configuration: gateway, registry: registry, authenticator: OpenAuthenticator(), group: group, addTLS: addTLS, logger: logger,
      onListening: { address in
        print("PORT \(address.port ?? 0)")
        fflush(nil)
      })
    try await ServiceGroup(configuration: .init(services: [.init(service: service)], logger: logger)).run()
  }

  struct Child: Sendable {
    let pid: Int32
    let port: Int
    let folder: String

    var use: ProcessUse { ProcessUse(pid: pid)! }

    func stop() {
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
      try? FileManager.default.removeItem(atPath: folder)
    }
  }

  static func start(onDisk: Bool = false, isSecure: Bool = false) throws -> Child {
    let folder = NSTemporaryDirectory() + "thaiyyal-bench-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var pipe: [Int32] = [0, 0]
    guard Glibc.pipe(&pipe) == 0, fcntl(pipe[0], F_SETFD, FD_CLOEXEC) == 0 else { throw Failed() }
    defer { close(pipe[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO)
    let path = "/proc/self/exe"
    let arguments = ["thaiyyal-bench", "serve", onDisk ? folder + "/bench.sqlite" : "-", isSecure ? "tls" : "plain"]
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var pid: pid_t = 0
    let result = posix_spawn(&pid, path, &actions, nil, &pointers, environ)
    close(pipe[1])
    guard result == 0 else { throw Failed() }
    var text: [UInt8] = []
    var byte: UInt8 = 0
    while read(pipe[0], &byte, 1) == 1, byte != UInt8(ascii: "\n") { text.append(byte) }
    guard let port = Int(String(decoding: text, as: UTF8.self).dropFirst(5)) else { throw Failed() }
    return Child(pid: pid, port: port, folder: folder)
  }

  struct Failed: Error {}
}
