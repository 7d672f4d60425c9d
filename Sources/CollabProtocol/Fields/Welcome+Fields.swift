import CRDT
import WorkflowDocument

extension WireWriter {
  @inline(__always) mutating func welcomeFields(_ welcome: Welcome) {
    uint32(1, "protocolMajor", welcome.protocolMajor)
    uint32(2, "protocolMinor", welcome.protocolMinor)
    string(3, "session", welcome.session)
    lease(4, "lease", welcome.lease)
    uint64(5, "leaseThrough", welcome.leaseThrough)
    bool(6, "restamp", welcome.restamp)
    enumeration(7, "role", welcome.role)
    uint64(8, "serverMilliseconds", welcome.serverMilliseconds)
    message(9, "limits") { $0.limitsFields(welcome.limits) }
    version(10, "version", welcome.version)
    uint64(11, "position", welcome.position)
    messages(12, "participants", welcome.participants) { $0.participantFields($1) }
    enumeration(13, "catchup", welcome.catchup)
    string(14, "server", welcome.server)
    uint64(15, "expiresAtMilliseconds", welcome.expiresAtMilliseconds)
  }

  @inline(__always) private mutating func limitsFields(_ limits: Limits) {
    uint32(1, "messageBytesMax", limits.messageBytesMax)
    uint32(2, "opsPerChangeMax", limits.opsPerChangeMax)
    uint32(3, "changesPerBatchMax", limits.changesPerBatchMax)
    uint32(4, "valueBytesMax", limits.valueBytesMax)
    uint32(5, "presenceBytesMax", limits.presenceBytesMax)
    uint32(6, "changesInFlightMax", limits.changesInFlightMax)
    uint32(7, "nodesMax", limits.nodesMax)
    uint32(8, "edgesMax", limits.edgesMax)
    uint32(9, "documentBytesMax", limits.documentBytesMax)
    uint32(10, "clockSkewMaxMilliseconds", limits.clockSkewMaxMilliseconds)
    uint32(11, "presenceIntervalMilliseconds", limits.presenceIntervalMilliseconds)
  }
}

extension Welcome: WireReadable {
  static let fieldNames = FieldNames(
    "protocolMajor", "protocolMinor", "session", "lease", "leaseThrough", "restamp", "role", "serverMilliseconds", "limits", "version",
    "position", "participants", "catchup", "server", "expiresAtMilliseconds")
  var names: FieldNames { Self.fieldNames }

  static var blank: Welcome {
    var welcome = Welcome()
    welcome.protocolMajor = 0
    welcome.protocolMinor = 0
    return welcome
  }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: protocolMajor = try reader.uint32()
    case 2: protocolMinor = try reader.uint32()
    case 3: session = try reader.string("welcome.session", max: DecodeLimits.idBytesMax)
    case 4: lease = try reader.message(or: lease ?? Lease.blank)
    case 5: leaseThrough = try reader.uint64()
    case 6: restamp = try reader.bool()
    case 7: role = try reader.enumeration(Role.self) ?? .viewer
    case 8: serverMilliseconds = try reader.uint64()
    case 9: try readLimits(&reader)
    case 10: version = try reader.version(or: version)
    case 11: position = try reader.uint64()
    case 12:
      try reader.elements { reader throws(DecodeError) in
        try reader.room(for: "participants", count: participants.count, max: reader.limits.elementsMax)
        participants.append(try reader.message(or: Participant.blank))
      }
    case 13:
      guard let known = try reader.enumeration(Catchup.self) else { throw .malformed("a kind of catch-up that this version does not know") }
      catchup = known
    case 14: server = try reader.string("welcome.server", max: DecodeLimits.idBytesMax)
    case 15: expiresAtMilliseconds = try reader.uint64()
    default: try reader.skip()
    }
  }

  /// Limits that are told replace the ones of this version; one that is left out is 0.
  private mutating func readLimits(_ reader: inout some WireReader) throws(DecodeError) {
    limits = try reader.message(or: Limits.blank)
  }
}

extension Limits: WireReadable {
  static let fieldNames = FieldNames(
    "messageBytesMax", "opsPerChangeMax", "changesPerBatchMax", "valueBytesMax", "presenceBytesMax", "changesInFlightMax", "nodesMax",
    "edgesMax", "documentBytesMax", "clockSkewMaxMilliseconds", "presenceIntervalMilliseconds")
  var names: FieldNames { Self.fieldNames }

  static var blank: Limits {
    var limits = Limits()
    limits.messageBytesMax = 0
    limits.opsPerChangeMax = 0
    limits.changesPerBatchMax = 0
    limits.valueBytesMax = 0
    limits.presenceBytesMax = 0
    limits.changesInFlightMax = 0
    limits.nodesMax = 0
    limits.edgesMax = 0
    limits.documentBytesMax = 0
    limits.clockSkewMaxMilliseconds = 0
    limits.presenceIntervalMilliseconds = 0
    return limits
  }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: messageBytesMax = try reader.uint32()
    case 2: opsPerChangeMax = try reader.uint32()
    case 3: changesPerBatchMax = try reader.uint32()
    case 4: valueBytesMax = try reader.uint32()
    case 5: presenceBytesMax = try reader.uint32()
    case 6: changesInFlightMax = try reader.uint32()
    case 7: nodesMax = try reader.uint32()
    case 8: edgesMax = try reader.uint32()
    case 9: documentBytesMax = try reader.uint32()
    case 10: clockSkewMaxMilliseconds = try reader.uint32()
    case 11: presenceIntervalMilliseconds = try reader.uint32()
    default: try reader.skip()
    }
  }
}

extension SnapshotChunk: WireReadable {
  static let fieldNames = FieldNames("index", "count", "data", "crc32", "position", "rawBytes")
  var names: FieldNames { Self.fieldNames }

  static var blank: SnapshotChunk { SnapshotChunk(index: 0, count: 0, data: [], crc32: 0, position: 0, rawBytes: 0) }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: index = try reader.uint32()
    case 2: count = try reader.uint32()
    case 3: data = try reader.bytes("snapshot.data", max: SnapshotChunk.dataBytesMax)
    case 4: crc32 = try reader.fixed32()
    case 5: position = try reader.uint64()
    case 6: rawBytes = try reader.uint32()
    default: try reader.skip()
    }
  }
}

extension WireWriter {
  @inline(__always) mutating func snapshotFields(_ chunk: SnapshotChunk) {
    uint32(1, "index", chunk.index)
    uint32(2, "count", chunk.count)
    bytes(3, "data", chunk.data)
    fixed32(4, "crc32", chunk.crc32)
    uint64(5, "position", chunk.position)
    uint32(6, "rawBytes", chunk.rawBytes)
  }
}
