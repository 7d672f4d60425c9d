import Foundation
import Glibc

/// A server under load, in a process of its own.
struct ChildProcess: Sendable {
  let pid: Int32
  let port: Int
  /// Removed when it is stopped.
  let folder: String?

  struct Failed: Error { var text: String }

  var use: ProcessUse { ProcessUse(pid: pid)! }

  func stop() {
    kill(pid, SIGKILL)
    waitpid(pid, nil, 0)
    // Left over in the temporary folder at worst.
    if let folder { try? FileManager.default.removeItem(atPath: folder) }
  }

  /// - Parameter port: `nil` for a program that prints "PORT n" once it listens; else it is tried until it answers.
  static func start(_ path: String, _ arguments: [String], port: Int? = nil, folder: String? = nil) throws -> ChildProcess {
    var pipe: [Int32] = [0, 0]
    guard Glibc.pipe(&pipe) == 0, fcntl(pipe[0], F_SETFD, FD_CLOEXEC) == 0 else { throw Failed(text: "no pipe") }
    defer { close(pipe[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO)
    var pointers: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var pid: pid_t = 0
    let result = posix_spawnp(&pid, path, &actions, nil, &pointers, environ)
    close(pipe[1])
    guard result == 0 else { throw Failed(text: "\(path) does not start: errno \(result)") }
    if let port {
      guard waits(for: port) else { throw Failed(text: "\(path) does not listen") }
      return ChildProcess(pid: pid, port: port, folder: folder)
    }
    var text: [UInt8] = []
    var byte: UInt8 = 0
    while read(pipe[0], &byte, 1) == 1, byte != UInt8(ascii: "\n") { text.append(byte) }
    guard let port = Int(String(decoding: text, as: UTF8.self).dropFirst(5)) else {
      waitpid(pid, nil, 0)
      throw Failed(text: "\(path) named no port")
    }
    return ChildProcess(pid: pid, port: port, folder: folder)
  }

  /// Runs a program to its end.
  /// - Returns: whether it ended with 0.
  static func run(_ path: String, _ arguments: [String]) -> Bool {
    var pointers: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var pid: pid_t = 0
    guard posix_spawnp(&pid, path, nil, nil, &pointers, environ) == 0 else { return false }
    var status: Int32 = 0
    return waitpid(pid, &status, 0) == pid && status == 0
  }

  /// One that is free now. Programs that cannot choose one themselves are told it.
  static func freePort() throws -> Int {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0 }
    }
    guard result else { throw Failed(text: "no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  private static func waits(for port: Int) -> Bool {
    for _ in 0..<500 {
      let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(probe) }
      var address = loopback(port)
      let result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(probe, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
      }
      if result == 0 { return true }
      usleep(10_000)
    }
    return false
  }

  static func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }
}
