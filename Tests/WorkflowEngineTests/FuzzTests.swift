import Testing
import WorkflowEngine
import WorkflowGraph

/// A small seeded generator, so that a failure can be played again.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

@Suite struct FuzzTests {
  /// Values that some setting wants and most do not.
  static let values = [
    "0", "1", "-1", "2.5", "1e308", "9223372036854775807", "\"\"", "\"x\"", "\">0\"", "\"==1\"", "\"add\"", "\"concat\"", "\"repeat\"",
    "\"set\"",
    "\"get\"", "\"sum\"", "\"array\"", "\"increment\"", "\"to_array\"", "\"to_object\"", "\"flatten\"", "\"keys\"", "\"all\"", "\"1ms\"",
    "\"-1h\"",
    "\"{{variable.x}}\"", "true", "false", "null", "[]", "[\"a\",\"b\"]", "[{\"when\":\">0\",\"value\":1}]", "{\"a\":{\"b\":[1]}}",
  ]

  @Test("[EN1, RU2] any graph of any types ends: sources first, each node once, one end, the same again", arguments: Array(UInt64(1)...40))
  func anyGraph(seed: UInt64) {
    var random = SplitMix(state: seed)
    for _ in 0..<50 {
      let payload = Self.payload(&random)
      var orders: [[String]] = []
      var results: [[UInt8]] = []
      for _ in 0..<2 {
        let run = VirtualRun(payload, seed: seed)
        let story = ConcurrencyTests.story(run)
        let ends = run.events.count { if case .runEnded = $0 { true } else { false } }
        #expect(ends == 1, "SEED=\(seed) \(payload)")
        #expect(Set(story).count == story.count, "SEED=\(seed) \(payload)")
        #expect(run.leftovers == 0, "SEED=\(seed) \(payload)")
        let succeeded = Set(run.standings.filter { $0.value == "ok" }.keys)
        #expect(Set(run.result.values.map(\.node.rawValue)) == succeeded, "SEED=\(seed) \(payload)")
        orders.append(story)
        results.append(run.result.resultJSON)
      }
      #expect(orders[0] == orders[1] && results[0] == results[1], "SEED=\(seed) \(payload)")
      let json = String(decoding: results[0], as: UTF8.self)
      #expect((try? JSONText(validating: json)) != nil || json.contains("[[[["), "SEED=\(seed) \(json)")
    }
  }

  private static func payload(_ random: inout SplitMix) -> String {
    let count = Int.random(in: 1...8, using: &random)
    let nodes = (0..<count).map { index in
      let type = NodeCatalogue.types.randomElement(using: &random)
      let settings = (type?.settings ?? []).compactMap { setting -> String? in
        switch Int.random(in: 0..<6, using: &random) {
        case 0: nil
        case 1: "\"\(setting.name)\":\(values.randomElement(using: &random) ?? "0")"
        default: setting.initial.map { "\"\(setting.name)\":\($0)" }
        }
      }
      return "{\"id\":\"\(index)\",\"type\":\"\(type?.engineName ?? "")\",\"data\":{\(settings.joined(separator: ","))}}"
    }
    let edges = (0..<Int.random(in: 0...12, using: &random)).map { _ in
      let ends = [Int.random(in: 0..<count, using: &random), Int.random(in: 0..<count, using: &random)].sorted()
      return "{\"source\":\"\(ends[0])\",\"target\":\"\(ends[1] + (ends[0] == ends[1] ? Int.random(in: 0...1, using: &random) : 0))\"}"
    }
    return "{\"nodes\":[\(nodes.joined(separator: ","))],\"edges\":[\(edges.joined(separator: ","))]}"
  }

  @Test("[EN2] damaged payloads are refused or run, never a trap", arguments: Array(UInt64(1)...20))
  func damaged(seed: UInt64) async {
    var random = SplitMix(state: seed)
    let whole = Array(
      #"{"nodes":[{"id":"a","data":{"text":"\u00e9\ud83d\ude00 x"}},{"id":"b","data":{"text_op":"camelcase"}}],"edges":[{"source":"a","target":"b"}]}"#
        .utf8)
    for _ in 0..<200 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) where bytes.count > 1 {
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.insert(bytes[place], at: Int.random(in: bytes.indices, using: &random))
        case 2: bytes.remove(at: place)
        default: bytes.removeSubrange(max(place, 1)...)
        }
      }
      let result = await WorkflowEngine().run(payload: bytes, clock: { .zero })
      #expect(!result.resultJSON.isEmpty, "SEED=\(seed)")
    }
  }
}
