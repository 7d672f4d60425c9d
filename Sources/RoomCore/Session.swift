import Access
import CRDT
import CollabProtocol
import RateLimits
import WorkflowDocument
import WorkflowGraph

/// One connection's stay in a room, after its hello.
struct Session: Sendable {
  /// What the session is to be brought up to date for.
  enum Purpose: Sendable {
    case join(Joining)
    case resync
    case lag(Lag)
  }

  /// Indirect, because what the first stages carry would take its place in every session for ever.
  indirect enum Stage: Sendable {
    /// The lease is on its way to the store, or the store is down. Can become `catchingUp` or `live` when everything before it is durable.
    case joining(Joining)
    /// Waits for a snapshot. Can become `live` when one is durable.
    case catchingUp(Purpose)
    /// Hears every broadcast it wants.
    case live
    /// Its socket does not keep up: it hears nothing. Can become `catchingUp` or `live` when the socket has drained, gone when it does not.
    case lagging(Lag)
  }

  struct Joining: Sendable {
    var arrival: Arrival
    var sinceMilliseconds: UInt64
    var lease: Lease?
    /// Of the lease that the hello showed.
    var shown: ShownLease = .none
  }

  enum ShownLease: Sendable {
    case none
    case resumed(ReplicaID)
    case lost(through: UInt64)
    /// Nobody here ever lent it, as far as is remembered: it may be of a workflow that had this id before.
    case foreign
  }

  /// Where a session stopped listening, to tell it later what it missed.
  struct Lag: Sendable {
    /// When it was held back, or took something last.
    var sinceMilliseconds: UInt64
    /// The least that was on its way to it since then.
    var bytes: Int
    var position: UInt64
    var issues: Set<Issue>
    var runSeqs: [RunID: UInt64]
    var versionsRevision: UInt64
    /// It asked for a fresh state meanwhile, so changes alone will not do.
    var wantsSnapshot = false
  }

  struct Pauses: OptionSet, Sendable {
    let rawValue: UInt8
    static let inFlight = Pauses(rawValue: 1)
    static let lagging = Pauses(rawValue: 2)
  }

  let id: SessionID
  /// Of its connection among all of this server's, in the order in which they were opened.
  let connectionNumber: UInt64
  /// `id.text`, which every presence frame needs.
  let text: String
  let subject: String
  let author: Author
  let colour: String
  let roleMax: Role?
  /// What `role` follows from.
  var rights: Rights
  var role: Role
  let topics: Topics
  let takesLease: Bool
  var replica: ReplicaID?
  var stage: Stage
  /// Others know of it.
  var isAnnounced = false
  var shedsPresence = false

  /// Changes applied and not durable yet.
  var inFlight = 0
  var inFlightBytes = 0
  var pauses: Pauses = []
  var opBucket = RateBucket()
  var resyncBucket = RateBucket()
  var lookBucket = RateBucket()
  /// Looks at history that are not answered.
  var looksOpenCount = 0
  /// Until when `rate_limited` told it to wait, and how often it did not.
  var waitUntilMilliseconds: UInt64 = 0
  var strikeCount = 0
  /// The seq that was refused last while it was the next one: what follows it is refused as well.
  var refusedSeq: UInt64 = 0

  /// Said behind the hello, before the welcome: heard after it.
  var early: [RoomEvent] = []

  /// The last batch that was dealt with, and how many answers still wait for the store.
  var lastBatch: UInt64 = 0
  var openAnswerCount = 0
  /// Answers since the last ack.
  var isAckDue = false
  var answeredBatch: UInt64 = 0
  var refusals: [Refusal] = []

  var presence: PresenceState?
  var isPresenceDirty = false

  init(_ arrival: Arrival, role: Role, stage: Stage) {
    id = arrival.session
    connectionNumber = arrival.connectionNumber
    text = arrival.session.text
    subject = arrival.subject
    author = Author(subject: arrival.subject, name: arrival.hello.name, kind: arrival.hello.kind ?? .person)
    colour = arrival.hello.colour.isEmpty ? Self.colour(of: arrival.session) : arrival.hello.colour
    roleMax = arrival.hello.roleMax
    rights = arrival.rights
    self.role = role
    takesLease = arrival.takesLease
    topics = Topics(arrival.hello.wants ?? .everything)
    self.stage = stage
  }

  var participant: Participant { Participant(session: text, author: author, colour: colour, role: role) }

  /// What it hears while it is live.
  var audience: Topics { shedsPresence ? topics.subtracting(.presence) : topics }

  /// Whether it has had its welcome.
  var isWelcomed: Bool {
    switch stage {
    case .joining, .catchingUp(.join): false
    case .catchingUp, .live, .lagging: true
    }
  }

  /// One of twelve that are easy to tell apart, for clients that have no wish.
  private static func colour(of session: SessionID) -> String {
    let palette = [
      "#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324", "#800000", "#808000", "#000075", "#f032e6", "#2f4f4f",
    ]
    return palette[Int(session.rawValue % UInt64(palette.count))]
  }
}
