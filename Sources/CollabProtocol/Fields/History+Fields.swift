import WorkflowDocument

// MARK: - What a client asks

extension WireWriter {
  @inline(__always) mutating func historyRequestFields(_ history: HistoryRequest) {
    uint64(1, "request", history.request)
    uint64(2, "before", history.before)
    uint32(3, "count", history.count)
  }

  @inline(__always) mutating func nameVersionFields(_ name: NameVersion) {
    uint64(1, "request", name.request)
    uint64(2, "position", name.position)
    string(3, "name", name.name)
    string(4, "note", name.note)
  }

  @inline(__always) mutating func renameVersionFields(_ rename: RenameVersion) {
    uint64(1, "request", rename.request)
    string(2, "version", rename.version)
    string(3, "name", rename.name)
    string(4, "note", rename.note)
  }

  @inline(__always) mutating func dropVersionFields(_ drop: DropVersion) {
    uint64(1, "request", drop.request)
    string(2, "version", drop.version)
  }

  @inline(__always) mutating func stateRequestFields(_ state: StateRequest) {
    uint64(1, "request", state.request)
    uint64(2, "position", state.position)
    string(3, "version", state.version)
  }
}

extension HistoryRequest: WireReadable {
  static let fieldNames = FieldNames("request", "before", "count")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: request = try reader.uint64()
    case 2: before = try reader.uint64()
    case 3: count = try reader.uint32()
    default: try reader.skip()
    }
  }
}

extension NameVersion: WireReadable {
  static let fieldNames = FieldNames("request", "position", "name", "note")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: request = try reader.uint64()
    case 2: position = try reader.uint64()
    case 3: name = try reader.string("name_version.name", max: DecodeLimits.versionNameBytesMax)
    case 4: note = try reader.string("name_version.note", max: DecodeLimits.versionNoteBytesMax)
    default: try reader.skip()
    }
  }
}

extension RenameVersion: WireReadable {
  static let fieldNames = FieldNames("request", "version", "name", "note")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: request = try reader.uint64()
    case 2: version = try reader.string("rename_version.version", max: DecodeLimits.idBytesMax)
    case 3: name = try reader.string("rename_version.name", max: DecodeLimits.versionNameBytesMax)
    case 4: note = try reader.string("rename_version.note", max: DecodeLimits.versionNoteBytesMax)
    default: try reader.skip()
    }
  }
}

extension DropVersion: WireReadable {
  static let fieldNames = FieldNames("request", "version")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: request = try reader.uint64()
    case 2: version = try reader.string("drop_version.version", max: DecodeLimits.idBytesMax)
    default: try reader.skip()
    }
  }
}

extension ListVersions: WireReadable {
  static let fieldNames = FieldNames("request")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    if field == 1 { request = try reader.uint64() } else { try reader.skip() }
  }
}

extension StateRequest: WireReadable {
  static let fieldNames = FieldNames("request", "position", "version")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: request = try reader.uint64()
    case 2: position = try reader.uint64()
    case 3: version = try reader.string("state_at.version", max: DecodeLimits.idBytesMax)
    default: try reader.skip()
    }
  }
}

// MARK: - What the server answers

extension WireWriter {
  @inline(__always) mutating func historyPageFields(_ page: HistoryPage) {
    uint64(1, "request", page.request)
    messages(2, "entries", page.entries) { $0.historyEntryFields($1) }
    uint64(3, "nextBefore", page.nextBefore)
    uint64(4, "floor", page.floor)
    uint64(5, "position", page.position)
  }

  @inline(__always) private mutating func historyEntryFields(_ entry: HistoryEntry) {
    message(1, "author") { $0.authorFields(entry.author) }
    uint64(2, "firstPosition", entry.firstPosition)
    uint64(3, "position", entry.position)
    uint64(4, "fromMilliseconds", entry.fromMilliseconds)
    uint64(5, "throughMilliseconds", entry.throughMilliseconds)
    uint32(6, "changeCount", entry.changeCount)
    messages(7, "effects", entry.effects) { writer, effect in
      writer.enumeration(1, "kind", effect.kind)
      writer.uint32(2, "count", effect.count)
      writer.strings(3, "names", effect.names) { $0 }
      writer.strings(4, "fields", effect.fields) { $0 }
    }
  }

  @inline(__always) mutating func versionListFields(_ list: VersionList) {
    uint64(1, "request", list.request)
    messages(2, "versions", list.versions) { writer, version in
      writer.string(1, "id", version.id)
      writer.uint64(2, "position", version.position)
      writer.string(3, "name", version.name)
      writer.string(4, "note", version.note)
      writer.message(5, "author") { $0.authorFields(version.author) }
      writer.uint64(6, "namedAtMilliseconds", version.namedAtMilliseconds)
    }
    string(3, "named", list.named)
  }

  @inline(__always) mutating func stateChunkFields(_ state: StateChunk) {
    uint64(1, "request", state.request)
    message(2, "snapshot") { $0.snapshotFields(state.snapshot) }
  }
}

extension HistoryPage: WireReadable {
  static let fieldNames = FieldNames("request", "entries", "nextBefore", "floor", "position")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: request = try reader.uint64()
    case 2:
      try reader.elements { reader throws(DecodeError) in
        try reader.room(for: "entries of history", count: entries.count, max: reader.limits.elementsMax)
        entries.append(try reader.message(or: HistoryEntry(author: .blank)))
      }
    case 3: nextBefore = try reader.uint64()
    case 4: floor = try reader.uint64()
    case 5: position = try reader.uint64()
    default: try reader.skip()
    }
  }
}

extension HistoryEntry: WireReadable {
  static let fieldNames = FieldNames(
    "author", "firstPosition", "position", "fromMilliseconds", "throughMilliseconds", "changeCount", "effects")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: try reader.message(&author)
    case 2: firstPosition = try reader.uint64()
    case 3: position = try reader.uint64()
    case 4: fromMilliseconds = try reader.uint64()
    case 5: throughMilliseconds = try reader.uint64()
    case 6: changeCount = try reader.uint32()
    case 7:
      try reader.elements { reader throws(DecodeError) in
        try reader.room(for: "effects", count: effects.count, max: reader.limits.elementsMax)
        let draft = try reader.message(or: HistoryEffectDraft())
        // A kind that is not known is passed over. Spec: WP2.
        if draft.kindIsKnown { effects.append(draft.effect) }
      }
    default: try reader.skip()
    }
  }
}

/// An effect while it is read.
struct HistoryEffectDraft: WireReadable {
  var effect = HistoryEffect(kind: .nodesAdded)
  var kindIsKnown = false

  static let fieldNames = FieldNames("kind", "count", "names", "fields")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1:
      let kind = try reader.enumeration(HistoryEffect.Kind.self)
      kindIsKnown = kind != nil
      if let kind { effect.kind = kind }
    case 2: effect.count = try reader.uint32()
    case 3:
      try reader.texts("names of an effect", bytesMax: DecodeLimits.sentenceBytesMax) { name in
        effect.names.append(name)
        return effect.names.count
      }
    case 4:
      try reader.texts("fields of an effect", bytesMax: DecodeLimits.fieldBytesMax) { name in
        effect.fields.append(name)
        return effect.fields.count
      }
    default: try reader.skip()
    }
  }
}

extension VersionList: WireReadable {
  static let fieldNames = FieldNames("request", "versions", "named")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: request = try reader.uint64()
    case 2:
      try reader.elements { reader throws(DecodeError) in
        try reader.room(for: "named versions", count: versions.count, max: reader.limits.elementsMax)
        versions.append(try reader.message(or: NamedVersion.blank))
      }
    case 3: named = try reader.string("versions.named", max: DecodeLimits.idBytesMax)
    default: try reader.skip()
    }
  }
}

extension NamedVersion: WireReadable {
  static let fieldNames = FieldNames("id", "position", "name", "note", "author", "namedAtMilliseconds")
  var names: FieldNames { Self.fieldNames }

  static var blank: NamedVersion { NamedVersion(id: "", position: 0, name: "", author: .blank, namedAtMilliseconds: 0) }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: id = try reader.string("named_version.id", max: DecodeLimits.idBytesMax)
    case 2: position = try reader.uint64()
    case 3: name = try reader.string("named_version.name", max: DecodeLimits.versionNameBytesMax)
    case 4: note = try reader.string("named_version.note", max: DecodeLimits.versionNoteBytesMax)
    case 5: try reader.message(&author)
    case 6: namedAtMilliseconds = try reader.uint64()
    default: try reader.skip()
    }
  }
}

extension StateChunk: WireReadable {
  static let fieldNames = FieldNames("request", "snapshot")
  var names: FieldNames { Self.fieldNames }

  static var blank: StateChunk { StateChunk(request: 0, snapshot: .blank) }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: request = try reader.uint64()
    case 2: try reader.message(&snapshot)
    default: try reader.skip()
    }
  }
}
