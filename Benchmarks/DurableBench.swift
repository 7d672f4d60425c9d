import CollabProtocol
import WorkflowDocument
import WorkflowGraph

/// Edits to a SQLite file with `synchronous=FULL`, until they are acknowledged.
enum DurableBench {
  static func run(_ table: inout Table) throws {
    try load(rooms: 1, writers: 4, inFlight: 512, &table)
    try load(rooms: 100, writers: 100, inFlight: 32, &table)
    try load(rooms: 1, writers: 1, inFlight: 1, &table)
    try load(rooms: 100, writers: 100, inFlight: 1, &table)
    try manyRooms(&table)
  }

  /// Every writer keeps so many edits unacknowledged.
  private static func load(rooms: Int, writers: Int, inFlight: Int, seconds: Double = 4, _ table: inout Table) throws {
    let child = try ServerProcess.start(onDisk: true)
    defer { child.stop() }
    let crowd = Crowd()
    for index in 0..<writers {
      var place = Server.ours.place(child.port, .plain, room: "room\(index % rooms)")
      // Only acks: what others hear is measured elsewhere.
      place.speech = .thaiyyal(Wants(changes: false, presence: false, runs: false, issues: false))
      try crowd.join(1, place, writers: 1)
    }
    var latency = Samples()
    var sentAt = [[UInt64]](repeating: [], count: writers)
    var answered = [UInt64](repeating: 0, count: writers)
    let begin = Stopwatch.nanoseconds
    let end = begin + UInt64(seconds * 1e9)
    let before = child.use.cpuMicroseconds
    var isOver = false
    while !isOver || crowd.members.contains(where: { $0.acknowledged < $0.seq }) {
      for (index, member) in crowd.members.enumerated() {
        let now = Stopwatch.nanoseconds
        while answered[index] < member.acknowledged {
          latency.add(now - sentAt[index][Int(answered[index])])
          answered[index] += 1
        }
        while !isOver, member.seq - member.acknowledged < UInt64(inFlight) {
          sentAt[index].append(Stopwatch.nanoseconds)
          try crowd.edit(member, NetworkBench.drag(Int(member.seq) + index))
        }
      }
      try crowd.pump(milliseconds: 100)
      isOver = Stopwatch.nanoseconds >= end
    }
    let wall = Double(Stopwatch.nanoseconds - begin) / 1e9
    let cpu = child.use.cpuMicroseconds - before
    let total = Double(crowd.members.reduce(0) { $0 + Int($1.seq) })
    table.add(
      "Durable edits (SQLite, synchronous=FULL)",
      "\(rooms) room\(rooms == 1 ? "" : "s"), \(writers) writer\(writers == 1 ? "" : "s"), \(inFlight) edit\(inFlight == 1 ? "" : "s") in flight each",
      """
      \(short(total / wall)) edits/s; until acknowledged p50 \(short(latency.percentile(0.5)!)) ms, p99 \(short(latency.percentile(0.99)!)) ms, \
      p99.9 \(short(latency.percentile(0.999)!)) ms; \(short(cpu / total)) µs server CPU each
      """, target: rooms == 1 && inFlight > 1 ? "≥ 30 000/s into one room" : inFlight == 1 ? "p99 < 20 ms" : "")
  }

  /// Ten people in each of a hundred rooms; in every room one edit is on its way at a time.
  private static func manyRooms(rooms: Int = 100, people: Int = 10, seconds: Double = 3, _ table: inout Table) throws {
    var results: [(server: Server, cpu: Double, perSecond: Double)] = []
    for server in [Server.ours, .nodeWS, .pycrdt] where server.isThere(.plain) {
      let child = try server.start(.plain)
      defer { child.stop() }
      let crowd = Crowd()
      for room in 0..<rooms { try crowd.join(people, server.place(child.port, .plain, room: "room\(room)"), writers: 1) }
      // A stream of updates for each room, because each room applies them from the first.
      guard let file = UpdateFile() else { continue }
      var updates = [UpdateFile](repeating: file, count: rooms)
      var goals = [Int](repeating: 0, count: rooms)
      let begin = Stopwatch.nanoseconds
      let end = begin + UInt64(seconds * 1e9)
      let before = child.use.cpuMicroseconds
      while Stopwatch.nanoseconds < end {
        for room in 0..<rooms where crowd.members[room * people..<(room + 1) * people].allSatisfy({ $0.editCount >= goals[room] }) {
          goals[room] += 1
          let writer = crowd.members[room * people]
          if server == .ours {
            try crowd.edit(writer, NetworkBench.drag(goals[room]))
          } else {
            try crowd.send(updates[room].take(), to: writer)
          }
        }
        try crowd.pump(milliseconds: 100)
      }
      let wall = Double(Stopwatch.nanoseconds - begin) / 1e9
      let deliveries = Double(crowd.members.reduce(0) { $0 + $1.editCount })
      results.append((server, (child.use.cpuMicroseconds - before) / deliveries, deliveries / wall))
    }
    guard let ours = results.first, ours.server == .ours else { return }
    table.add(
      "Fan-out", "\(rooms) rooms × \(people), in each one edit at a time",
      "\(short(ours.cpu)) µs CPU per delivery; \(short(ours.perSecond)) deliveries/s",
      peers: results.dropFirst().map {
        "\($0.server.rawValue) \(short($0.cpu)) µs, \(short($0.perSecond))/s (ours \(short(ours.cpu / $0.cpu)) ×)"
      }.joined(separator: "; "))
  }
}
