import WorkflowDocument
public import WorkflowGraph

/// Rules that every implementation shares, with their errors in one wording.
extension StoreWrite {
  /// Whether the changes among `writes` carry the positions right after `last`, in order. Spec: ST2.
  public static func checkOrder(of writes: [StoreWrite], after last: UInt64) throws(StoreError) {
    var next = last + 1
    for case .change(let logged) in writes {
      guard logged.position == next else {
        throw StoreError(.outOfOrder, "a change for position \(logged.position) came where position \(next) is next")
      }
      next += 1
    }
  }
}

extension StoreLimits {
  /// Whether a workflow may have another version, with so many of its kind before and so many bytes with it.
  public func requireRoom(forAutomatic isAutomatic: Bool, countBefore count: Int, bytesWith bytes: Int) throws(StoreError) {
    if isAutomatic {
      guard count < automaticVersionCountMax, bytes <= automaticVersionBytesMax else { throw .tooManyAutomaticVersions(self) }
    } else {
      guard count < versionCountMax, bytes <= versionBytesMax else { throw .tooManyVersions(self) }
    }
  }

  /// Snapshots that a workflow is opened with: the newest, and one to fall back to. The log reaches back to the older one at least.
  public static let snapshotCount = 2
}

extension StoreError {
  public static let closed = StoreError(.closed, "the store is closed")
  public static let mustReload = StoreError(.mustReload, "an earlier write of this workflow failed; load it anew")

  public static func unknown(_ workflow: WorkflowID) -> StoreError { StoreError(.unknownWorkflow, "there is no workflow \(workflow)") }

  public static func queueFull(bytesMax: Int) -> StoreError {
    StoreError(.unavailable, "more than \(bytesMax) bytes wait to become durable")
  }

  public static func snapshotAhead(_ position: UInt64, of last: UInt64) -> StoreError {
    StoreError(.outOfOrder, "a snapshot at position \(position) is ahead of the log, which ends at \(last)")
  }

  public static func tooManyVersions(_ limits: StoreLimits) -> StoreError {
    StoreError(.limit, "a workflow has at most \(limits.versionCountMax) named versions and \(limits.versionBytesMax) bytes of them")
  }

  public static func tooManyAutomaticVersions(_ limits: StoreLimits) -> StoreError {
    StoreError(
      .limit,
      "a workflow has at most \(limits.automaticVersionCountMax) automatic versions and \(limits.automaticVersionBytesMax) bytes of them")
  }

  public static func noWayBack(floor: UInt64) -> StoreError {
    StoreError(.corrupt, "no sound snapshot is left, and the log starts only after position \(floor)")
  }
}

extension WorkflowStore {
  /// `append` for callers that wait: returns when the writes are durable.
  public func append(_ writes: [StoreWrite], to workflow: WorkflowID) async throws(StoreError) {
    try await withCheckedContinuation { continuation in
      append(writes, to: workflow) { continuation.resume(returning: $0) }
    }.get()
  }
}
