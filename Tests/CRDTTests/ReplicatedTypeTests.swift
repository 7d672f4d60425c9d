import CRDT
import Testing

/// One replica's change to a small replicated object: a map of registers and a set of tags, as the document has them.
private struct Step {
  enum Kind {
    case write(key: Int, value: Int)
    case add
    case remove([Stamp])
  }
  var stamp: Stamp
  var kind: Kind
}

private struct Replica: Equatable {
  var version = Version()
  var map = LWWMap<Int, Int>()
  var set = TagSet()
  var pending = PendingRemovals<Int>()

  mutating func apply(_ step: Step) {
    switch step.kind {
    case .write(let key, let value): _ = map.write(key, value, stamp: step.stamp)
    case .add: if !pending.contains(0, step.stamp) { _ = set.add(step.stamp) }
    case .remove(let tags):
      for tag in tags {
        if version.covers(tag.id) { _ = set.remove(tag) } else { pending.remember(0, tag) }
      }
    }
    version.raise(step.stamp.replica, to: step.stamp.seq)
    pending.settle(step.stamp.replica, step.stamp.seq)
  }

  mutating func merge(_ other: Self) {
    map.merge(other.map, mySeen: version, theirSeen: other.version)
    set.merge(other.set, mySeen: version, theirSeen: other.version)
    version.merge(other.version)
    for removal in pending.merge(other.pending, covered: version) { _ = set.remove(removal.tag) }
  }
}

@Suite struct ReplicatedTypeTests {
  /// Steps of three replicas; removals name tags from anywhere, also ones whose author comes later in the delivery.
  private func history(_ random: inout SeededRandom) -> [[Step]] {
    var adds: [Stamp] = []
    var seqs: [UInt64] = [0, 0, 0]
    var steps: [[Step]] = [[], [], []]
    for time in 1...Int.random(in: 2...14, using: &random) {
      let who = Int.random(in: 0..<3, using: &random)
      seqs[who] += 1
      let stamp = Stamp(
        hlc: HybridTime(milliseconds: UInt64(time / 3)), replica: ReplicaID(UInt32(who + 1)), seq: seqs[who], index: 0)
      let kind: Step.Kind
      switch Int.random(in: 0..<4, using: &random) {
      case 0: kind = .write(key: Int.random(in: 0..<3, using: &random), value: time)
      case 1 where !adds.isEmpty: kind = .remove(adds.shuffled(using: &random).suffix(2))
      default:
        kind = .add
        adds.append(stamp)
      }
      steps[who].append(Step(stamp: stamp, kind: kind))
    }
    return steps
  }

  /// All steps in a random order that keeps each replica's own.
  private func interleaved(_ steps: [[Step]], _ random: inout SeededRandom) -> [Step] {
    var next = steps.map { $0[...] }
    var result: [Step] = []
    while let who = next.indices.filter({ !next[$0].isEmpty }).randomElement(using: &random) { result.append(next[who].removeFirst()) }
    return result
  }

  @Test("[ME1][DO6] every order of delivery gives the same map, the same set, and no removal left waiting")
  func anyOrder() {
    for seed in 0..<2000 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      let steps = history(&random)
      var results: [Replica] = []
      for _ in 0..<4 {
        var replica = Replica()
        for step in interleaved(steps, &random) { replica.apply(step) }
        results.append(replica)
      }
      #expect(results.allSatisfy { $0 == results[0] }, "seed \(seed)")
      #expect(results[0].pending.isEmpty, "seed \(seed)")
    }
  }

  @Test("[ME2] merge is commutative, associative, idempotent, and equals delivery")
  func merge() {
    for seed in 0..<2000 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      let steps = history(&random)
      var parts = [Replica(), Replica(), Replica()]
      for index in parts.indices {
        for step in interleaved(steps.map { Array($0.prefix(Int.random(in: 0...$0.count, using: &random))) }, &random) {
          parts[index].apply(step)
        }
      }
      let (a, b, c) = (parts[0], parts[1], parts[2])
      func join(_ x: Replica, _ y: Replica) -> Replica {
        var x = x
        x.merge(y)
        return x
      }
      #expect(join(a, a) == a, "seed \(seed)")
      #expect(join(a, b) == join(b, a), "seed \(seed)")
      #expect(join(join(a, b), c) == join(a, join(b, c)), "seed \(seed)")

      var delivered = a
      for step in steps.joined() where b.version.covers(step.stamp.id) && !a.version.covers(step.stamp.id) { delivered.apply(step) }
      #expect(join(a, b) == delivered, "seed \(seed)")
    }
  }

  @Test("[ME2] what one side dropped and had seen goes on the other side; what it never saw stays")
  func collected() {
    let seen = Version([Version.Entry(replica: ReplicaID(1), seq: 1)])
    func stamp(_ seq: UInt64) -> Stamp { Stamp(hlc: HybridTime(milliseconds: seq), replica: ReplicaID(1), seq: seq, index: 0) }
    let old = LWWRegister(1, stamp: stamp(1))
    let new = LWWRegister(2, stamp: stamp(2))
    #expect(LWWRegister.merged(old, seen: seen, nil, seen: seen) == nil)
    #expect(LWWRegister.merged(new, seen: seen, nil, seen: seen) == new)
    #expect(LWWRegister.merged(nil, seen: seen, old, seen: seen) == nil)
    #expect(LWWRegister.merged(old, seen: seen, new, seen: seen) == new)
  }

  @Test("[CR2] the later stamp wins, ties of time go by replica, then seq, then index")
  func stampOrder() {
    func stamp(_ time: UInt64, _ replica: UInt32, _ seq: UInt64, _ index: UInt32) -> Stamp {
      Stamp(hlc: HybridTime(milliseconds: time), replica: ReplicaID(replica), seq: seq, index: index)
    }
    let ascending = [stamp(1, 9, 9, 9), stamp(2, 1, 9, 9), stamp(2, 2, 1, 9), stamp(2, 2, 2, 0), stamp(2, 2, 2, 1)]
    #expect(ascending == ascending.shuffled().sorted())
    var register = LWWRegister("a", stamp: ascending[2])
    #expect(register.write("b", stamp: ascending[1]).isOlder)
    #expect(register.write("c", stamp: ascending[2]).isOlder)
    #expect(!register.write("d", stamp: ascending[3]).isOlder)
    #expect(register.value == "d")
  }

  @Test("[CR4] a version covers what it counted, and merging takes the higher entry")
  func version() {
    var version = Version([
      .init(replica: ReplicaID(3), seq: 2), .init(replica: ReplicaID(1), seq: 0), .init(replica: ReplicaID(2), seq: 5),
    ])
    #expect(version.entries.map(\.replica.rawValue) == [2, 3])
    #expect(version.covers(OpID(replica: ReplicaID(3), seq: 2, index: 7)))
    #expect(!version.covers(OpID(replica: ReplicaID(3), seq: 3, index: 0)))
    let other = Version([.init(replica: ReplicaID(1), seq: 1), .init(replica: ReplicaID(2), seq: 4)])
    #expect(!version.covers(other))
    version.merge(other)
    #expect(version.covers(other))
    #expect(version[ReplicaID(2)] == 5)
  }

  @Test("[DO1] registers appended in the order of their keys are those written one by one")
  func appended() {
    var (appended, written) = (LWWMap<Int, Int>(), LWWMap<Int, Int>())
    for key in 0..<20 {
      let stamp = Stamp(hlc: HybridTime(milliseconds: UInt64(100 - key)), replica: ReplicaID(1), seq: UInt64(key + 1), index: 0)
      appended.append(2 * key, key, stamp: stamp)
      _ = written.write(2 * key, key, stamp: stamp)
    }
    #expect(appended == written)
    #expect(appended[6]?.value == 3 && appended[7] == nil)
  }

  @Test("[DO4] tags are visited as they are listed, in ascending order")
  func visited() {
    var random = SeededRandom(seed: 5)
    for count in 0..<6 {
      var set = TagSet()
      for seq in (1..<(1 + count)).shuffled(using: &random) {
        _ = set.add(Stamp(hlc: HybridTime(milliseconds: UInt64(seq)), replica: ReplicaID(1), seq: UInt64(seq), index: 0))
      }
      var visited: [Stamp] = []
      set.visit { visited.append($0) }
      #expect(visited == set.tags && visited == visited.sorted() && visited.count == count)
    }
  }
}

extension LWWOutcome {
  fileprivate var isOlder: Bool { if case .older = self { true } else { false } }
}
