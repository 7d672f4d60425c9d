import CollabProtocol
import Foundation
import Glibc

/// The servers that ours is measured beside, in one run and with the same load. `make bench` installs them, see `peers/setup`; one that is
/// not there is left out, and the table says so.
enum Server: String, CaseIterable {
  case ours = "thaiyyal"
  /// A C program that only sends: what the kernel asks.
  case floor = "C sender"
  case nodeWS = "node-ws"
  case pycrdt = "pycrdt-websocket"

  /// How frames travel.
  enum Form: String, CaseIterable {
    case plain, deflate, tls
  }

  static var here: String { ProcessInfo.processInfo.environment["BENCH_PEERS"] ?? ".build/bench-peers" }
  private static let sources = "Benchmarks/peers"

  private var program: String {
    switch self {
    case .ours: "/proc/self/exe"
    case .floor: Self.here + "/floor"
    case .nodeWS: "/usr/bin/node"
    case .pycrdt: Self.here + "/venv/bin/python"
    }
  }

  /// Whether it is installed and speaks this form.
  func isThere(_ form: Form) -> Bool {
    if self == .floor, form != .plain { return false }
    if self == .nodeWS, access("/usr/share/nodejs/ws", F_OK) != 0 { return false }
    return access(program, X_OK) == 0
  }

  /// - Parameter coalesces: whether the C sender makes one write of all that one turn of its loop read.
  func start(_ form: Form, coalesces: Bool = false) throws -> ChildProcess {
    let files = form == .tls ? try ServerProcess.certificate() : nil
    let pair = files.map { [$0.certificate, $0.key] } ?? []
    switch self {
    case .ours: return try ServerProcess.start(isSecure: form == .tls)
    case .floor:
      let port = try ChildProcess.freePort()
      return try ChildProcess.start(program, ["\(port)", coalesces ? "1" : "0"], port: port)
    case .nodeWS: return try ChildProcess.start(program, [Self.sources + "/relay.js", form.rawValue] + pair)
    case .pycrdt: return try ChildProcess.start(program, [Self.sources + "/relay.py", form.rawValue] + pair)
    }
  }

  func place(_ port: Int, _ form: Form, room: String = "room", presence: Bool = false) -> Crowd.Place {
    let wants = Wants(changes: true, presence: presence, runs: false, issues: false)
    return Crowd.Place(
      port: port, path: self == .ours ? "/api/v1/workflows/\(room)/live" : "/\(room)", speech: self == .ours ? .thaiyyal(wants) : .yjs,
      deflate: form == .deflate, isSecure: form == .tls)
  }
}

/// Yjs updates as frames, made by pycrdt before the run: for relays whatever bytes would do, pycrdt-websocket applies them.
struct UpdateFile {
  private let frames: [[UInt8]]
  private var next = 0

  init?() {
    let bytes = (try? Data(contentsOf: URL(fileURLWithPath: Server.here + "/updates.bin"))).map { [UInt8]($0) } ?? []
    var frames: [[UInt8]] = []
    var place = 0
    while place + 4 <= bytes.count {
      let count = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      frames.append(Frames.binary(Array(bytes[place + 4..<place + 4 + count])))
      place += 4 + count
    }
    guard !frames.isEmpty else { return nil }
    self.frames = frames
  }

  /// In order, because a server that applies them needs those before; round and round for relays, which apply nothing.
  mutating func take() -> [UInt8] {
    defer { next += 1 }
    return frames[next % frames.count]
  }

  /// Those that a server which applies them has not had.
  var left: Int { frames.count - next }
}
