import CRDT
import CollabProtocol
import RoomCore
import Rooms
import WorkflowDocument
import WorkflowGraph

/// How an open room stands, as JSON. For owners: it tells who is there.
enum StatusView {
  /// More sessions are counted, not listed.
  private static let membersMax = 200

  static func room(_ status: LiveStatus) -> JSONText {
    var view = JSONMembers()
    let room = status.room
    view.add("sessionCount", .number(Double(room.members.count)))
    view.add("sessions", RunView.array(room.members.prefix(membersMax).map { member($0, status.bytesOutstanding[$0.session] ?? 0) }))
    view.add("position", .number(Double(room.appliedPosition)))
    view.add("durablePosition", .number(Double(room.durablePosition)))
    view.add("undurableBytes", .number(Double(room.undurableBytes)))
    view.add("nodeCount", .number(Double(room.nodeCount)))
    view.add("edgeCount", .number(Double(room.edgeCount)))
    view.add("documentBytes", .number(Double(room.documentBytes)))
    view.add("bytesOutstanding", .number(Double(status.bytesOutstanding.values.reduce(0, +))))
    view.add("activeRunCount", .number(Double(room.activeRunCount)))
    view.add("isDegraded", JSONText(unchecked: room.isDegraded ? "true" : "false"))
    view.add(
      "troubles",
      RunView.array(
        status.troubles.map { trouble in
          var view = JSONMembers()
          view.add("atMilliseconds", .number(Double(trouble.atMilliseconds)))
          view.add("text", .string(trouble.text))
          return view.object
        }))
    return view.object
  }

  private static func member(_ member: RoomStatus.Member, _ bytes: Int) -> JSONText {
    var view = JSONMembers()
    view.add("session", .string(member.session.text))
    view.add("name", .string(member.author.name))
    view.add("subject", .string(member.author.subject))
    view.add("kind", .string("\(member.author.kind)"))
    view.add("role", .string("\(member.role)"))
    if let replica = member.replica { view.add("replica", .number(Double(replica.rawValue))) }
    view.add("stage", .string(member.stage.rawValue))
    view.add("inFlightCount", .number(Double(member.inFlightCount)))
    view.add("bytesOutstanding", .number(Double(bytes)))
    return view.object
  }
}
