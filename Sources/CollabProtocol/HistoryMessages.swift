public import WorkflowDocument

// What is asked and told about the past. Spec: HI1 to HI5; every field's meaning stands in `protocol/collab.proto`.

public struct HistoryRequest: Hashable, Sendable {
  public var request: UInt64
  /// 0: from the newest change on.
  public var before: UInt64
  /// Changes to be looked at; 0: as many as the server likes.
  public var count: UInt32
  public init(request: UInt64, before: UInt64 = 0, count: UInt32 = 0) {
    self.request = request
    self.before = before
    self.count = count
  }
}

public struct NameVersion: Hashable, Sendable {
  public var request: UInt64
  /// 0: what is there when the request arrives.
  public var position: UInt64
  public var name: String
  public var note: String
  public init(request: UInt64, position: UInt64 = 0, name: String, note: String = "") {
    self.request = request
    self.position = position
    self.name = name
    self.note = note
  }
}

public struct RenameVersion: Hashable, Sendable {
  public var request: UInt64
  public var version: String
  public var name: String
  public var note: String
  public init(request: UInt64, version: String, name: String, note: String = "") {
    self.request = request
    self.version = version
    self.name = name
    self.note = note
  }
}

public struct DropVersion: Hashable, Sendable {
  public var request: UInt64
  public var version: String
  public init(request: UInt64, version: String) {
    self.request = request
    self.version = version
  }
}

public struct ListVersions: Hashable, Sendable {
  public var request: UInt64
  public init(request: UInt64) { self.request = request }
}

public struct StateRequest: Hashable, Sendable {
  public var request: UInt64
  /// 0 without a version: the empty workflow.
  public var position: UInt64
  /// The id of a named version; empty: `position` counts.
  public var version: String
  public init(request: UInt64, position: UInt64 = 0, version: String = "") {
    self.request = request
    self.position = position
    self.version = version
  }
}

public struct HistoryPage: Hashable, Sendable {
  public var request: UInt64
  /// Newest first.
  public var entries: [HistoryEntry]
  /// What to ask for next; 0: history begins here.
  public var nextBefore: UInt64
  /// Changes at and before this position are gone, but in what they made.
  public var floor: UInt64
  /// Of the newest change.
  public var position: UInt64
  public init(request: UInt64, entries: [HistoryEntry] = [], nextBefore: UInt64 = 0, floor: UInt64 = 0, position: UInt64 = 0) {
    self.request = request
    self.entries = entries
    self.nextBefore = nextBefore
    self.floor = floor
    self.position = position
  }
}

/// All named versions of the workflow, by position, then id.
public struct VersionList: Hashable, Sendable {
  /// 0: told because the list changed.
  public var request: UInt64
  public var versions: [NamedVersion]
  /// With the answer to `name_version`: the one that was named.
  public var named: String
  public init(request: UInt64 = 0, versions: [NamedVersion] = [], named: String = "") {
    self.request = request
    self.versions = versions
    self.named = named
  }
}

/// One chunk of the snapshot of a state that was asked for. Spec: HI4, SN1.
public struct StateChunk: Hashable, Sendable {
  public var request: UInt64
  public var snapshot: SnapshotChunk
  public init(request: UInt64, snapshot: SnapshotChunk) {
    self.request = request
    self.snapshot = snapshot
  }
}
