public import WorkflowGraph

/// Where somebody wants to hear of what happens in one workflow. Spec: WH1.
public struct Webhook: Hashable, Sendable {
  public static let idBytes = 8
  public static let urlBytesMax = 2048

  /// Whether events are sent.
  public enum Activity: Hashable, Sendable {
    /// Can become `off`: by an owner, by the receiver's 410, or when nothing arrived for days.
    case on
    /// What waits stays where it is, and nothing is added. Becomes `on` by an owner only.
    case off(reason: String, atMilliseconds: UInt64)

    public var isOn: Bool { self == .on }

    /// What is said of one that an owner switched off: every other reason is the server's.
    public static let ownersReason = "An owner switched it off."
  }

  /// A secret that was replaced; its signature is sent beside that of the new one until it ends. Spec: WH5.
  public struct FormerSecret: Hashable, Sendable {
    public var secret: WebhookSecret
    public var untilMilliseconds: UInt64
    public init(_ secret: WebhookSecret, untilMilliseconds: UInt64) {
      self.secret = secret
      self.untilMilliseconds = untilMilliseconds
    }
  }

  /// 16 hexadecimal digits.
  public var id: String
  public var workflow: WorkflowID
  public var url: String
  public var events: Set<WebhookEvent>
  public var activity = Activity.on
  public var secret: WebhookSecret
  public var former: FormerSecret?
  public var madeBy: String
  public var madeAtMilliseconds: UInt64
  /// Changes up to this position were told, or are in a delivery.
  public var toldPosition: UInt64 = 0
  /// Attempts that failed since the last one that did not.
  public var failureCount = 0
  /// Of the first of these.
  public var failingSinceMilliseconds: UInt64?
  /// Deliveries that wait.
  public var pendingCount = 0

  public init(
    id: String, workflow: WorkflowID, url: String, events: Set<WebhookEvent>, secret: WebhookSecret, madeBy: String,
    madeAtMilliseconds: UInt64
  ) {
    self.id = id
    self.workflow = workflow
    self.url = url
    self.events = events
    self.secret = secret
    self.madeBy = madeBy
    self.madeAtMilliseconds = madeAtMilliseconds
  }

  /// Those with which a message of this moment is signed, the present one first.
  public func secrets(atMilliseconds now: UInt64) -> [WebhookSecret] {
    [secret] + (former.flatMap { $0.untilMilliseconds > now ? [$0.secret] : nil } ?? [])
  }
}

/// What can be told.
public enum WebhookEvent: String, Hashable, Sendable, CaseIterable {
  case workflowChanged = "workflow.changed"
  case versionCreated = "version.created"
  case runFinished = "run.finished"
  /// Sent when somebody asks for it, to whatever webhook.
  case test = "webhook.test"

  /// Those that a webhook is made for.
  public static let wanted: [WebhookEvent] = [.workflowChanged, .versionCreated, .runFinished]
}

/// One event on its way to one webhook. Spec: WH2.
public struct WebhookDelivery: Hashable, Sendable {
  public enum State: UInt8, Hashable, Sendable, CaseIterable {
    /// Can become `done`, or `failed` after the last attempt.
    case pending = 0
    case done
    /// A dead letter. Becomes `pending` when an owner wants it.
    case failed
  }

  /// What became of an attempt. No text of the receiver is kept: only its status.
  public struct Attempt: Hashable, Sendable {
    public var atMilliseconds: UInt64
    /// `nil`: there was no answer.
    public var status: Int?
    /// Empty when it went well.
    public var error: String
    public init(atMilliseconds: UInt64, status: Int?, error: String) {
      self.atMilliseconds = atMilliseconds
      self.status = status
      self.error = error
    }
  }

  /// As the receiver sees it; the same in every attempt.
  public var id: String
  public var hook: String
  public var event: WebhookEvent
  public var state = State.pending
  public var occurredAtMilliseconds: UInt64
  /// While it is pending: not before.
  public var dueAtMilliseconds: UInt64
  public var attemptCount = 0
  public var last: Attempt?
  /// JSON, UTF-8.
  public var body: [UInt8]
  /// Its place among those of the store, in the order in which they came; given by the store.
  public var sequence: UInt64 = 0

  public init(id: String, hook: String, event: WebhookEvent, occurredAtMilliseconds: UInt64, dueAtMilliseconds: UInt64, body: [UInt8]) {
    self.id = id
    self.hook = hook
    self.event = event
    self.occurredAtMilliseconds = occurredAtMilliseconds
    self.dueAtMilliseconds = dueAtMilliseconds
    self.body = body
  }
}
