import CRDT
import WorkflowDocument

extension WireWriter {
  @inline(__always) mutating func runEventFields(_ event: RunEvent) {
    string(1, "run", event.run)
    uint64(2, "seq", event.seq)
    enumeration(3, "kind", event.kind)
    uint64(4, "atMilliseconds", event.atMilliseconds)
    string(5, "node", event.node)
    string(6, "nodeType", event.nodeType)
    string(7, "result", event.result)
    string(8, "error", event.error)
    uint64(9, "durationMicroseconds", event.durationMicroseconds)
    if let info = event.info {
      message(10, "info") { writer in
        writer.version(1, "version", info.version)
        writer.bytes(2, "graphHash", info.graphHash)
        writer.message(3, "startedBy") { $0.authorFields(info.startedBy) }
        writer.string(4, "idempotencyKey", info.idempotencyKey)
        writer.uint32(5, "nodeCount", info.nodeCount)
        writer.enumeration(6, "policy", info.policy)
        writer.enumeration(7, "parked", info.parked)
      }
    }
    bytes(11, "fingerprint", event.fingerprint)
  }
}

/// A run event while it is read.
struct RunEventDraft: WireReadable {
  /// Its kind is `runStarted` until `kindIsKnown`.
  private var event = RunEvent(run: "", seq: 0, kind: .runStarted, atMilliseconds: 0)
  private var kindIsKnown = false

  static let fieldNames = FieldNames(
    "run", "seq", "kind", "atMilliseconds", "node", "nodeType", "result", "error", "durationMicroseconds", "info", "fingerprint")
  var names: FieldNames { Self.fieldNames }

  /// `nil`: a kind of event that this version does not know, to be ignored.
  var known: RunEvent? { kindIsKnown ? event : nil }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: event.run = try reader.string("run_event.run", max: DecodeLimits.runBytesMax)
    case 2: event.seq = try reader.uint64()
    case 3:
      let kind = try reader.enumeration(RunEvent.Kind.self)
      kindIsKnown = kind != nil
      if let kind { event.kind = kind }
    case 4: event.atMilliseconds = try reader.uint64()
    case 5: event.node = try reader.string("run_event.node", max: DecodeLimits.idBytesMax)
    case 6: event.nodeType = try reader.string("run_event.node_type", max: DecodeLimits.idBytesMax)
    case 7: event.result = try reader.string("run_event.result", max: reader.limits.messageBytesMax)
    case 8: event.error = try reader.string("run_event.error", max: DecodeLimits.sentenceBytesMax)
    case 9: event.durationMicroseconds = try reader.uint64()
    case 10: event.info = try reader.message(or: event.info ?? RunInfo.blank)
    case 11: event.fingerprint = try reader.bytes("run_event.fingerprint", max: DecodeLimits.hashBytesMax)
    default: try reader.skip()
    }
  }
}

extension RunInfo: WireReadable {
  static let fieldNames = FieldNames("version", "graphHash", "startedBy", "idempotencyKey", "nodeCount", "policy", "parked")
  var names: FieldNames { Self.fieldNames }

  static var blank: RunInfo { RunInfo(version: Version(), graphHash: [], startedBy: .blank, idempotencyKey: "", nodeCount: 0) }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: version = try reader.version(or: version)
    case 2: graphHash = try reader.bytes("run_info.graph_hash", max: DecodeLimits.hashBytesMax)
    case 3: try reader.message(&startedBy)
    case 4: idempotencyKey = try reader.string("run_info.idempotency_key", max: DecodeLimits.keyBytesMax)
    case 5: nodeCount = try reader.uint32()
    // One that is newer than this says nothing here: the run has begun.
    case 6: policy = try reader.enumeration(RunRequest.Policy.self) ?? policy
    case 7: parked = try reader.enumeration(RunRequest.Parked.self) ?? parked
    default: try reader.skip()
    }
  }
}
