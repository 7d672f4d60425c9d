/// RFC 7396: a patch that looks like what it changes; `null` takes a member away.
public enum MergePatch {
  /// What `target` becomes. A patch that is no object takes its place, spelled as it is.
  ///
  /// - Parameters: both checked texts; `target` is `nil` where there is nothing yet.
  /// - Complexity: O(size of both). Depth is bounded by `JSONText.depthMax`.
  public static func apply(_ patch: JSONText, to target: JSONText?) -> JSONText {
    // `try?`: a text that is no JSON has no members to merge either.
    guard let value = try? patch.value(), case .object = value else { return patch }
    return JSONText(merge(value, into: target.flatMap { try? $0.value() }))
  }

  private static func merge(_ patch: JSONValue, into target: JSONValue?) -> JSONValue {
    guard case .object(let changes) = patch else { return patch }
    var members: [JSONValue.Member] = []
    if case .object(let present)? = target { members = present }
    var places = Dictionary(members.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
    var gone: Set<Int> = []
    for change in changes {
      let place = places[change.name]
      if case .null = change.value {
        if let place { gone.insert(place) }
        continue
      }
      let merged = merge(change.value, into: place.map { members[$0].value })
      if let place {
        members[place].value = merged
      } else {
        places[change.name] = members.count
        members.append(.init(change.name, merged))
      }
    }
    return .object(gone.isEmpty ? members : members.enumerated().filter { !gone.contains($0.offset) }.map(\.element))
  }
}
