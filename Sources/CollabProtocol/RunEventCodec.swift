import NIOCore

/// Run events as the store keeps them: the proto3 binary form of `RunEvent`. Spec: RU2.
public enum RunEventCodec {
  public static func encode(_ event: RunEvent) -> [UInt8] {
    var bound = SizeBound(.proto)
    bound.runEventFields(event)
    return [UInt8](unsafeUninitializedCapacity: bound.bytes) { target, count in
      var writer = BinaryWriter(at: target.baseAddress!)
      writer.runEventFields(event)
      count = writer.end - target.baseAddress!
    }
  }

  /// - Throws: `.malformed` for bytes that are none, or that hold a kind of event this version does not know.
  public static func decode(_ bytes: [UInt8]) throws(DecodeError) -> RunEvent {
    var draft = RunEventDraft()
    try MessageCodec.read(&draft, from: ByteBuffer(bytes: bytes), as: .proto, .client)
    guard let event = draft.known else { throw .malformed("a stored run event of unknown kind") }
    return event
  }
}
