import CollabProtocol
import WorkflowDocument
import WorkflowGraph

/// A room full of people who move their pointers while a few of them edit.
enum CursorBench {
  static func run(_ table: inout Table, people: Int = 500, editors: Int = 5, seconds: Double = 10) throws {
    let child = try Server.ours.start(.plain)
    defer { child.stop() }
    let crowd = Crowd()
    try crowd.join(editors, Server.ours.place(child.port, .plain, presence: true), writers: editors)
    let writers = crowd.members
    try crowd.join(people - editors, Server.ours.place(child.port, .plain, presence: true))
    var sentAt: [UInt32: [UInt64]] = [:]
    var latency = Samples()
    crowd.onEdit = { _, replica, seq, now in if let sent = sentAt[replica] { latency.add(now - sent[Int(seq) - 1]) } }
    // Everybody ten times a second, at a moment of its own.
    let period: UInt64 = 100_000_000
    let begin = Stopwatch.nanoseconds
    let end = begin + UInt64(seconds * 1e9)
    let before = child.use.cpuMicroseconds
    let memberCount = crowd.members.count
    var slot = 0
    var edits = 0
    while Stopwatch.nanoseconds < end {
      let due = begin + period * UInt64(slot) / UInt64(memberCount)
      if due <= Stopwatch.nanoseconds {
        let member = crowd.members[slot % memberCount]
        try crowd.send(pointer(slot), to: member)
        if member.isWriter {
          edits += 1
          sentAt[member.replica, default: []].append(Stopwatch.nanoseconds)
          try crowd.edit(member, NetworkBench.drag(edits))
        }
        slot += 1
        if slot % 8 == 0 { try crowd.pump(milliseconds: 0) }
      } else {
        try crowd.pump(milliseconds: 1)
      }
    }
    let wall = Double(Stopwatch.nanoseconds - begin) / 1e9
    let cpu = child.use.cpuMicroseconds - before
    let giveUp = Stopwatch.nanoseconds + 20_000_000_000
    while crowd.members.contains(where: { $0.editCount < edits }), Stopwatch.nanoseconds < giveUp { try crowd.pump(milliseconds: 100) }
    let missing = crowd.members.reduce(0) { $0 + edits - $1.editCount }
    _ = writers
    let frames = crowd.members.reduce(0) { $0 + $1.presenceCount }
    let bytes = crowd.members.reduce(0) { $0 + $1.bytes }
    table.add(
      "Presence", "\(people) people move cursors at 10 Hz in one room, \(editors) of them edit 10 times a second",
      """
      \(short(Double(edits * memberCount))) edit deliveries, \(missing == 0 ? "all" : "\(missing) MISSING") arrived; edit p50 \
      \(short(latency.percentile(0.5) ?? 0)) ms, p99 \(short(latency.percentile(0.99) ?? 0)) ms; \
      \(short(Double(slot) / wall)) cursor moves/s in, \(short(Double(frames) / wall)) frames/s and \
      \(short(Double(bytes) / wall / 1_048_576)) MiB/s out; \(short(cpu / wall / 1e6)) cores of the server
      """, target: "every edit delivered, p99 ≤ 50 ms, < 1 core")
  }

  private static func pointer(_ index: Int) -> [UInt8] {
    var state = PresenceState()
    state.cursor = Point(x: Double(index % 1900), y: Double(index % 1000))
    return Frames.client(.presence(state))
  }
}
