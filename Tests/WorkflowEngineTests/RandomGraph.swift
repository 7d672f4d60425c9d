/// A workflow drawn from a seed: nodes that wait beside nodes that share state, texts with templates, errors on the way.
struct RandomGraph {
  private var random: SplitMix
  private var nodes: [String] = []
  private var edges: [String] = []
  /// Nodes to connect from, and what they give.
  private var texts: [String] = []
  private var any: [String] = []
  private var ids: [String] = []
  /// How many of 100 nodes get a setting that makes them fail.
  private let faults: Int

  private(set) var payload = ""

  init(seed: UInt64) {
    random = SplitMix(state: seed)
    let count = Int.random(in: 2...18, using: &random)
    faults = Int.random(in: 0..<4, using: &random) * 4
    // Ids decide the order, so they are not those of the graph.
    ids = (0..<200).map { String($0) }.shuffled(using: &random)
    while nodes.count < count { addNode() }
    // A list of its own: the order of edges is semantics and not that of nodes.
    edges.shuffle(using: &random)
    nodes.shuffle(using: &random)
    payload = "{\"nodes\":[\(nodes.joined(separator: ","))],\"edges\":[\(edges.joined(separator: ","))]}"
  }

  private mutating func pick(_ items: [String]) -> String { items.randomElement(using: &random) ?? "" }
  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  private mutating func add(_ type: String, _ data: String, from sources: [String]) -> String {
    let id = ids.popLast() ?? "last"
    let kind = chance(faults) ? "nobody" : type
    nodes.append("{\"id\":\"\(id)\",\"type\":\"\(kind)\",\"data\":{\(data)}}")
    for source in sources { edges.append("{\"source\":\"\(source)\",\"target\":\"\(id)\"}") }
    any.append(id)
    return id
  }

  private mutating func source() -> [String] { [pick(any)] }
  private mutating func duration() -> String { pick(["0", "1ms", "2ms", "5ms", "20ms", "100ms"]) }

  private mutating func addNode() {
    if any.isEmpty { texts.append(add("text_input", "\"text\":\"t\"", from: [])) }
    switch Int.random(in: 0..<14, using: &random) {
    case 0: texts.append(add("text_input", "\"text\":\"<{{variable.a}}{{ const.b }}>\"", from: chance(70) ? source() : []))
    case 1, 2, 3: _ = add("delay", "\"duration\":\"\(duration())\"", from: chance(60) ? source() : [])
    case 4:
      let type = pick(["context_variable", "context_constant"])
      _ = add(type, "\"context_name\":\"\(pick(["a", "b"]))\",\"context_value\":\"\(nodes.count)\"", from: chance(50) ? source() : [])
    case 5: _ = add("variable", "\"var_name\":\"\(pick(["v{{variable.a}}", "w"]))\",\"var_op\":\"set\"", from: source())
    case 6: if chance(30) { _ = add("variable", "\"var_name\":\"w\",\"var_op\":\"get\"", from: chance(60) ? source() : []) }
    case 7: _ = add("counter", "\"counter_op\":\"increment\",\"delta\":\(nodes.count)", from: source())
    case 8: _ = add("accumulator", "\"accum_op\":\"array\"", from: source())
    case 9:
      let settings = pick([
        "\"cache_op\":\"set\",\"cache_key\":\"k{{variable.a}}\",\"ttl\":\"\(duration())\"", "\"cache_op\":\"get\",\"cache_key\":\"k\"",
        "\"cache_op\":\"get\",\"cache_key\":\"k{{variable.a}}\"", "\"cache_op\":\"set\",\"cache_key\":\"k\",\"ttl\":\"\(duration())\"",
      ])
      _ = add("cache", settings, from: source())
    case 10:
      let parts = (0..<Int.random(in: 1...3, using: &random)).map { _ in pick(texts) }
      texts.append(add("text_operation", "\"text_op\":\"concat\",\"separator\":\"-\"", from: parts))
    case 11: _ = add("join", "", from: (0..<Int.random(in: 1...4, using: &random)).map { _ in pick(any) })
    case 12:
      // An error that is retried, in vain.
      guard chance(10 + faults * 3) else {
        _ = add("retry", "\"initial_delay\":\"5ms\"", from: source())
        return
      }
      let name = add("text_input", "\"text\":\"error\"", from: [])
      let list = add("transform", "\"transform_type\":\"to_array\"", from: [name, pick(texts)])
      let error = add("transform", "\"transform_type\":\"to_object\"", from: [list])
      let data = "\"initial_delay\":\"\(duration())\",\"max_attempts\":\(Int.random(in: 1...4, using: &random))"
      _ = add(chance(50) ? "retry" : "try_catch", data + ",\"fallback_value\":\"{{variable.a}}\"", from: [error])
    default: _ = add("visualization", "\"mode\":\"m\"", from: source())
    }
  }
}
