import CRDT
import CollabClient
import CollabProtocol
import NIOCore
import NIOPosix
import OpenSSLTransport
import WorkflowDocument
import WorkflowGraph

/// The whole server over loopback, client and server sharing the machine.
enum NetworkBench {
  static func run(_ table: inout Table) async throws {
    for observers in [100, 500, 1500] { try await fanOut(observers, &table) }
    try await durable(rooms: 1, writers: 4, &table)
    try await durable(rooms: 100, writers: 100, &table)
    try await latency(&table)
    try await joining(1500, isSecure: false, &table)
    try await joining(500, isSecure: true, &table)
    try await rooms(500, &table)
  }

  private static func session(_ child: ServerProcess.Child, _ workflow: String, _ name: String, on loop: (any EventLoop)? = nil)
    -> CollabSession
  {
    var replica = ReplicaOptions(name: name)
    replica.create = true
    replica.wants = Wants(changes: true, presence: false, runs: false, issues: false)
    var options = SessionOptions(
      server: ServerAddress(isSecure: false, host: "127.0.0.1", port: child.port), workflow: WorkflowID(workflow)!, replica: replica)
    options.compresses = false
    return CollabSession(options, on: loop)
  }

  private static func drag(_ index: Int) -> [Op] {
    [
      .setNodeField(
        node: NodeID("n\(index % 50)"), field: .position, value: JSONText(unchecked: "{\"x\":\(index % 2000),\"y\":\(index % 700)}"))
    ]
  }

  // MARK: one edit to many

  private static func fanOut(_ count: Int, _ table: inout Table) async throws {
    let child = try ServerProcess.start()
    defer { child.stop() }
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let writer = session(child, "room", "writer")
    try await writer.live()
    var observers: [NIOLoopBound<LightClient>] = []
    for index in 0..<count {
      observers.append(try await LightClient.join(port: child.port, workflow: "room", name: "o\(index)", on: loop))
    }
    let all = observers
    for window in [1, 64] {
      let rounds = window == 1 ? max(100, 60_000 / count) : max(20, 30_000 / count / 8)
      _ = try await loop.submit { for observer in all { _ = observer.value.takeArrivals() } }.get()
      var samples = Samples()
      let before = child.use.cpuMicroseconds
      let start = Stopwatch.nanoseconds
      for round in 0..<rounds {
        let sent = Stopwatch.nanoseconds
        for index in 0..<window { try await writer.edit(drag(round + index)) }
        try await writer.saved()
        if window == 1 {
          var arrivals: [UInt64] = []
          while arrivals.count < count {
            arrivals += try await loop.submit { all.flatMap { $0.value.takeArrivals() } }.get()
            if arrivals.count < count { try await Task.sleep(for: .microseconds(200)) }
          }
          samples.add(arrivals.map { $0 - sent })
        }
      }
      try await Task.sleep(for: .milliseconds(200))
      let cpu = child.use.cpuMicroseconds - before
      let deliveries = Double(rounds * window * count)
      let wall = Double(Stopwatch.nanoseconds - start) / 1e9
      var text = "\(short(cpu / deliveries)) µs CPU per delivery"
      if let p50 = samples.percentile(0.5), let p99 = samples.percentile(0.99) { text += "; p50 \(short(p50)) ms, p99 \(short(p99)) ms" }
      if window > 1 { text += "; \(short(deliveries / wall)) deliveries/s" }
      table.add(
        "Fan-out", "1 → \(count), \(window == 1 ? "one edit at a time" : "\(window) edits in flight")", text,
        target: window == 1 ? "≤ 1.4 × a bare C sender, p99 ≤ 20 ms at 1 500" : "< 0.3 µs when coalesced")
    }
    await writer.close()
  }

  // MARK: durable edits

  private static func durable(rooms: Int, writers: Int, _ table: inout Table) async throws {
    let child = try ServerProcess.start(onDisk: true)
    defer { child.stop() }
    let sessions = (0..<writers).map { session(child, "room\($0 % rooms)", "w\($0)") }
    for session in sessions { try await session.live() }
    let start = Stopwatch.nanoseconds
    let before = child.use.cpuMicroseconds
    let end = start + 4_000_000_000
    let total = try await withThrowingTaskGroup(of: Int.self) { group in
      for session in sessions {
        group.addTask {
          var made = 0
          while Stopwatch.nanoseconds < end {
            let from = made
            try await session.turn { session in for index in 0..<64 { try session.edit(drag(from + index)) } }
            made += 64
            try await session.pending(atMost: 2000 / max(1, writers / 4))
          }
          try await session.saved()
          return made
        }
      }
      return try await group.reduce(0, +)
    }
    let seconds = Double(Stopwatch.nanoseconds - start) / 1e9
    let cpu = child.use.cpuMicroseconds - before
    table.add(
      "Durable edits (SQLite, synchronous=FULL)", "\(rooms) room\(rooms == 1 ? "" : "s"), \(writers) writers",
      "\(short(Double(total) / seconds)) edits/s; \(short(cpu / Double(total))) µs server CPU each",
      target: rooms == 1 ? "≥ 30 000/s into one room" : "")
    for session in sessions { await session.close() }
  }

  private static func latency(_ table: inout Table) async throws {
    let child = try ServerProcess.start(onDisk: true)
    defer { child.stop() }
    let writer = session(child, "room", "writer")
    try await writer.live()
    var samples = Samples()
    for index in 0..<1000 {
      let start = Stopwatch.nanoseconds
      try await writer.edit(drag(index))
      try await writer.saved()
      samples.add(Stopwatch.nanoseconds - start)
    }
    await writer.close()
    table.add(
      "Durable edits (SQLite, synchronous=FULL)", "one edit until it is acknowledged",
      "p50 \(short(samples.percentile(0.5)!)) ms, p99 \(short(samples.percentile(0.99)!)) ms", target: "p99 < 20 ms on a local disk")
  }

  // MARK: joining and memory

  private static func joining(_ count: Int, isSecure: Bool, _ table: inout Table) async throws {
    let child = try ServerProcess.start(isSecure: isSecure)
    defer { child.stop() }
    let tls = isSecure ? try TLSClientContext(TLSClientConfiguration(verification: .insecure)) : nil
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    // The first connections pay for what all share.
    var kept: [NIOLoopBound<LightClient>] = []
    for index in 0..<20 {
      kept.append(try await LightClient.join(port: child.port, workflow: "room", name: "w\(index)", tls: tls, on: loop))
    }
    let before = child.use
    let start = Stopwatch.nanoseconds
    kept += try await withThrowingTaskGroup(of: NIOLoopBound<LightClient>.self) { group in
      for index in 0..<count {
        group.addTask { try await LightClient.join(port: child.port, workflow: "room", name: "o\(index)", tls: tls, on: loop) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let seconds = Double(Stopwatch.nanoseconds - start) / 1e9
    try await Task.sleep(for: .seconds(1))
    let after = child.use
    let name = isSecure ? "with TLS" : "plain"
    table.add(
      "Joining", "\(count) joiners of one room, \(name)",
      "\(short(Double(count) / seconds)) per second; \(short((after.cpuMicroseconds - before.cpuMicroseconds) / Double(count))) µs server CPU each",
      target: isSecure ? "≥ 1 000/s" : "≥ 4 000/s")
    table.add(
      "Memory", "idle connection, \(name)", "\(short(Double(after.residentBytes - before.residentBytes) / Double(count) / 1024)) KiB",
      target: isSecure ? "≤ 24 KB" : "≤ 8 KB")
    withExtendedLifetime(kept) {}
  }

  private static func rooms(_ count: Int, _ table: inout Table) async throws {
    let child = try ServerProcess.start()
    defer { child.stop() }
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    var kept: [NIOLoopBound<LightClient>] = []
    for index in 0..<20 { kept.append(try await LightClient.join(port: child.port, workflow: "warm\(index)", name: "w", on: loop)) }
    let before = child.use.residentBytes
    for index in 0..<count { kept.append(try await LightClient.join(port: child.port, workflow: "room\(index)", name: "o", on: loop)) }
    try await Task.sleep(for: .seconds(1))
    let each = Double(child.use.residentBytes - before) / Double(count) / 1024
    table.add("Memory", "open empty room with one connection", "\(short(each)) KiB", target: "≤ 30 KB per idle room, ≤ 8 KB per connection")
    withExtendedLifetime(kept) {}
  }
}
