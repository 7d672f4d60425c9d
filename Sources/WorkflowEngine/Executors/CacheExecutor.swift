/// Keeps its first input under a key for a while, gives what was kept, or drops it.
struct CacheExecutor: StatefulNodeExecutor {
  static let type = "cache"
  static let part = RunState.Part.cache
  /// Five minutes, in nanoseconds.
  private static let lifetime: Int64 = 300_000_000_000

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let operation = try call.requiredText("cache_op", "cache node requires cache_op field")
    let key = try call.requiredText("cache_key", "cache node requires cache_key field")
    switch operation {
    case "set": return try set(key, call, &state)
    case "get": return get(key, call, &state)
    case "delete":
      let wasThere = state.cache.removeValue(forKey: RunState.Name(key)) != nil
      return .object(["operation": .text("delete"), "key": .text(key), "deleted": .bool(wasThere)])
    default: throw NodeFailure("unsupported cache operation: \(operation) (use get, set, or delete)")
    }
  }

  private func set(_ key: String, _ call: NodeCall, _ state: inout RunState) throws(NodeFailure) -> Value {
    let input = try call.firstInput("cache set operation requires an input value")
    let ttl = call.settings.text("ttl")
    var lifetime = Self.lifetime
    if let ttl {
      guard let given = GoDuration.parse(ttl) else { throw NodeFailure("invalid TTL format: \(GoDuration.fault(in: ttl))") }
      lifetime = given
    }
    state.cache[RunState.Name(key)] = RunState.CacheEntry(value: input, expiry: call.time.inTurn + .nanoseconds(lifetime))
    return .object(["operation": .text("set"), "key": .text(key), "value": input, "ttl": ttl.map { .text($0) } ?? .null])
  }

  private func get(_ key: String, _ call: NodeCall, _ state: inout RunState) -> Value {
    guard let entry = state.cache[RunState.Name(key)] else {
      return .object(["operation": .text("get"), "key": .text(key), "found": .bool(false), "value": .null])
    }
    guard call.time.inTurn < entry.expiry else {
      state.cache[RunState.Name(key)] = nil
      return .object([
        "operation": .text("get"), "key": .text(key), "found": .bool(false), "value": .null, "expired": .bool(true),
      ])
    }
    return .object(["operation": .text("get"), "key": .text(key), "found": .bool(true), "value": entry.value])
  }
}
