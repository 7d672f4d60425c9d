import CRDT

extension WireWriter {
  /// Two columns; left out when the version is empty.
  @inline(__always) mutating func version(_ number: UInt32, _ name: StaticString, _ version: Version) {
    guard !version.isEmpty else { return }
    message(number, name) { writer in
      writer.uint32s(1, "replica", version.entries) { $0.replica.rawValue }
      writer.uint64s(2, "seq", version.entries) { $0.seq }
    }
  }

  @inline(__always) mutating func stampFields(_ stamp: Stamp) {
    uint64(1, "hlc", stamp.hlc.rawValue)
    uint32(2, "replica", stamp.replica.rawValue)
    uint64(3, "seq", stamp.seq)
    uint32(4, "index", stamp.index)
  }
}

extension WireReader {
  /// Columns of equal length, replicas strictly ascending from 1, every seq at least 1; else malformed. Spec: CR4.
  mutating func version(or present: Version) throws(DecodeError) -> Version {
    var columns = VersionColumns()
    columns.replicas = present.entries.map(\.replica.rawValue)
    columns.seqs = present.entries.map(\.seq)
    try message(&columns)
    return try columns.version()
  }
}

struct VersionColumns: WireReadable {
  var replicas: [UInt32] = []
  var seqs: [UInt64] = []

  static let fieldNames = FieldNames("replica", "seq")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: try reader.uint32s(into: &replicas)
    case 2: try reader.uint64s(into: &seqs)
    default: try reader.skip()
    }
  }

  func version() throws(DecodeError) -> Version {
    guard replicas.count == seqs.count else { throw .malformed("a version whose columns differ in length") }
    var last: UInt32 = 0
    var entries: [Version.Entry] = []
    entries.reserveCapacity(replicas.count)
    for (replica, seq) in zip(replicas, seqs) {
      guard replica > last else { throw .malformed("a version whose replicas do not ascend") }
      guard seq > 0 else { throw .malformed("a version with seq 0") }
      last = replica
      entries.append(Version.Entry(replica: ReplicaID(replica), seq: seq))
    }
    return Version(entries)
  }
}

extension Stamp: WireReadable {
  static let fieldNames = FieldNames("hlc", "replica", "seq", "index")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: hlc = HybridTime(rawValue: try reader.uint64())
    case 2: replica = ReplicaID(try reader.uint32())
    case 3: seq = try reader.uint64()
    case 4: index = try reader.uint32()
    default: try reader.skip()
    }
  }
}
