import CollabClient
import Foundation
import Glibc
import Testing

/// `thaiyyal serve` as a process of its own, with its data in a SQLite file, to be killed without mercy.
final class ChildServer: Sendable {
  let pid: pid_t
  let port: Int

  /// The executable that was built beside these tests.
  static var executable: String? {
    let folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
    return [folder + "/thaiyyal", Bundle.main.bundlePath + "/thaiyyal", Bundle.main.bundlePath + "/../thaiyyal"]
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Starts it and waits until it says that it listens.
  ///
  /// - Parameters:
  ///   - port: 0 for the first start; then the one it had, so that clients find it again.
  ///   - more: further arguments; the last of its kind counts.
  ///   - log: the file for standard error; `nil`: where that of the tests goes.
  static func start(
    _ executable: String, data: String, port: Int, more: [String] = [], log: String? = nil
  ) async throws -> ChildServer {
    let arguments =
      [
        executable, "serve", "--plain", "--host", "127.0.0.1", "--port", "\(port)", "--data", data, "--loops", "1",
      ] + (more.contains("--log-level") ? more : more + ["--log-level", "error"])
    // The waiting for its first lines happens on a thread that may block.
    return try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        do { continuation.resume(returning: try spawn(arguments, log)) } catch { continuation.resume(throwing: error) }
      }
    }
  }

  /// Arguments with which webhooks may lead to receivers on this machine, by their ports.
  static func webhooks(to ports: Int...) -> [String] {
    ports.flatMap { ["--webhook-allow", "*:\($0)"] } + ["--webhook-allow-private", "127.0.0.0/8", "--webhook-plain"]
  }

  struct Failed: Error, CustomStringConvertible {
    var description: String
  }

  private init(pid: pid_t, port: Int) {
    self.pid = pid
    self.port = port
  }

  /// NIO's sockets are not closed by exec: a child that had those of the test's clients would keep their connections open.
  private static func keepOwnFiles() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
      if let descriptor = Int32(name), descriptor > STDERR_FILENO { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }
  }

  /// With no signal blocked: a child inherits what the test's own threads block.
  private static func spawn(_ arguments: [String], _ log: String?) throws -> ChildServer {
    var pipe: [Int32] = [0, 0]
    guard Glibc.pipe(&pipe) == 0, fcntl(pipe[0], F_SETFD, FD_CLOEXEC) == 0, fcntl(pipe[1], F_SETFD, FD_CLOEXEC) == 0 else {
      throw Failed(description: "pipe: \(errno)")
    }
    defer { Glibc.close(pipe[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO)
    if let log { posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600) }
    keepOwnFiles()
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var pid: pid_t = 0
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    let result = posix_spawn(&pid, arguments[0], &actions, &attributes, &pointers, environ)
    Glibc.close(pipe[1])
    guard result == 0 else { throw Failed(description: "posix_spawn: \(String(cString: strerror(result)))") }
    guard let port = readPort(pipe[0]) else {
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
      throw Failed(description: "the server ended before it listened")
    }
    return ChildServer(pid: pid, port: port)
  }

  /// From the line that names the protocol's address.
  private static func readPort(_ file: Int32) -> Int? {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(file, &buffer, buffer.count)
      guard count > 0 else { return nil }
      text += buffer[..<count]
      let lines = String(decoding: text, as: UTF8.self)
      if let found = lines.firstMatch(of: #/protocol +ws:\/\/[^:\/]+:([0-9]+)/#) { return Int(found.1) }
    }
  }

  /// SIGTERM: it says goodbye and ends.
  func terminate() { kill(pid, SIGTERM) }

  /// Waits for its end. Once.
  /// - Returns: its exit code; -1 when a signal ended it.
  func exitStatus() async -> Int32 {
    let pid = pid
    return await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        continuation.resume(returning: status & 0x7f == 0 ? status >> 8 & 0xff : -1)
      }
    }
  }

  /// What a command came to.
  struct Outcome: Sendable {
    /// The exit code; -1 when it did not start or a signal ended it.
    var status: Int32
    var output = ""
    var errors = ""
  }

  /// Runs a command of the same program to its end; what it prints is not looked at.
  static func run(_ arguments: [String]) async -> Int32 { await command(arguments).status }

  /// Runs a command of the same program to its end.
  /// - Parameter environment: beside that of the tests.
  static func command(_ arguments: [String], environment: [String: String] = [:]) async -> Outcome {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        let process = Process()
        process.executableURL = URL(filePath: executable!)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // Into files: a pipe that nobody reads in time would hold the command up.
        let names = ["out", "err"].map { NSTemporaryDirectory() + "thaiyyal-\(UUID().uuidString).\($0)" }
        defer { for name in names { try? FileManager.default.removeItem(atPath: name) } }
        for name in names { _ = FileManager.default.createFile(atPath: name, contents: nil) }
        let files = names.map { FileHandle(forWritingAtPath: $0) }
        (process.standardOutput, process.standardError) = (files[0], files[1])
        do {
          try process.run()
          process.waitUntilExit()
          for file in files { try file?.close() }
          let texts = try names.map { try String(contentsOfFile: $0, encoding: .utf8) }
          let status = process.terminationReason == .exit ? process.terminationStatus : -1
          continuation.resume(returning: Outcome(status: status, output: texts[0], errors: texts[1]))
        } catch { continuation.resume(returning: Outcome(status: -1, errors: "\(error)")) }
      }
    }
  }

  /// SIGKILL, and gone when this returns.
  func killNow() async {
    kill(pid, SIGKILL)
    let pid = pid
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      Thread.detachNewThread {
        waitpid(pid, nil, 0)
        continuation.resume()
      }
    }
  }
}
