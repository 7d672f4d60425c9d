import CollabProtocol
import RoomCore

/// In which form frames reach a session.
struct FrameForm: Hashable, Sendable {
  var encoding: WireEncoding
  var isCompressed: Bool
}

/// Sessions that get exactly the same bytes.
struct Audience: Hashable, Sendable {
  var form: FrameForm
  var topics: Topics
}
