import CollabProtocol
import WorkflowDocument
import WorkflowGraph

/// One edit to many, beside servers that do nothing else.
enum FanOutBench {
  /// One server with its crowd in one room: edits are sent, and counted until everybody has them.
  final class Arena {
    let server: Server
    private let child: ChildProcess
    let crowd = Crowd()
    private let writers: [Crowd.Member]
    private var updates: UpdateFile?
    private var sent = 0
    private var cpuPerDelivery: [Double] = []
    private var latency = Samples()
    private var perSecond: [Double] = []

    init?(_ server: Server, _ form: Server.Form, observers: Int, writers count: Int, coalesces: Bool) throws {
      guard server.isThere(form) else { return nil }
      let updates = UpdateFile()
      if server != .ours, updates == nil { return nil }
      self.server = server
      self.updates = updates
      child = try server.start(form, coalesces: coalesces)
      try crowd.join(count, server.place(child.port, form), writers: count)
      writers = crowd.members
      try crowd.join(observers, server.place(child.port, form))
    }

    func end() {
      crowd.leave()
      child.stop()
    }

    /// Rounds of `window` edits for about so long; the next one begins when everybody has all of it.
    func run(window: Int, seconds: Double) throws {
      let begin = Stopwatch.nanoseconds
      let end = begin + UInt64(seconds * 1e9)
      let before = child.use.cpuMicroseconds
      var deliveries = 0
      var sentAt: UInt64 = 0
      crowd.onEdit = window == 1 ? { [unowned self] _, _, _, now in latency.add(now - sentAt) } : nil
      repeat {
        let goal = crowd.members.map { $0.editCount + window }
        sentAt = Stopwatch.nanoseconds
        for index in 0..<window { try edit(writers[index % writers.count]) }
        let giveUp = Stopwatch.nanoseconds + 60_000_000_000
        while zip(crowd.members, goal).contains(where: { $0.editCount < $1 }) {
          try crowd.pump(milliseconds: 1000)
          guard Stopwatch.nanoseconds < giveUp else { throw Crowd.Failed(text: "\(server.rawValue): edits did not arrive") }
        }
        deliveries += window * crowd.members.count
      } while Stopwatch.nanoseconds < end && (server != .pycrdt || (updates?.left ?? 0) > window)
      let wall = Double(Stopwatch.nanoseconds - begin) / 1e9
      // What is done after the last delivery belongs to it: acks, the store's answers.
      try crowd.pump(milliseconds: 20)
      cpuPerDelivery.append((child.use.cpuMicroseconds - before) / Double(deliveries))
      perSecond.append(Double(deliveries) / wall)
    }

    private func edit(_ writer: Crowd.Member) throws {
      sent += 1
      if server == .ours {
        try crowd.edit(writer, NetworkBench.drag(sent))
      } else if let bytes = updates?.take() {
        try crowd.send(bytes, to: writer)
      }
    }

    /// Medians of the rounds since the last call.
    func takeResult() -> Result {
      defer {
        (cpuPerDelivery, perSecond) = ([], [])
        latency.forget()
      }
      return Result(
        server: server, cpu: Median.of(cpuPerDelivery) ?? 0, perSecond: Median.of(perSecond) ?? 0, p50: latency.percentile(0.5),
        p99: latency.percentile(0.99))
    }
  }

  struct Result {
    var server: Server
    /// Microseconds of the server per delivery.
    var cpu: Double
    var perSecond: Double
    /// Milliseconds from the send to an arrival.
    var p50: Double?
    var p99: Double?
  }

  static func run(_ table: inout Table, observers counts: [Int]) throws {
    for observers in counts {
      for form in Server.Form.allCases {
        try compare(observers: observers, writers: 1, windows: [1, 64], form, &table)
      }
    }
    try compare(observers: 150, writers: 50, windows: [50], .plain, &table)
  }

  /// All servers take turns, round by round, so that what else the machine does meets all of them.
  private static func compare(observers: Int, writers: Int, windows: [Int], _ form: Server.Form, _ table: inout Table) throws {
    for window in windows {
      var arenas = try Server.allCases.compactMap {
        try Arena($0, form, observers: observers, writers: writers, coalesces: window > 1)
      }
      defer { for arena in arenas { arena.end() } }
      var failures: [String] = []
      func round(_ seconds: Double) throws {
        for arena in arenas {
          do { try arena.run(window: window, seconds: seconds) } catch let failure as Crowd.Failed where arena.server != .ours {
            // A peer that does not keep up is a result, not the end.
            failures.append(failure.text)
            arena.end()
            arenas.removeAll { $0 === arena }
          }
        }
      }
      try round(0.2)
      for arena in arenas { _ = arena.takeResult() }
      for _ in 0..<5 { try round(0.5) }
      let results = arenas.map { $0.takeResult() }
      guard let ours = results.first(where: { $0.server == .ours }) else { continue }
      let from = writers == 1 ? "1" : "\(writers) senders"
      let how = window == 1 ? "one edit at a time" : "\(window) in flight"
      table.add(
        "Fan-out", "\(from) → \(observers + writers - (writers == 1 ? 1 : 0)), \(form.rawValue), \(how)", text(ours),
        target: target(observers, window, form), peers: (peers(ours, results) + failures).joined(separator: "; "))
    }
  }

  private static func text(_ result: Result) -> String {
    var text = "\(short(result.cpu)) µs CPU per delivery"
    if let p50 = result.p50, let p99 = result.p99 {
      text += "; p50 \(short(p50)) ms, p99 \(short(p99)) ms"
    } else {
      text += "; \(short(result.perSecond)) deliveries/s"
    }
    return text
  }

  private static func target(_ observers: Int, _ window: Int, _ form: Server.Form) -> String {
    guard form == .plain else { return "" }
    if window > 1 { return "≤ 0.3 µs" }
    return observers == 1500 ? "≤ 1.4 × the C sender, p99 ≤ 20 ms" : "≤ 1.4 × the C sender"
  }

  private static func peers(_ ours: Result, _ results: [Result]) -> [String] {
    results.filter { $0.server != .ours }.map { result in
      var text = "\(result.server.rawValue) \(short(result.cpu)) µs"
      if let p99 = result.p99 { text += ", p99 \(short(p99)) ms" }
      return text + " (ours \(short(ours.cpu / result.cpu)) ×)"
    }
  }
}
