/// What is fuzzed: every case is one entrance for foreign bytes, with what must hold for whatever comes in there.
///
/// The same functions run under libFuzzer (`make fuzz`) and over the kept inputs in the ordinary tests.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// A text frame, read as both directions' messages. Spec: WP6, WP8.
  case messagesJSON = "messages-json"
  /// A binary frame, a change of the log, an event of the log.
  case messagesProto = "messages-proto"
  /// A history of several replicas in a byte code of its own. Spec: ME1, ME2, ME5, LM1.
  case changes
  /// A snapshot's columns, wrapped here with length and checksum. Spec: SN2, ME4.
  case snapshots
  /// What a peer sends behind the handshake. Source: RFC 6455 §5.
  case frames
  /// Compressed messages and blobs. Source: RFC 7692 §7.2, RFC 1950.
  case deflate
  /// A canvas file. Spec: DO2, DO3.
  case canvas
  /// A merge patch and a whole graph, as HTTP brings them, against a document. Spec: OW3, OW4.
  case patches
  /// The first bytes of a connection, as a server and as a client reads them. Source: RFC 6455 §4.
  case upgrade
  /// Signed tokens, key sets, and tokens of every other form. Spec: AC5, AC6, AC8.
  case tokens
  /// A connection's bytes as HTTP, to a whole server. Source: RFC 9112.
  case requests
  /// Bodies of the REST interface, to a whole server. Spec: OW1.
  case bodies

  /// How far an input came: a corpus of which nothing is taken proves nothing.
  public enum Reach: Sendable {
    case taken
    case refused
  }

  /// Longer inputs find nothing that shorter ones do not, and take longer.
  public var bytesMax: Int {
    switch self {
    case .changes: 512
    case .canvas, .upgrade, .patches, .tokens, .requests, .bodies: 2048
    default: 1024
    }
  }

  /// Whether inputs are JSON, which `JSONMutator` knows how to change.
  public var isJSON: Bool { [.messagesJSON, .canvas, .patches, .tokens, .bodies].contains(self) }

  /// - Parameter planted: with the target's planted defect in place. It must be found, or the property proves nothing.
  /// - Throws: what does not hold. A trap of the code under test is a finding too.
  public func check(_ input: [UInt8], planted: Bool = false) throws(PropertyFault) -> Reach {
    switch self {
    case .messagesJSON: try MessageProperty.json(input, planted: planted)
    case .messagesProto: try MessageProperty.proto(input, planted: planted)
    case .changes: try ChangeProperty.check(input, planted: planted)
    case .snapshots: try SnapshotProperty.check(input, planted: planted)
    case .frames: try FrameProperty.check(input, planted: planted)
    case .deflate: try DeflateProperty.check(input, planted: planted)
    case .canvas: try CanvasProperty.check(input, planted: planted)
    case .patches: try PatchProperty.check(input, planted: planted)
    case .upgrade: try UpgradeProperty.check(input, planted: planted)
    case .tokens: try TokenProperty.check(input, planted: planted)
    case .requests: try RequestProperty.check(input, planted: planted)
    case .bodies: try BodyProperty.check(input, planted: planted)
    }
  }
}

/// A property that does not hold.
public struct PropertyFault: Error, Hashable, Sendable, CustomStringConvertible {
  public var text: String
  public var description: String { text }

  init(_ text: String) { self.text = text }
}

func require(_ condition: Bool, _ text: @autoclosure () -> String) throws(PropertyFault) {
  if !condition { throw PropertyFault(text()) }
}
