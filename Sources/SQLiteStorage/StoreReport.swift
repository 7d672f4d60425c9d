/// What a store file holds, and what is wrong with it.
public struct StoreReport: Hashable, Sendable {
  /// The version of the file's format.
  public var format = 0
  public var workflowCount = 0
  public var changeCount = 0
  public var snapshotCount = 0
  /// Bytes of the database file, without its write-ahead log.
  public var fileBytes = 0
  public var webhookCount = 0
  /// Switched off by the server, not by an owner.
  public var webhooksSwitchedOffCount = 0
  /// Deliveries to webhooks that were given up.
  public var deadLetterCount = 0
  /// One sentence each; empty when all is well.
  public var faults: [String] = []
  public init() {}
}
