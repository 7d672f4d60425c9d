import CollabProtocol
import Hashing
import WorkflowDocument
import WorkflowGraph

/// Versions, and what history tells, as JSON.
enum VersionView {
  static func version(_ version: NamedVersion) -> JSONText { members(version).object }

  static func members(_ version: NamedVersion) -> JSONMembers {
    var view = JSONMembers()
    view.add("version", .number(Double(version.number)))
    view.add("id", .string(version.id))
    view.add("cause", .string("\(version.cause)"))
    if !version.name.isEmpty { view.add("name", .string(version.name)) }
    if !version.note.isEmpty { view.add("note", .string(version.note)) }
    view.add("author", RunView.author(version.author))
    view.add("atMilliseconds", .number(Double(version.namedAtMilliseconds)))
    view.add("position", .number(Double(version.position)))
    if !version.graphHash.isEmpty { view.add("graphHash", .string(Hex.encode(version.graphHash))) }
    if !version.summary.isEmpty { view.add("changes", JSONText(unchecked: version.summary)) }
    return view
  }

  static func entry(_ entry: HistoryEntry) -> JSONText {
    var view = JSONMembers()
    view.add("author", RunView.author(entry.author))
    view.add("firstPosition", .number(Double(entry.firstPosition)))
    view.add("position", .number(Double(entry.position)))
    view.add("fromMilliseconds", .number(Double(entry.fromMilliseconds)))
    view.add("throughMilliseconds", .number(Double(entry.throughMilliseconds)))
    view.add("changeCount", .number(Double(entry.changeCount)))
    view.add("text", .string(entry.sentence()))
    view.add(
      "effects",
      RunView.array(
        entry.effects.map { effect in
          var view = JSONMembers()
          view.add("kind", .string("\(effect.kind)"))
          view.add("count", .number(Double(effect.count)))
          view.add("names", RunView.array(effect.names.map { .string($0) }))
          if !effect.fields.isEmpty { view.add("fields", RunView.array(effect.fields.map { .string($0) })) }
          return view.object
        }))
    return view.object
  }
}
