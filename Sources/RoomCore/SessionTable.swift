/// The sessions of a room by id. A session is large: it is changed where it lies, while a dictionary would move it out and back for every change.
struct SessionTable: Sendable {
  private struct Slot {
    var id: SessionID
    /// `nil`: free.
    var session: Session?
  }

  private var slots: [Slot] = []
  private var places: [SessionID: Int] = [:]
  private var free: [Int] = []

  init() {}

  var isEmpty: Bool { places.isEmpty }
  var count: Int { places.count }
  /// In an order of its own, the same for the same history.
  var keys: [SessionID] { slots.compactMap { $0.session == nil ? nil : $0.id } }
  var values: some Sequence<Session> { slots.lazy.compactMap(\.session) }

  subscript(id: SessionID) -> Session? {
    get { places[id].flatMap { slots[$0].session } }
    _modify {
      if let place = places[id] {
        yield &slots[place].session
        if slots[place].session == nil { release(place, of: id) }
      } else {
        var new: Session?
        yield &new
        if let new { insert(new, id) }
      }
    }
  }

  @discardableResult
  mutating func removeValue(forKey id: SessionID) -> Session? {
    guard let place = places[id] else { return nil }
    let session = slots[place].session
    slots[place].session = nil
    release(place, of: id)
    return session
  }

  private mutating func insert(_ session: Session, _ id: SessionID) {
    if let place = free.popLast() {
      slots[place] = Slot(id: id, session: session)
      places[id] = place
    } else {
      places[id] = slots.count
      slots.append(Slot(id: id, session: session))
    }
  }

  private mutating func release(_ place: Int, of id: SessionID) {
    places[id] = nil
    if places.isEmpty {
      // A room that was full once and is empty now keeps nothing of it.
      self = SessionTable()
    } else {
      free.append(place)
    }
  }
}

extension SessionTable: Sequence {
  func makeIterator() -> some IteratorProtocol<(SessionID, Session)> {
    slots.lazy.compactMap { slot in slot.session.map { (slot.id, $0) } }.makeIterator()
  }
}
