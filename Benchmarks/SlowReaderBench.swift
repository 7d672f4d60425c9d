import CollabClient
import CollabProtocol
import Glibc
import NIOCore
import NIOPosix
import WorkflowDocument
import WorkflowGraph

/// A room of 200 without and with one reader that reads nothing and one that reads 1 KiB/s: what do the others notice? Spec: FC2.
///
/// The two kinds of phases alternate in one run, so that the machine's moods meet both. A phase with slow readers is as long as everything
/// that can happen to them: presence shed, held back, 4508, cut off, back again.
enum SlowReaderBench {
  static let writerCount = 8
  static let observerCount = 190
  static let editsPerSecond = 25.0
  static let editBytes = 1024
  static let phasePairs = 3
  static let warmUp = Duration.seconds(25)
  static let stalled = Duration.seconds(34)
  static let awake = Duration.seconds(6)

  private struct Phase {
    var latencies = Samples()
    var residentBytes: [Int] = []
  }

  static func run(_ table: inout Table) async throws {
    let child = try ServerProcess.start(onDisk: true)
    defer { child.stop() }
    let observerLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = observerLoops.next()
    let meter = try await loop.submit { NIOLoopBound(Meter(), eventLoop: loop) }.get()
    var observers: [NIOLoopBound<LightClient>] = []
    for index in 0..<observerCount {
      let observer = try await LightClient.join(port: child.port, workflow: "room", name: "o\(index)", on: loop)
      try await loop.submit { observer.value.onChanges = { payload, now in meter.value.take(payload, at: now) } }.get()
      observers.append(observer)
    }
    let writers = (0..<writerCount).map { session(port: child.port, "w\($0)") }
    for writer in writers { try await writer.live() }
    let writing = Task { try await write(writers) }
    defer { writing.cancel() }

    let gates = [try await Bottleneck.start(to: child.port), try await Bottleneck.start(to: child.port)]
    var without: [Phase] = []
    var with: [Phase] = []
    var returns = [0, 0]
    try await Task.sleep(for: warmUp)
    for _ in 0..<phasePairs {
      without.append(try await phase(meter, child) { try await Task.sleep(for: stalled + awake) })
      let slow = zip(gates, ["stalled", "trickle"]).map { session(port: $0.port, $1) }
      for session in slow { try await session.live() }
      let before = try await counts(gates)
      with.append(
        try await phase(meter, child) {
          try await gates[0].set(.stalled)
          try await gates[1].set(.trickle)
          try await Task.sleep(for: stalled)
          for gate in gates { try await gate.set(.open) }
          try await Task.sleep(for: awake)
        })
      for session in slow {
        try await session.live()
        try await session.reached(await writers[0].version)
        await session.close()
      }
      for (index, count) in try await counts(gates).enumerated() { returns[index] += count - before[index] }
    }
    let converged = try await convergence(gates, writing, writers, child)
    report(without, with, returns, converged, &table)
    for writer in writers { await writer.close() }
    for gate in gates { try await gate.stop() }
    withExtendedLifetime(observers) {}
    try await observerLoops.shutdownGracefully()
  }

  // MARK: who takes part

  private static func session(port: Int, _ name: String) -> CollabSession {
    var replica = ReplicaOptions(name: name)
    replica.create = true
    replica.wants = Wants(changes: true, presence: false, runs: false, issues: false)
    var options = SessionOptions(
      server: ServerAddress(isSecure: false, host: "127.0.0.1", port: port), workflow: WorkflowID("room")!, replica: replica)
    options.compresses = false
    return CollabSession(options)
  }

  /// A steady rate, one writer after the other: the moment of an edit stands at the start of its value.
  private static func write(_ writers: [CollabSession]) async throws {
    let padding = String(repeating: "x", count: editBytes)
    let pause = Duration.seconds(1 / editsPerSecond / Double(writers.count))
    let clock = ContinuousClock()
    var next = clock.now
    var count = 0
    while !Task.isCancelled {
      next = next.advanced(by: pause)
      try await clock.sleep(until: next)
      let value = JSONText(unchecked: "\"\(Stopwatch.nanoseconds) \(padding)\"")
      try await writers[count % writers.count].edit([.setNodeField(node: NodeID("n\(count % 500)"), field: .data("text"), value: value)])
      count += 1
    }
  }

  /// What all observers together have heard since it was last asked. On their loop.
  final class Meter {
    private var samples = Samples()

    func take(_ payload: ByteBuffer, at now: UInt64) {
      guard case .changes(let changes)? = try? MessageCodec.decodeServer(payload, as: .proto, limits: .client) else { return }
      for logged in changes {
        guard case .setNodeField(_, _, let value?)? = logged.change.ops.first else { continue }
        let digits = value.text.dropFirst().prefix { $0 != " " }
        if let sent = UInt64(digits), sent <= now { samples.add(now - sent) }
      }
    }

    func reset() -> Samples {
      defer { samples = Samples() }
      return samples
    }
  }

  // MARK: phases

  private static func phase(_ meter: NIOLoopBound<Meter>, _ child: ChildProcess, _ body: @Sendable () async throws -> Void)
    async throws -> Phase
  {
    let loop = meter.eventLoop
    _ = try await loop.submit { meter.value.reset() }.get()
    let watching = Task {
      var residentBytes: [Int] = []
      while !Task.isCancelled {
        residentBytes.append(child.use.residentBytes)
        do { try await Task.sleep(for: .milliseconds(250)) } catch { break }
      }
      return residentBytes
    }
    try await body()
    let latencies = try await loop.submit { meter.value.reset() }.get()
    watching.cancel()
    return Phase(latencies: latencies, residentBytes: await watching.value)
  }

  private static func counts(_ gates: [Bottleneck]) async throws -> [Int] {
    var counts: [Int] = []
    for gate in gates { counts.append(try await gate.connectionCount()) }
    return counts
  }

  /// Both slow once more, woken after the last edit: their documents, the server's and a writer's are the same.
  private static func convergence(
    _ gates: [Bottleneck], _ writing: Task<Void, any Error>, _ writers: [CollabSession], _ child: ChildProcess
  ) async throws -> Bool {
    let slow = zip(gates, ["stalled", "trickle"]).map { session(port: $0.port, $1) }
    for session in slow { try await session.live() }
    try await gates[0].set(.stalled)
    try await gates[1].set(.trickle)
    try await Task.sleep(for: stalled)
    writing.cancel()
    _ = await writing.result
    for writer in writers { try await writer.saved() }
    for gate in gates { try await gate.set(.open) }
    let expected = try await writers[0].verified()
    var isEqual = true
    for session in slow {
      // What it still has before it holds hashes of older versions.
      try await session.reached(expected.version)
      let report = try await session.verified()
      isEqual = isEqual && report.documentHash == expected.documentHash && report.version == expected.version
      await session.close()
    }
    return isEqual
  }

  // MARK: the report

  private static func report(_ without: [Phase], _ with: [Phase], _ returns: [Int], _ converged: Bool, _ table: inout Table) {
    let group = "Slow readers (200 in a room, \(writerCount) write \(Int(editsPerSecond)) edits/s of \(editBytes) bytes each, SQLite)"
    for (name, part) in [("p50", 0.5), ("p99", 0.99)] {
      let plain = without.compactMap { $0.latencies.percentile(part) }
      let slow = with.compactMap { $0.latencies.percentile(part) }
      table.add(
        group, "edit to delivery, \(name) of the others: without / with one that reads nothing and one that reads 1 KiB/s",
        "\(short(median(plain))) / \(short(median(slow))) ms, ratio \(short(median(slow) / median(plain))) "
          + "(phases: \(list(plain)) / \(list(slow)))",
        target: part > 0.9 ? "≤ 1.2 ×" : "")
    }
    let plain = without.map { median($0.residentBytes.map(Double.init)) / 1_048_576 }
    let slow = with.map { Double($0.residentBytes.max() ?? 0) / 1_048_576 }
    table.add(
      group, "resident memory of the server: median of each phase without, greatest of each with them",
      "\(list(plain)) / \(list(slow)) MiB", target: "flat")
    table.add(
      group, "the slow two, woken",
      "\(converged ? "same document hash as writer and server" : "DIFFERENT"); "
        + "came back \(returns[0]) and \(returns[1]) times in \(with.count) phases",
      target: "converge")
  }

  private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
  private static func list(_ values: [Double]) -> String { values.map(short).joined(separator: ", ") }
}
