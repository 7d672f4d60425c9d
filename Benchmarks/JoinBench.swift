import CollabProtocol
import Glibc
import WorkflowDocument
import WorkflowGraph

/// Storms of joiners, and what a connection costs that does nothing afterwards.
enum JoinBench {
  static func run(_ table: inout Table) throws {
    try storm(1500, .plain, &table)
    try storm(1500, .tls, &table)
    try bigDocument(joiners: 150, .plain, &table)
    try bigDocument(joiners: 150, .tls, &table)
    try rooms(500, &table)
  }

  private static func storm(_ count: Int, _ form: Server.Form, _ table: inout Table) throws {
    var results: [(server: Server, perSecond: Double, cpu: Double, memory: Double)] = []
    for server in [Server.ours, .nodeWS, .pycrdt] where server.isThere(form) {
      let child = try server.start(form)
      defer { child.stop() }
      let crowd = Crowd()
      // The first connections pay for what all share.
      try crowd.join(50, server.place(child.port, form))
      let before = child.use
      let start = Stopwatch.nanoseconds
      try crowd.join(count, server.place(child.port, form), atOnce: 512)
      let seconds = Double(Stopwatch.nanoseconds - start) / 1e9
      let after = try settled(child, crowd)
      results.append(
        (
          server, Double(count) / seconds, (after.cpuMicroseconds - before.cpuMicroseconds) / Double(count),
          Double(after.residentBytes - before.residentBytes) / Double(count) / 1024
        ))
    }
    guard let ours = results.first, ours.server == .ours else { return }
    let others = results.dropFirst()
    table.add(
      "Joining", "\(count) joiners of one room at once, \(form.rawValue)",
      "\(short(ours.perSecond)) per second; \(short(ours.cpu)) µs server CPU each", target: form == .tls ? "≥ 1 000/s" : "≥ 4 000/s",
      peers: others.map { "\($0.server.rawValue) \(short($0.perSecond))/s, \(short($0.cpu)) µs (ours \(short(ours.cpu / $0.cpu)) ×)" }
        .joined(separator: "; "))
    table.add(
      "Memory", "idle connection, \(form.rawValue)", "\(short(ours.memory)) KiB", target: form == .tls ? "≤ 24 KB" : "≤ 8 KB",
      peers: others.map { "\($0.server.rawValue) \(short($0.memory)) KiB (ours \(short(ours.memory / $0.memory)) ×)" }
        .joined(separator: "; "))
  }

  /// A second in which nothing happens, so that what a storm leaves behind is gone.
  private static func settled(_ child: ChildProcess, _ crowd: Crowd) throws -> ProcessUse {
    let end = Stopwatch.nanoseconds + 1_500_000_000
    while Stopwatch.nanoseconds < end { try crowd.pump(milliseconds: 50) }
    return child.use
  }

  /// Everybody needs the whole document: it is encoded once, and its bytes are shared by all who are on their way.
  private static func bigDocument(joiners: Int, _ form: Server.Form, _ table: inout Table) throws {
    let child = try Server.ours.start(form)
    defer { child.stop() }
    let crowd = Crowd()
    try crowd.join(1, Server.ours.place(child.port, form), writers: 1)
    try fill(crowd)
    // The first pays for the snapshot.
    try crowd.join(1, Server.ours.place(child.port, form))
    var before = try settled(child, crowd)
    let bytesEach = crowd.members[1].bytes
    ProcessUse.forgetPeak(pid: child.pid)
    before = child.use
    let start = Stopwatch.nanoseconds
    try crowd.join(joiners, Server.ours.place(child.port, form), atOnce: joiners)
    let wanted = bytesEach * joiners
    let giveUp = Stopwatch.nanoseconds + 60_000_000_000
    while crowd.members.dropFirst(2).reduce(0, { $0 + $1.bytes }) < wanted * 99 / 100, Stopwatch.nanoseconds < giveUp {
      try crowd.pump(milliseconds: 100)
    }
    let seconds = Double(Stopwatch.nanoseconds - start) / 1e9
    let after = child.use
    let total = crowd.members.dropFirst(2).reduce(0) { $0 + $1.bytes }
    table.add(
      "Joining", "\(joiners) joins at once of a document of \(short(Double(bytesEach) / 1_048_576)) MiB, \(form.rawValue)",
      """
      \(short(Double(joiners) / seconds)) per second, \(short(Double(total) / seconds / 1_048_576)) MiB/s; memory grew by \
      \(short(Double(after.residentBytesPeak - before.residentBytes) / 1_048_576)) MiB at its peak (a copy each would be \
      \(short(Double(wanted) / 1_048_576)) MiB); \(short((after.cpuMicroseconds - before.cpuMicroseconds) / Double(joiners) / 1000)) ms server CPU each
      """, target: "one encoded snapshot for all")
  }

  /// About 4 MiB of values that do not compress.
  private static func fill(_ crowd: Crowd) throws {
    let writer = crowd.members[0]
    var state: UInt64 = 7
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-".utf8)
    for index in 0..<700 {
      let node = NodeID("n\(index)")
      let value = (0..<8192).map { _ -> UInt8 in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return digits[Int(state >> 58)]
      }
      let text = JSONText(unchecked: "\"\(String(decoding: value, as: UTF8.self))\"")
      try crowd.edit(writer, [.setNodeLife(node: node, alive: true), .setNodeField(node: node, field: FieldKey("data.text"), value: text)])
      while writer.acknowledged + 32 < writer.seq { try crowd.pump(milliseconds: 100) }
    }
    while writer.acknowledged < writer.seq { try crowd.pump(milliseconds: 100) }
  }

  private static func rooms(_ count: Int, _ table: inout Table) throws {
    let child = try ServerProcess.start()
    defer { child.stop() }
    let crowd = Crowd()
    for index in 0..<50 { try crowd.join(1, Server.ours.place(child.port, .plain, room: "warm\(index)")) }
    let before = child.use.residentBytes
    for index in 0..<count { try crowd.join(1, Server.ours.place(child.port, .plain, room: "room\(index)")) }
    let each = Double(try settled(child, crowd).residentBytes - before) / Double(count) / 1024
    table.add("Memory", "open empty room with one connection", "\(short(each)) KiB", target: "≤ 30 KB per idle room, ≤ 8 KB per connection")
  }
}
