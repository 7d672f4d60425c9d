/// A line of the timeline: what one author did within a stretch of time. Spec: HI2.
public struct HistoryEntry: Hashable, Sendable {
  public var author: Author
  /// Of the first and the last of its changes; changes of others may lie between.
  public var firstPosition: UInt64
  public var position: UInt64
  /// When the server took those two, milliseconds since 1970.
  public var fromMilliseconds: UInt64
  public var throughMilliseconds: UInt64
  public var changeCount: UInt32
  /// Each kind at most once, in the order of the kinds; empty when what was done was taken back.
  public var effects: [HistoryEffect]

  public init(
    author: Author, firstPosition: UInt64 = 0, position: UInt64 = 0, fromMilliseconds: UInt64 = 0, throughMilliseconds: UInt64 = 0,
    changeCount: UInt32 = 0, effects: [HistoryEffect] = []
  ) {
    self.author = author
    self.firstPosition = firstPosition
    self.position = position
    self.fromMilliseconds = fromMilliseconds
    self.throughMilliseconds = throughMilliseconds
    self.changeCount = changeCount
    self.effects = effects
  }
}

/// What an entry did to things of one kind.
public struct HistoryEffect: Hashable, Sendable {
  public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    case nodesAdded = 1
    case nodesRemoved, nodesMoved, nodesConfigured, nodesRelabelled
    /// Their size, style or group.
    case nodesArranged
    case edgesAdded, edgesRemoved, edgesChanged
    /// Fields of the workflow itself.
    case workflowChanged
    case commentsAdded, commentsRemoved, commentsChanged
  }
  /// Names and fields told of one effect; the others are only counted.
  public static let namesMax = 5

  public var kind: Kind
  /// Things; of `workflowChanged` fields.
  public var count: UInt32
  /// Ids of nodes and comments, ends of edges as `a → b`: the first in order of their bytes.
  public var names: [String]
  /// With `nodesConfigured`, `edgesChanged` and `workflowChanged`: the first fields written.
  public var fields: [String]

  public init(kind: Kind, count: UInt32 = 0, names: [String] = [], fields: [String] = []) {
    self.kind = kind
    self.count = count
    self.names = names
    self.fields = fields
  }
}

// MARK: - In words

extension HistoryEntry {
  /// `Ada moved 3 nodes, set url of http1`.
  ///
  /// - Parameter name: what people call a node; its id when nothing is known.
  public func sentence(name: (String) -> String = { $0 }) -> String {
    let parts = effects.map { $0.phrase(name) }
    return "\(author.name) \(parts.isEmpty ? "changed something and changed it back" : parts.joined(separator: ", "))"
  }
}

extension HistoryEffect {
  fileprivate func phrase(_ name: (String) -> String) -> String {
    switch kind {
    case .nodesAdded: "added \(things("node", name))"
    case .nodesRemoved: "removed \(things("node", name))"
    case .nodesMoved: "moved \(things("node", name))"
    case .nodesConfigured: "set \(settings) of \(things("node", name))"
    case .nodesRelabelled: "renamed \(things("node", name))"
    case .nodesArranged: "changed the look of \(things("node", name))"
    case .edgesAdded: "connected \(things("edge") { $0 })"
    case .edgesRemoved: "disconnected \(things("edge") { $0 })"
    case .edgesChanged: "changed \(things("edge") { $0 })"
    case .workflowChanged: "set \(settings) of the workflow"
    case .commentsAdded: "wrote \(counted("comment"))"
    case .commentsRemoved: "removed \(counted("comment"))"
    case .commentsChanged: "changed \(counted("comment"))"
    }
  }

  private func things(_ noun: String, _ name: (String) -> String) -> String {
    if count == 1, let only = names.first { return name(only) }
    return counted(noun)
  }

  private func counted(_ noun: String) -> String { count == 1 ? "a \(noun)" : "\(count) \(noun)s" }

  private var settings: String {
    guard (1...3).contains(fields.count) else { return "settings" }
    return fields.map { $0.hasPrefix("data.") ? String($0.dropFirst(5)) : $0 }.joined(separator: ", ")
  }
}
