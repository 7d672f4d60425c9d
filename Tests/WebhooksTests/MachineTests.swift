import Testing
import WorkflowGraph

@testable import Webhooks

/// The machine under virtual time.
@Suite struct MachineTests {
  private typealias Machine = WebhookMachine

  private func machine(_ hooks: [String: Bool] = ["a": true], slots: Int = 16) -> Machine {
    var limits = WebhookLimits()
    limits.attemptsAtOnceMax = slots
    var machine = Machine(limits: limits)
    // Everything is looked at once, and nothing waits.
    var turns = machine.handle(.known(.demo, hooks), atMilliseconds: 0)
    while case .attempt(let hook)? = turns.popLast() {
      turns += machine.handle(.ended(hook: hook, next: nil, pausedUntil: 0), atMilliseconds: 0)
    }
    return machine
  }

  @Test("[WH2] what is queued gets its turn at once, and one turn at a time: what comes meanwhile is looked at after it")
  func turns() {
    var machine = machine()
    #expect(machine.alarmAtMilliseconds == nil)
    #expect(machine.handle(.queued(.demo), atMilliseconds: 5) == [.attempt(hook: "a")])
    #expect(machine.handle(.queued(.demo), atMilliseconds: 6) == [])
    #expect(machine.handle(.queued(.other), atMilliseconds: 6) == [])
    #expect(machine.handle(.ended(hook: "a", next: nil, pausedUntil: 0), atMilliseconds: 7) == [.attempt(hook: "a")])
    #expect(machine.handle(.ended(hook: "a", next: nil, pausedUntil: 0), atMilliseconds: 8) == [])
    #expect(machine.alarmAtMilliseconds == nil)
  }

  @Test("[WH6] the next attempt comes when it is due, and nothing breaks a webhook's pause")
  func pauses() {
    var machine = machine()
    _ = machine.handle(.queued(.demo), atMilliseconds: 0)
    #expect(machine.handle(.ended(hook: "a", next: 5000, pausedUntil: 1000), atMilliseconds: 10) == [])
    #expect(machine.alarmAtMilliseconds == 5000)
    #expect(machine.handle(.queued(.demo), atMilliseconds: 500) == [])
    #expect(machine.alarmAtMilliseconds == 1000, "something else waits, for the end of the pause")
    #expect(machine.handle(.woke, atMilliseconds: 999) == [])
    #expect(machine.handle(.woke, atMilliseconds: 1000) == [.attempt(hook: "a")])
    #expect(machine.handle(.ended(hook: "a", next: 5000, pausedUntil: 3000), atMilliseconds: 1001) == [])
    #expect(machine.handle(.woke, atMilliseconds: 4999) == [])
    #expect(machine.handle(.woke, atMilliseconds: 5000) == [.attempt(hook: "a")])
  }

  @Test("[WH6] a webhook that begins anew, leading elsewhere or switched on again, is not held up by what was")
  func renewed() {
    var machine = machine(["a": true, "b": true])
    _ = machine.handle(.queued(.demo), atMilliseconds: 0)
    for hook in ["a", "b"] { _ = machine.handle(.ended(hook: hook, next: 20, pausedUntil: 86_400_000), atMilliseconds: 10) }
    #expect(machine.handle(.known(.demo, ["a": true, "b": true]), atMilliseconds: 30) == [])
    #expect(machine.handle(.renewed(hook: "a"), atMilliseconds: 30) == [.attempt(hook: "a")])
    #expect(machine.handle(.renewed(hook: "none"), atMilliseconds: 30) == [])
    #expect(machine.alarmAtMilliseconds == 86_400_000)
  }

  @Test("[WH2] no more attempts at once than there are slots, one per webhook; whoever waits longest is first")
  func slots() {
    let hooks = Dictionary(uniqueKeysWithValues: ["a", "b", "c", "d"].map { ($0, false) })
    var machine = machine(hooks, slots: 2)
    var running = machine.handle(.queued(.demo), atMilliseconds: 1)
    #expect(running == [.attempt(hook: "a"), .attempt(hook: "b")])
    #expect(machine.alarmAtMilliseconds == nil, "the end of an attempt is an event, no alarm is needed")
    // A slow one keeps its slot; the others go on through the other one.
    running = machine.handle(.ended(hook: "b", next: 2, pausedUntil: 0), atMilliseconds: 3)
    #expect(running == [.attempt(hook: "c")])
    #expect(machine.handle(.ended(hook: "c", next: nil, pausedUntil: 0), atMilliseconds: 4) == [.attempt(hook: "d")])
    #expect(machine.handle(.ended(hook: "d", next: nil, pausedUntil: 0), atMilliseconds: 5) == [.attempt(hook: "b")])
    #expect(machine.handle(.ended(hook: "b", next: nil, pausedUntil: 0), atMilliseconds: 6) == [])
    #expect(machine.handle(.ended(hook: "a", next: nil, pausedUntil: 0), atMilliseconds: 7) == [])
  }

  @Test("[WH8] changes are told once editing pauses for 5 s; edits without a pause are told after a minute, again and again")
  func quiet() {
    var machine = machine()
    #expect(machine.handle(.changed(.demo), atMilliseconds: 1000) == [])
    #expect(machine.handle(.changed(.demo), atMilliseconds: 4000) == [])
    #expect(machine.alarmAtMilliseconds == 9000)
    #expect(machine.handle(.woke, atMilliseconds: 8999) == [])
    #expect(machine.handle(.woke, atMilliseconds: 9000) == [.tell(.demo)])
    #expect(machine.handle(.told(.demo, isDone: true), atMilliseconds: 9001) == [])
    #expect(machine.alarmAtMilliseconds == nil)
    var told: [UInt64] = []
    for second in UInt64(0)..<200 {
      let now = 100_000 + second * 1000
      for action in machine.handle(.changed(.demo), atMilliseconds: now) {
        #expect(action == .tell(.demo))
        told.append(second)
        #expect(machine.handle(.told(.demo, isDone: true), atMilliseconds: now) == [])
      }
    }
    #expect(told == [60, 121, 182])
  }

  @Test("[WH8] what changes while changes are told is told by the next one; what could not be told is tried again")
  func meanwhile() {
    var machine = machine()
    _ = machine.handle(.changed(.demo), atMilliseconds: 0)
    #expect(machine.handle(.woke, atMilliseconds: 5000) == [.tell(.demo)])
    #expect(machine.handle(.changed(.demo), atMilliseconds: 5500) == [])
    #expect(machine.handle(.changed(.demo), atMilliseconds: 6000) == [])
    #expect(machine.handle(.woke, atMilliseconds: 99_000) == [], "one at a time")
    #expect(machine.handle(.told(.demo, isDone: true), atMilliseconds: 99_001) == [.tell(.demo)])
    #expect(machine.handle(.told(.demo, isDone: false), atMilliseconds: 100_000) == [])
    #expect(machine.alarmAtMilliseconds == 105_000)
    #expect(machine.handle(.woke, atMilliseconds: 105_000) == [.tell(.demo)])
  }

  @Test("[WH1] edits of a workflow whose webhooks want none of it are not told, nor those of one without webhooks")
  func unwanted() {
    var machine = machine(["a": false])
    #expect(machine.handle(.changed(.demo), atMilliseconds: 0) == [] && machine.alarmAtMilliseconds == nil)
    #expect(machine.handle(.changed(.other), atMilliseconds: 0) == [] && machine.alarmAtMilliseconds == nil)
    _ = machine.handle(.known(.demo, ["a": true]), atMilliseconds: 0)
    _ = machine.handle(.ended(hook: "a", next: nil, pausedUntil: 0), atMilliseconds: 0)
    _ = machine.handle(.changed(.demo), atMilliseconds: 0)
    #expect(machine.alarmAtMilliseconds == 5000)
    _ = machine.handle(.known(.demo, [:]), atMilliseconds: 1)
    #expect(machine.alarmAtMilliseconds == nil && machine.hookCount == 0)
  }

  @Test("[WH7] a webhook that is switched off in its turn is forgotten with its end; switched on meanwhile it goes on, still one at a time")
  func switchedOff() {
    var machine = machine(["a": false, "b": false], slots: 1)
    #expect(machine.handle(.queued(.demo), atMilliseconds: 0) == [.attempt(hook: "a")])
    #expect(machine.handle(.known(.demo, ["b": false]), atMilliseconds: 1) == [], "the slot is taken until the attempt ends")
    #expect(machine.handle(.known(.demo, ["a": false, "b": false]), atMilliseconds: 2) == [])
    #expect(machine.handle(.ended(hook: "a", next: nil, pausedUntil: 0), atMilliseconds: 3) == [.attempt(hook: "b")])
    #expect(machine.handle(.ended(hook: "b", next: nil, pausedUntil: 0), atMilliseconds: 4) == [.attempt(hook: "a")])
    #expect(machine.handle(.known(.demo, [:]), atMilliseconds: 5) == [])
    #expect(machine.handle(.ended(hook: "a", next: 6, pausedUntil: 0), atMilliseconds: 6) == [])
    #expect(machine.hookCount == 0 && machine.alarmAtMilliseconds == nil)
    #expect(machine.handle(.ended(hook: "a", next: 6, pausedUntil: 0), atMilliseconds: 7) == [], "an end that nobody waits for")
  }

  @Test(
    "[WH2, WH6] random histories: never two turns of one webhook, never more than the slots, and whatever waits gets its turn",
    arguments: 0..<20)
  func histories(seed: UInt64) {
    var random = SplitMix(state: seed)
    var machine = machine(["a": true, "b": false, "c": true, "d": false], slots: 2)
    var running: Set<String> = []
    var telling = 0
    var now: UInt64 = 1000
    func note(_ actions: [Machine.Action]) {
      for action in actions {
        switch action {
        case .attempt(let hook): #expect(running.insert(hook).inserted, "\(hook) has two turns")
        case .tell: telling += 1
        }
      }
      #expect(running.count <= 2 && telling <= 1)
    }
    for _ in 0..<500 {
      now += random.next() % 4000
      switch random.next() % 5 {
      case 0: note(machine.handle(.queued(.demo), atMilliseconds: now))
      case 1: note(machine.handle(.changed(.demo), atMilliseconds: now))
      case 2 where telling > 0:
        telling -= 1
        note(machine.handle(.told(.demo, isDone: random.next() % 2 == 0), atMilliseconds: now))
      case 3:
        guard let hook = running.sorted().first else { continue }
        running.remove(hook)
        let next = random.next() % 2 == 0 ? nil : now + random.next() % 9000
        note(machine.handle(.ended(hook: hook, next: next, pausedUntil: now + random.next() % 3000), atMilliseconds: now))
      default: note(machine.handle(.woke, atMilliseconds: now))
      }
    }
    // Everything ends; one more thing is queued for all: each gets a turn, though only two at once.
    for _ in 0..<200 {
      now += 60_000
      for hook in running {
        running.remove(hook)
        note(machine.handle(.ended(hook: hook, next: nil, pausedUntil: 0), atMilliseconds: now))
      }
      if telling > 0 {
        telling -= 1
        note(machine.handle(.told(.demo, isDone: true), atMilliseconds: now))
      }
      note(machine.handle(.woke, atMilliseconds: now))
    }
    #expect(running.isEmpty && telling == 0 && machine.alarmAtMilliseconds == nil, "something waits for ever")
    note(machine.handle(.queued(.demo), atMilliseconds: now))
    var seen: Set<String> = []
    while let hook = running.first {
      seen.insert(hook)
      running.remove(hook)
      note(machine.handle(.ended(hook: hook, next: nil, pausedUntil: 0), atMilliseconds: now))
    }
    #expect(seen == ["a", "b", "c", "d"])
  }
}

/// Source: Steele 2014.
private struct SplitMix {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
