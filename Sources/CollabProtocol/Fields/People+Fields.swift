import CRDT
import WorkflowDocument

extension WireWriter {
  @inline(__always) mutating func authorFields(_ author: Author) {
    string(1, "subject", author.subject)
    string(2, "name", author.name)
    enumeration(3, "kind", author.kind)
  }

  @inline(__always) mutating func participantFields(_ participant: Participant) {
    string(1, "session", participant.session)
    message(2, "author") { $0.authorFields(participant.author) }
    string(3, "colour", participant.colour)
    enumeration(4, "role", participant.role)
  }

  @inline(__always) mutating func lease(_ number: UInt32, _ name: StaticString, _ lease: Lease?) {
    guard let lease else { return }
    message(number, name) { writer in
      writer.uint32(1, "replica", lease.replica.rawValue)
      writer.bytes(2, "secret", lease.secret)
    }
  }
}

extension Author: WireReadable {
  static let fieldNames = FieldNames("subject", "name", "kind")
  var names: FieldNames { Self.fieldNames }

  /// A kind that is not told counts as a person.
  static var blank: Author { Author(name: "", kind: .person) }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: subject = try reader.string("author.subject", max: DecodeLimits.idBytesMax)
    case 2: name = try reader.string("author.name", max: DecodeLimits.idBytesMax)
    case 3: kind = try reader.enumeration(Author.Kind.self) ?? .person
    default: try reader.skip()
    }
  }
}

extension Participant: WireReadable {
  static let fieldNames = FieldNames("session", "author", "colour", "role")
  var names: FieldNames { Self.fieldNames }

  /// A role that is not known counts as the least one.
  static var blank: Participant { Participant(session: "", author: .blank, colour: "", role: .viewer) }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: session = try reader.string("session", max: DecodeLimits.idBytesMax)
    case 2: try reader.message(&author)
    case 3: colour = try reader.string("colour", max: DecodeLimits.colourBytesMax)
    case 4: role = try reader.enumeration(Role.self) ?? .viewer
    default: try reader.skip()
    }
  }
}

extension Lease: WireReadable {
  static let fieldNames = FieldNames("replica", "secret")
  var names: FieldNames { Self.fieldNames }

  static var blank: Lease { Lease(replica: .none, secret: []) }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: replica = ReplicaID(try reader.uint32())
    case 2: secret = try reader.bytes("lease.secret", max: DecodeLimits.secretBytesMax)
    default: try reader.skip()
    }
  }
}
