import Testing
import WorkflowGraph

@testable import WorkflowEngine

/// Nodes that wait do not hold up the others, and nobody can tell from the result.
@Suite struct ConcurrencyTests {
  /// `count` delays of a second side by side, between a source and a join.
  static func delays(_ count: Int, _ duration: String = "1s") -> String {
    var nodes = [#"{"id":"a","data":{"value":1}}"#, #"{"id":"z","type":"join"}"#]
    var edges: [String] = []
    for index in 0..<count {
      nodes.append("{\"id\":\"d\(index)\",\"data\":{\"duration\":\"\(duration)\"}}")
      edges.append("{\"source\":\"a\",\"target\":\"d\(index)\"},{\"source\":\"d\(index)\",\"target\":\"z\"}")
    }
    return "{\"nodes\":[\(nodes.joined(separator: ","))],\"edges\":[\(edges.joined(separator: ","))]}"
  }

  @Test("[EN6] delays side by side take as long as one, within the bound of nodes in flight")
  func sideBySide() {
    let all = VirtualRun(Self.delays(40))
    #expect(all.result.isSuccess)
    #expect(all.passed == .seconds(1))
    // One of the ten in flight is there because it is the first that is not done.
    #expect(VirtualRun(Self.delays(40), limits: RunLimits(nodesInFlightMax: 10)).passed == .seconds(4))
    #expect(VirtualRun(Self.delays(4), limits: RunLimits(nodesInFlightMax: 0)).passed == .seconds(4))
  }

  @Test("[EN6] what does not depend on a node that waits goes on, what does waits")
  func goesOn() {
    let payload =
      #"{"nodes":[{"id":"a","data":{"duration":"1s"}},{"id":"b","data":{"value":2}},{"id":"c","data":{"mode":"m"}},{"id":"d","data":{"mode":"m"}}],"#
      + #""edges":[{"source":"a","target":"c"},{"source":"b","target":"d"}]}"#
    let run = VirtualRun(payload)
    let order = run.events.compactMap { event -> String? in
      if case .nodeSucceeded(let node, _, _, _) = event { node.rawValue } else { nil }
    }
    #expect(order == ["b", "d", "a", "c"])
    #expect(run.result.values.map(\.node.rawValue) == ["a", "b", "c", "d"])
  }

  /// What is told about each node, in the order of the telling.
  static func story(_ run: VirtualRun) -> [String] {
    run.events.compactMap { event in
      switch event {
      case .nodeStarted(let node, _): "\(node)…"
      case .nodeSucceeded(let node, _, _, _): "\(node)+"
      case .nodeFailed(let node, _, _, _): "\(node)!"
      case .nodeSkipped(let node, _): "\(node)-"
      case .runStarted, .runEnded: nil
      }
    }
  }

  @Test("[EN6, RU2] the first failure in the order decides; what ran ahead of it is taken back, what failed ahead of it is not told")
  func takenBack() {
    let payload =
      #"{"nodes":[{"id":"a","data":{"duration":"1s"}},{"id":"b","data":{"value":2}},{"id":"c","data":{"op":"add"}},{"id":"d","data":{"value":1}},"#
      + #"{"id":"e","data":{"op":"add"}}],"edges":[{"source":"a","target":"e"}]}"#
    let run = VirtualRun(payload)
    #expect(Self.story(run) == ["a…", "b…", "b+", "c…", "a+", "c!", "d-", "e-"])
    #expect(run.result.failure?.node == NodeID("c"))
    let error =
      #"{"nodes":[{"id":"0","data":{"text":"error"}},{"id":"1","data":{"transform_type":"to_array"}},{"id":"2","data":{"transform_type":"to_object"}},"#
      + #"{"id":"3","data":{"max_attempts":2}},{"id":"z1","type":"visualization","data":{"mode":"m"}},{"id":"z2","data":{"op":"add"}}],"#
      + #""edges":[{"source":"0","target":"1"},{"source":"0","target":"1"},{"source":"1","target":"2"},{"source":"2","target":"3"},"#
      + #"{"source":"2","target":"z1"},{"source":"z1","target":"z2"}]}"#
    let late = VirtualRun(error)
    #expect(Self.story(late).suffix(6) == ["z1…", "z1+", "z2…", "3!", "z1-", "z2-"])
    #expect(late.result.failure?.text == "error executing node 3: max retry attempts (2) reached: error")
    #expect(late.passed == .seconds(1))
  }

  @Test("[EN6, RU4] on real threads too, a cancellation ends waits of hours at once", .timeLimit(.minutes(2)))
  func realThreads() async {
    let payload = Array(Self.delays(20, "5h").utf8)
    let start = ContinuousClock.now
    for round in 0..<200 {
      let flag = CancellationFlag()
      let run = Task {
        await WorkflowEngine(limits: RunLimits(duration: .seconds(36_000))).run(
          payload: payload, clock: { ContinuousClock.now - start }, sleep: { try? await Task.sleep(for: $0) }, cancellation: flag)
      }
      for _ in 0..<round % 20 { await Task.yield() }
      if round % 3 == 0 { run.cancel() } else { flag.cancel() }
      #expect(await run.value.failure?.kind == .cancelled)
      #expect(flag.waitingCount == 0)
    }
  }

  @Test("[EN6] the cache keeps time as if one node ran after the other")
  func cacheTime() {
    let payload =
      #"{"nodes":[{"id":"a","data":{"value":1}},{"id":"b","data":{"cache_op":"set","cache_key":"k","ttl":"150ms"}},"#
      + #"{"id":"c","data":{"duration":"100ms"}},{"id":"d","data":{"duration":"100ms"}},{"id":"e","data":{"cache_op":"get","cache_key":"k"}}],"#
      + #""edges":[{"source":"a","target":"b"},{"source":"b","target":"c"},{"source":"b","target":"d"},{"source":"c","target":"e"}]}"#
    let run = VirtualRun(payload)
    #expect(run.passed == .milliseconds(100))
    #expect(run.result.values.last?.value.object?["expired"] == .bool(true))
  }

  static let seeds: [UInt64] = Array(1...20)

  @Test("[EN6] any graph gives the same alone and side by side, whatever the threads do", arguments: seeds)
  func sameAsSequential(block: UInt64) {
    var counts = (ok: 0, failed: 0, faster: 0, takenBack: 0)
    for seed in (block * 1000)..<(block * 1000 + 250) {
      let payload = RandomGraph(seed: seed).payload
      var limits = RunLimits(nodesInFlightMax: [0, 1, 2, 64][Int(seed % 4)])
      if seed % 7 == 0 { limits.nodeExecutionsMax = Int(seed % 11) }
      if seed % 5 == 0 { limits.resultBytesMax = 100 + Int(seed % 13) * 40 }
      let machine = VirtualMachine(seed: seed)
      let given = limits
      guard let expected = machine.run({ await SequentialOracle(payload, limits: given, machine: machine) }) else { return }
      let run = VirtualRun(payload, limits: limits, seed: seed)
      #expect(run.result.failure == expected.failure, "SEED=\(seed) \(payload)")
      #expect(run.result.values.map(\.node) == expected.values.map(\.node), "SEED=\(seed) \(payload)")
      #expect(run.result.values.map(\.value) == expected.values.map(\.value), "SEED=\(seed) \(payload)")
      #expect(run.result.finalOutput == expected.finalOutput, "SEED=\(seed) \(payload)")
      #expect(run.result.resultJSON == expected.result.resultJSON, "SEED=\(seed) \(payload)")
      #expect(run.standings == expected.standings, "SEED=\(seed) \(payload)")
      #expect(run.passed <= machine.now, "SEED=\(seed) \(payload)")
      #expect(run.leftovers == 0, "SEED=\(seed) \(payload)")
      checkOrder(run, seed)
      if run.result.isSuccess { counts.ok += 1 } else { counts.failed += 1 }
      if run.passed < machine.now { counts.faster += 1 }
      let story = Self.story(run)
      if story.contains(where: { $0.hasSuffix("+") && story.contains("\($0.dropLast())-") }) { counts.takenBack += 1 }
    }
    // Otherwise the graphs prove nothing.
    #expect(counts.ok > 50 && counts.failed > 25 && counts.faster > 10 && counts.takenBack > 0, "\(counts)")
  }

  /// What is promised about the order of events.
  private func checkOrder(_ run: VirtualRun, _ seed: UInt64) {
    let story = Self.story(run)
    #expect(Set(story).count == story.count, "SEED=\(seed): each is told once")
    let failures = story.filter { $0.hasSuffix("!") }
    #expect(failures.count <= 1, "SEED=\(seed)")
    if let failure = failures.first, let at = story.firstIndex(of: failure) {
      #expect(story[(at + 1)...].allSatisfy { $0.hasSuffix("-") }, "SEED=\(seed): after a failure only what is skipped")
    }
    if case .runEnded? = run.events.last {} else { Testing.Issue.record("SEED=\(seed): no end") }
  }

  @Test(
    "[EN6, RU4] a run that is cancelled at any point ends without time passing, and leaves no task and no timer",
    arguments: seeds.prefix(8))
  func cancelledAnywhere(block: UInt64) {
    for seed in (block * 1000)..<(block * 1000 + 12) {
      let payload = RandomGraph(seed: seed).payload
      let whole = VirtualRun(payload, seed: seed)
      for step in 1...whole.stepCount {
        let flag = CancellationFlag()
        var cancelledAt = Duration.zero
        let run = VirtualRun(payload, seed: seed, cancellation: flag) { machine in
          guard machine.stepCount == step else { return }
          // Whoever runs the engine may cancel its task instead.
          if step % 2 == 0 { flag.cancel() } else { machine.cancelTask() }
          cancelledAt = machine.now
        }
        #expect(run.passed == cancelledAt, "SEED=\(seed) STEP=\(step)")
        #expect(run.leftovers == 0, "SEED=\(seed) STEP=\(step)")
        #expect(run.result.isSuccess || [.cancelled, .node].contains(run.result.failure?.kind), "SEED=\(seed) STEP=\(step)")
        let prefix = whole.result.values.prefix(run.result.values.count)
        #expect(run.result.values.map(\.node) == prefix.map(\.node), "SEED=\(seed) STEP=\(step)")
        #expect(run.result.values.map(\.value) == prefix.map(\.value), "SEED=\(seed) STEP=\(step)")
        #expect(run.standings.values.allSatisfy { $0 != "started" }, "SEED=\(seed) STEP=\(step)")
      }
    }
  }
}
