import CollabProtocol
import WorkflowDocument

/// What of the named versions is durable, and what is on its way. Spec: HI3.
struct VersionBook: Sendable {
  /// A version that somebody wants named.
  struct Naming: Sendable {
    var version: NamedVersion
    var askers: [Asker]
  }

  enum Asker: Sendable {
    case session(SessionID, request: UInt64)
    /// By the number of the wish.
    case outside(UInt64)
  }

  /// By position, then id.
  private(set) var versions: [NamedVersion]
  /// Grows with every change of `versions`.
  private(set) var revision: UInt64 = 0
  /// Asked for, and neither durable nor refused.
  private(set) var namings: [String: Naming] = [:]

  init(_ versions: [NamedVersion]) { self.versions = versions }

  /// Of those with a name. Those on their way count, so that the bound holds whatever comes of them.
  var namedCount: Int { versions.count { !$0.isAutomatic } + namings.values.count { !$0.version.isAutomatic } }
  var named: [NamedVersion] { versions.filter { !$0.isAutomatic } }
  /// Behind it nothing is kept, nor on its way to be.
  var keptPosition: UInt64 { max(versions.last?.position ?? 0, namings.values.map(\.version.position).max() ?? 0) }

  /// One of that position, whatever its name; one with a name before others.
  func newest(at position: UInt64) -> NamedVersion? {
    versions.filter { $0.position == position }.max { (!$0.isAutomatic ? 1 : 0, $0.number) < (!$1.isAutomatic ? 1 : 0, $1.number) }
  }

  func holds(graphHash: [UInt8]) -> Bool { versions.contains { $0.graphHash == graphHash } }
  var isIdle: Bool { namings.isEmpty }

  subscript(id: String) -> NamedVersion? { versions.first { $0.id == id } }

  func version(named name: String, at position: UInt64) -> NamedVersion? { versions.first { $0.position == position && $0.name == name } }

  mutating func begin(_ version: NamedVersion, for asker: Asker?) {
    namings[version.id] = Naming(version: version, askers: asker.map { [$0] } ?? [])
  }

  /// - Returns: whether such a version is on its way already; `asker` then hears of it with the others.
  mutating func join(_ asker: Asker, named name: String, at position: UInt64) -> Bool {
    guard let id = namings.values.lazy.map(\.version).first(where: { $0.position == position && $0.name == name })?.id else { return false }
    namings[id]?.askers.append(asker)
    return true
  }

  /// The store's answer came. - Returns: who asked; `nil` when nobody waits for it any more.
  mutating func finish(_ id: String) -> Naming? { namings.removeValue(forKey: id) }

  mutating func add(_ version: NamedVersion) {
    guard self[version.id] == nil else { return }
    let at = versions.firstIndex { (version.position, version.id) < ($0.position, $0.id) } ?? versions.count
    versions.insert(version, at: at)
    revision += 1
  }

  mutating func apply(_ edit: VersionEdit) {
    switch edit {
    case .renamed(let id, let name, let note):
      guard let at = versions.firstIndex(where: { $0.id == id }) else { return }
      versions[at].name = name
      versions[at].note = note
      versions[at].cause = .named
    case .dropped(let id): versions.removeAll { $0.id == id }
    }
    revision += 1
  }

  /// Whether what `edit` says is so.
  func holds(_ edit: VersionEdit) -> Bool {
    switch edit {
    case .renamed(let id, let name, let note): self[id].map { $0.name == name && $0.note == note } ?? false
    case .dropped(let id): self[id] == nil
    }
  }

  /// What the store knows takes the place of what was here. - Returns: whether that is something else.
  mutating func adopt(_ stored: [NamedVersion]) -> Bool {
    guard stored != versions else { return false }
    versions = stored
    revision += 1
    return true
  }
}
