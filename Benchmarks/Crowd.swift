import CEpoll
import COpenSSL
import CRDT
import CollabProtocol
import Glibc
import WorkflowDocument

/// Many WebSocket clients on one thread and one epoll: the load for this server and for its peers, the same code for all of them.
///
/// It costs little (frames are walked over, not decoded), so that what is measured is the server. Not `Sendable`; nothing here suspends.
final class Crowd {
  /// What the frames of a server mean.
  enum Speech {
    /// This server, binary form.
    case thaiyyal(Wants)
    /// Relays of Yjs messages: 0, 2 is an update.
    case yjs
  }

  struct Place {
    var port: Int
    var path: String
    var speech: Speech
    var deflate = false
    var isSecure = false
  }

  final class Member {
    enum Stage { case connecting, handshaking, upgrading, entering, live }
    let place: Place
    let isWriter: Bool
    var fd: Int32 = -1
    var ssl: OpaquePointer?
    var stage = Stage.connecting
    /// The beginning of a frame, or of the HTTP answer.
    var rest: [UInt8] = []
    var skipped = 0
    var editCount = 0
    var presenceCount = 0
    var bytes = 0
    /// A writer's, of this server.
    var replica: UInt32 = 0
    var seq: UInt64 = 0
    var acknowledged: UInt64 = 0

    init(_ place: Place, isWriter: Bool) {
      self.place = place
      self.isWriter = isWriter
    }
  }

  struct Failed: Error { var text: String }

  private(set) var members: [Member] = []
  private var waiting = 0
  /// Called for every change or update that arrives; replica and seq are 0 for relays.
  var onEdit: ((Member, _ replica: UInt32, _ seq: UInt64, _ now: UInt64) -> Void)?
  private let poller = epoll_create1(0)
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
  private var events = [epoll_event](repeating: epoll_event(), count: 512)
  private var tls: OpaquePointer?
  let reader = FrameReader()

  deinit {
    leave()
    close(poller)
    buffer.deallocate()
    if let tls { SSL_CTX_free(tls) }
  }

  /// Ends all connections at once.
  func leave() {
    for member in members {
      if let ssl = member.ssl { SSL_free(ssl) }
      close(member.fd)
    }
    members = []
  }

  // MARK: joining

  /// Connects `count` members, so many at once, and returns when all are live.
  func join(_ count: Int, _ place: Place, writers: Int = 0, atOnce: Int = 128) throws {
    var started = 0
    let deadline = Stopwatch.nanoseconds + 120_000_000_000
    while started < count || waiting > 0 {
      while started < count, waiting < atOnce {
        try connect(Member(place, isWriter: started < writers))
        started += 1
      }
      try pump(milliseconds: 100)
      guard Stopwatch.nanoseconds < deadline else { throw Failed(text: "\(waiting) of \(count) did not get in") }
    }
  }

  private func connect(_ member: Member) throws {
    member.fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard member.fd >= 0 else { throw Failed(text: "no socket: errno \(errno)") }
    var one: Int32 = 1
    setsockopt(member.fd, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(member.place.port).bigEndian)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(member.fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    guard result == 0 || errno == EINPROGRESS else { throw Failed(text: "connect: errno \(errno)") }
    var event = epoll_event(events: EPOLLIN.rawValue | EPOLLOUT.rawValue, data: epoll_data_t(u32: UInt32(members.count)))
    epoll_ctl(poller, EPOLL_CTL_ADD, member.fd, &event)
    members.append(member)
    waiting += 1
  }

  private func connected(_ member: Member, _ index: Int) throws {
    var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u32: UInt32(index)))
    epoll_ctl(poller, EPOLL_CTL_MOD, member.fd, &event)
    guard member.place.isSecure else { return try askForUpgrade(member) }
    if tls == nil { tls = SSL_CTX_new(TLS_client_method()) }
    member.ssl = SSL_new(tls)
    SSL_set_fd(member.ssl, member.fd)
    SSL_set_connect_state(member.ssl)
    member.stage = .handshaking
    try handshake(member)
  }

  private func handshake(_ member: Member) throws {
    ERR_clear_error()
    let result = SSL_do_handshake(member.ssl)
    if result == 1 { return try askForUpgrade(member) }
    guard SSL_get_error(member.ssl, result) == SSL_ERROR_WANT_READ else { throw Failed(text: "TLS handshake") }
  }

  private func askForUpgrade(_ member: Member) throws {
    var text = "GET \(member.place.path) HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    text += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    if member.place.deflate {
      text += "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n"
    }
    if case .thaiyyal = member.place.speech { text += "Sec-WebSocket-Protocol: \(ProtocolVersion.subprotocolProto)\r\n" }
    member.stage = .upgrading
    try write(Array((text + "\r\n").utf8), to: member)
  }

  /// Takes the HTTP answer off the front.
  private func upgraded(_ member: Member) throws {
    guard let end = member.rest.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
    let head = String(decoding: member.rest[..<end.upperBound], as: UTF8.self)
    member.rest.removeFirst(end.upperBound)
    guard head.hasPrefix("HTTP/1.1 101") else { throw Failed(text: "no upgrade: \(head)") }
    guard !member.place.deflate || head.contains("permessage-deflate") else { throw Failed(text: "the server does not compress") }
    guard case .thaiyyal(let wants) = member.place.speech else { return live(member) }
    member.stage = .entering
    var hello = Hello()
    hello.name = "crowd"
    hello.create = true
    hello.roleMax = .editor
    hello.wants = wants
    try send(Frames.client(.hello(hello)), to: member)
  }

  private func live(_ member: Member) {
    member.stage = .live
    waiting -= 1
  }

  // MARK: sending

  /// Blocks until the socket has taken everything.
  func send(_ bytes: [UInt8], to member: Member) throws { try write(bytes, to: member) }

  /// One op of a writer of this server, as a change of its own; the answer comes as an ack.
  func edit(_ member: Member, _ ops: [Op]) throws {
    member.seq += 1
    let change = Change(
      replica: ReplicaID(member.replica), seq: member.seq, hlc: HybridTime(milliseconds: Stopwatch.wallMilliseconds), ops: ops)
    try write(Frames.client(.change(ChangeBatch(batch: member.seq, changes: [change], seen: 0))), to: member)
  }

  private func write(_ bytes: [UInt8], to member: Member) throws {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes { raw -> Int in
        let rest = UnsafeRawBufferPointer(rebasing: raw[offset...])
        if let ssl = member.ssl { return Int(SSL_write(ssl, rest.baseAddress, Int32(rest.count))) }
        return Glibc.send(member.fd, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 {
        offset += count
      } else {
        guard member.ssl != nil || errno == EAGAIN else { throw Failed(text: "send: errno \(errno)") }
        try pump(milliseconds: 1)
      }
    }
  }

  // MARK: receiving

  /// Reads everything that is ready, after waiting for it at most so long.
  func pump(milliseconds: Int32) throws {
    let count = epoll_wait(poller, &events, Int32(events.count), milliseconds)
    guard count > 0 else { return }
    for place in 0..<Int(count) {
      let index = Int(events[place].data.u32)
      guard index < members.count else { continue }
      let member = members[index]
      if case .connecting = member.stage { try connected(member, index) } else { try receive(member) }
    }
  }

  private func receive(_ member: Member) throws {
    if case .handshaking = member.stage {
      try handshake(member)
      guard case .upgrading = member.stage else { return }
    }
    repeat {
      let count =
        member.ssl.map { Int(SSL_read($0, buffer.baseAddress, Int32(buffer.count))) } ?? read(member.fd, buffer.baseAddress, buffer.count)
      if count <= 0 {
        if let ssl = member.ssl, SSL_get_error(ssl, Int32(count)) == SSL_ERROR_WANT_READ { return }
        guard count < 0, errno == EAGAIN else { throw Failed(text: "a connection ended") }
        return
      }
      member.bytes += count
      try take(UnsafeRawBufferPointer(rebasing: buffer[..<count]), member)
    } while member.ssl != nil
  }

  private func take(_ bytes: UnsafeRawBufferPointer, _ member: Member) throws {
    let now = Stopwatch.nanoseconds
    if case .upgrading = member.stage {
      member.rest += bytes
      try upgraded(member)
      if case .upgrading = member.stage { return }
      let rest = member.rest
      member.rest = []
      return try rest.withUnsafeBytes { try walk($0, member, now) }
    }
    if member.rest.isEmpty { return try walk(bytes, member, now) }
    let joined = member.rest + bytes
    member.rest = []
    try joined.withUnsafeBytes { try walk($0, member, now) }
  }

  /// Reads whole frames, keeps the rest.
  private func walk(_ bytes: UnsafeRawBufferPointer, _ member: Member, _ now: UInt64) throws {
    var start = min(member.skipped, bytes.count)
    member.skipped -= start
    while let frame = FrameReader.frame(bytes, at: start) {
      if start + frame.count > bytes.count {
        // A snapshot's chunk is not looked at.
        guard frame.count > 64 << 10, bytes.count > frame.payload, bytes[frame.payload] == 0x12 else { break }
        member.skipped = start + frame.count - bytes.count
        return
      }
      try took(UnsafeRawBufferPointer(rebasing: bytes[frame.payload..<start + frame.count]), frame.first, member, now)
      start += frame.count
    }
    if start < bytes.count { member.rest = Array(bytes[start...]) }
  }

  private func took(_ payload: UnsafeRawBufferPointer, _ first: UInt8, _ member: Member, _ now: UInt64) throws {
    switch try reader.meaning(payload, first: first, member.place.speech) {
    case .welcome:
      if member.isWriter { member.replica = try reader.replica(payload, first: first) }
      live(member)
    case .edits(let edits):
      member.editCount += edits.count
      if let onEdit { for edit in edits { onEdit(member, edit.replica, edit.seq, now) } }
    case .ack(let seq): member.acknowledged = max(member.acknowledged, seq)
    case .presence: member.presenceCount += 1
    case .other: break
    }
  }
}
