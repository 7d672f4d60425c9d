import CollabClient
import CollabProtocol
import RateLimits
import RoomCore

/// What one simulation is made of, drawn from its seed: each seed leaves some faults out and exaggerates others.
///
/// Source: Groce et al. 2012, "Swarm testing": histories with everything in them at once find less than histories that differ.
public struct Swarm: Sendable {
  var clientCount: Int
  var workflowCount: Int
  var loopCount: Int
  /// Roles of the clients, by index.
  var viewers: Int
  var weights: [Step: Int]
  var nodesAim: Int
  var editsInARow: Int
  var socketBytes: Int
  var usesRuns: Bool
  var usesPresence: Bool
  var limits: RoomLimits
  var storeQueueBytesMax: Int

  /// What may happen next.
  enum Step: CaseIterable, Sendable {
    case edit, undo, presence, up, down, loop, job, commit, pass, run, cancelRun, verify
    // Faults.
    case cut, halfOpenEnds, stall, partition, serverCrash, drain, clientCrash, clientLeaves, failAppend, tearAppend, failLoad, failSave
    case damageSnapshot, wallJump, clientWallJump, longPass, role, evict, rogue

    var isFault: Bool {
      switch self {
      case .edit, .undo, .presence, .up, .down, .loop, .job, .commit, .pass, .run, .cancelRun, .verify: false
      default: true
      }
    }

    /// How often it comes when the swarm has it.
    var baseWeight: Int {
      switch self {
      case .edit: 22
      case .undo: 3
      case .presence: 4
      case .up, .down: 24
      case .loop: 20
      case .job: 8
      case .commit: 14
      case .pass: 14
      case .run: 2
      case .cancelRun, .verify, .rogue: 1
      case .cut: 5
      case .halfOpenEnds: 6
      case .stall: 3
      case .partition, .serverCrash, .clientCrash, .clientLeaves, .failAppend, .tearAppend, .failLoad, .failSave: 1
      case .damageSnapshot, .wallJump, .clientWallJump, .longPass, .role, .evict, .drain: 1
      }
    }
  }

  init(_ random: inout SeededRandom) {
    clientCount = 2 + random.below(5)
    workflowCount = random.chance(1, of: 5) ? 2 : 1
    loopCount = 1 + random.below(2)
    // Somebody has to make the workflow.
    viewers = workflowCount == 1 && random.chance(1, of: 3) ? 1 : 0
    nodesAim = [6, 12, 30][random.below(3)]
    editsInARow = [1, 3, 12][random.below(3)]
    socketBytes = [0, 2 << 10, 64 << 10][random.below(3)]
    usesRuns = random.chance(1, of: 2)
    usesPresence = random.chance(1, of: 2)
    // Never less than what one turn of a room may write: that would be refused for ever.
    storeQueueBytesMax = random.chance(1, of: 6) ? 256 << 10 : 64 << 20
    weights = [:]
    for step in Step.allCases {
      if step.isFault, random.chance(1, of: 2) { continue }
      weights[step] = step.baseWeight * (random.chance(1, of: 4) ? 3 : 1)
    }
    if !usesRuns { weights[.run] = nil }
    if !usesPresence { weights[.presence] = nil }
    limits = Self.limits(&random)
    if storeQueueBytesMax < 1 << 20 { limits.undurableBytesMax = 4 << 10 }
  }

  /// Small bounds, so that what lies beyond them happens.
  private static func limits(_ random: inout SeededRandom) -> RoomLimits {
    var limits = RoomLimits()
    limits.tailCountMax = random.pick([2, 16, 128])
    limits.snapshotAfterChangeCount = random.pick([4, 20, 100])
    limits.snapshotAfterBytes = random.pick([0, 1 << 10, 1 << 16])
    limits.snapshotIntervalMilliseconds = random.pick([0, 200, 5_000])
    limits.snapshotReuseChangeCountMax = random.pick([0, 8, 512])
    limits.hashIntervalMilliseconds = random.pick([50, 500])
    limits.shedPresenceBytes = random.pick([1 << 10, 256 << 10])
    limits.outboxBytesMax = random.pick([4 << 10, 1 << 20])
    limits.outboxLowBytes = 1 << 10
    limits.slowGraceMilliseconds = random.pick([500, 15_000])
    limits.undurableBytesMax = random.pick([4 << 10, 64 << 20])
    limits.unavailableRetryMilliseconds = 100
    limits.protocolLimits.changesInFlightMax = random.pick([4, 32, 4096])
    limits.protocolLimits.nodesMax = random.pick([5, 20_000])
    limits.leaseIdleMilliseconds = random.pick([3_000, 24 * 3_600_000])
    limits.unusedLeaseIdleMilliseconds = random.pick([1_000, 3_600_000])
    limits.leaseSweepIntervalMilliseconds = 700
    limits.leaseCountMax = random.pick([8, 4096])
    limits.endedLeaseCountMax = random.pick([512, 4096])
    limits.collectionHorizonMilliseconds = random.pick([500, 24 * 3_600_000])
    limits.collectionIntervalMilliseconds = 600
    limits.idleUnloadMilliseconds = random.pick([300, 60_000])
    limits.runBarrierMilliseconds = 2_000
    limits.activeRunCountMax = random.pick([1, 4])
    limits.reloadRetryMilliseconds = 20
    limits.reloadRetryMaxMilliseconds = 400
    limits.joinDeadlineMilliseconds = 5_000
    limits.drainFlushMilliseconds = 1_000
    if random.pick([40, 50_000]) == 40 { limits.rates[.ops, per: .session] = Rate(40, burst: 120) }
    return limits
  }
}
