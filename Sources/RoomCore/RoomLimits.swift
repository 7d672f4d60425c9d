public import CollabProtocol
public import RateLimits

/// Every bound of a room with its unit. What happens beyond it stands beside it.
public struct RoomLimits: Hashable, Sendable {
  /// What clients are told in the welcome and held to.
  public var protocolLimits = Limits()
  /// How much a second: of these the room itself counts ops, requests for a fresh state and requests for history of each session.
  public var rates = RateTable.defaults

  // MARK: sessions
  /// No hello for so long after the connection opened: 4408.
  public var helloDeadlineMilliseconds: UInt64 = 10_000
  /// A session that joins waits at most so long for the store or a snapshot: 4500.
  public var joinDeadlineMilliseconds: UInt64 = 20_000
  /// Messages kept of a session that waits for its welcome; more: 4400.
  public var earlyMessageCountMax = 256
  /// More sessions in one room: 4503.
  public var sessionCountMax = 10_000
  /// Of a name in the hello, in UTF-8; longer or empty: 4400.
  public var nameBytesMax = 64
  /// Of the client's program name in the hello; longer: 4400.
  public var clientBytesMax = 64
  /// Participants in the welcome itself; the others follow in a presence frame that all newcomers of a tick share.
  public var welcomeParticipantCountMax = 128

  // MARK: leases
  /// A lease nobody uses is ended after so long; its holder takes a new replica id then.
  public var leaseIdleMilliseconds: UInt64 = 24 * 3_600_000
  /// Likewise for a lease that never wrote anything.
  public var unusedLeaseIdleMilliseconds: UInt64 = 3_600_000
  /// Replica ids lent at once, and so the longest version; a message carries one no longer. Beyond it the lease that is unused the longest
  /// ends; when all are in use, 4503.
  public var leaseCountMax = 4096
  /// Ended leases remembered; beyond it the oldest is forgotten, and its holder is treated as a stranger.
  public var endedLeaseCountMax = 4096
  /// How often leases are looked over.
  public var leaseSweepIntervalMilliseconds: UInt64 = 600_000

  // MARK: changes
  /// Batches sent in spite of `rate_limited` before the wait was over; beyond it 4429.
  public var rateStrikeCountMax = 256
  /// Bytes applied and not durable yet in the room; beyond it `unavailable` until the store has caught up.
  public var undurableBytesMax = 16 << 20
  /// Of those, bytes of one session, as estimated; beyond it its socket is not read until half of them are durable. Spec: FC1.
  public var inFlightBytesMax = 4 << 20
  /// What `unavailable` tells a client to wait.
  public var unavailableRetryMilliseconds: UInt32 = 1_000
  /// Recent changes kept in memory for those who come back; older ones take a snapshot.
  public var tailCountMax = 8192
  /// Of those changes, as estimated; beyond it the oldest go.
  public var tailBytesMax = 4 << 20

  // MARK: snapshots
  /// Changes since the last snapshot before the store gets another.
  public var snapshotAfterChangeCount = 4096
  /// And bytes since then: at least this, and at least as many as the last snapshot has, so that snapshots cost at most what the log costs.
  public var snapshotAfterBytes = 1 << 20
  /// And time since then.
  public var snapshotIntervalMilliseconds: UInt64 = 10_000
  /// A joiner gets the cached snapshot and what came after it up to so many changes; beyond it a new snapshot is made.
  public var snapshotReuseChangeCountMax = 512

  // MARK: presence, findings, hashes
  /// Pause between two hash reports while the document changes.
  public var hashIntervalMilliseconds: UInt64 = 2_000
  /// Of one presence frame, as estimated; more slots make more frames.
  public var presenceFrameBytesMax = 128 << 10

  // MARK: flow control
  /// Bytes on their way to one session before its presence is shed; what is more waits in the outbox, one copy for all who wait for it.
  public var shedPresenceBytes = 256 << 10
  /// Bytes on their way to one session before changes are held back and replaced by a catch-up.
  public var outboxBytesMax = 1 << 20
  /// Bytes on their way to all sessions of the server that are behind, snapshots that wait not counted: beyond it each of them is held back,
  /// however little its own are, and gets the next piece when it has taken the one before.
  public var outboxTotalBytesMax = 256 << 20
  /// Below this a session that was held back is caught up.
  public var outboxLowBytes = 64 << 10
  /// A session held back whose outbox does not drain for so long (a socket is given `shedPresenceBytes` at a time): 4508.
  public var slowGraceMilliseconds: UInt64 = 15_000

  // MARK: runs
  /// Runs at once; beyond it `limit`.
  public var activeRunCountMax = 4
  /// Runs that wait for their version or their turn; beyond it `limit`.
  public var waitingRunCountMax = 64
  /// A run whose version does not arrive within this: `conflict`.
  public var runBarrierMilliseconds: UInt64 = 30_000
  /// Of all events of one run; beyond it the run is ended with `run_failed`.
  public var runEventBytesMax = 16 << 20
  /// Idempotency keys remembered; beyond it the oldest is forgotten.
  public var runKeyCountMax = 256
  public var idempotencyKeyBytesMax = 128

  // MARK: history
  /// Changes that one page of history looks at; more: in the next page.
  public var historyChangeCountMax = 1000
  /// Bytes of them, as they are stored.
  public var historyReadBytesMax = 4 << 20
  /// Of the entries of a page, as estimated; beyond it the page ends earlier.
  public var historyPageBytesMax = 192 << 10
  /// Of one session, unanswered; beyond it `rate_limited`.
  public var looksOpenMax = 4
  /// States that are made at once for all sessions of the room, to show them or to keep them under a name; beyond it `rate_limited`.
  public var statesOpenMax = 16
  /// Named versions; beyond it `limit`. The store has this bound too.
  public var versionCountMax = 200
  /// In UTF-8; longer: `too_large`.
  public var versionNameBytesMax = 100
  public var versionNoteBytesMax = 1000

  /// Automatic versions: editing pauses for so long. 0: none are kept.
  public var versionPauseMilliseconds: UInt64 = 120_000
  /// Or goes on for so long since the last.
  public var versionEditingMilliseconds: UInt64 = 1_800_000
  /// And not sooner than this after the last automatic one.
  public var versionIntervalMilliseconds: UInt64 = 300_000
  /// Automatic ones that stay, beyond which the oldest go; before that all of the last day stay, and of thirty days before the last of each.
  public var automaticVersionCountMax = 300

  // MARK: life of the room
  /// Without sessions and runs for so long, the room is saved and unloaded.
  public var idleUnloadMilliseconds: UInt64 = 60_000
  /// Pause before the store is asked again after a failure; doubles up to the maximum.
  public var reloadRetryMilliseconds: UInt64 = 200
  public var reloadRetryMaxMilliseconds: UInt64 = 10_000
  /// Dead entries go when every lease has seen past them and this has passed. Spec: ME5.
  public var collectionHorizonMilliseconds: UInt64 = 24 * 3_600_000
  public var collectionIntervalMilliseconds: UInt64 = 600_000
  /// Least and greatest pause that a goodbye names when the server drains.
  public var reconnectMinMilliseconds: UInt32 = 200
  public var reconnectMaxMilliseconds: UInt32 = 3_000
  /// Greatest pause for one that comes back because its rights changed: a person waits for it, and nobody else was cut off with it.
  public var readmitMaxMilliseconds: UInt32 = 50
  /// A draining room waits so long for the store before it closes its sessions all the same.
  public var drainFlushMilliseconds: UInt64 = 5_000

  public init() {}
}
