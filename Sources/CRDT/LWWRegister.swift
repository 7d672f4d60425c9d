/// What became of a write to a last-writer-wins register.
@frozen public enum LWWOutcome<Value> {
  /// The register held a write with the same or a later stamp; nothing changed.
  case older
  /// There was no register before.
  case first
  /// The write took the place of this value.
  case replaced(Value)
}

extension LWWOutcome: Sendable where Value: Sendable {}

/// A value with the stamp of the op that wrote it; the highest stamp wins, whatever the order of arrival. Source: Shapiro et al. 2011, §3.2.1.
@frozen public struct LWWRegister<Value> {
  public var stamp: Stamp
  public var value: Value

  @inlinable public init(_ value: Value, stamp: Stamp) {
    self.value = value
    self.stamp = stamp
  }

  @inlinable public mutating func write(_ value: Value, stamp: Stamp) -> LWWOutcome<Value> {
    guard self.stamp < stamp else { return .older }
    let before = self.value
    self.value = value
    self.stamp = stamp
    return .replaced(before)
  }

  /// The winner of two registers that may each have been dropped on purpose.
  ///
  /// One side holding nothing while its version covers the other's stamp means that it removed or collected the write: so it goes. Spec: ME2.
  @inlinable public static func merged(_ mine: Self?, seen mySeen: Version, _ theirs: Self?, seen theirSeen: Version) -> Self? {
    switch (mine, theirs) {
    case (let mine?, let theirs?): mine.stamp < theirs.stamp ? theirs : mine
    case (let mine?, nil): theirSeen.covers(mine.stamp.id) ? nil : mine
    case (nil, let theirs?): mySeen.covers(theirs.stamp.id) ? nil : theirs
    case (nil, nil): nil
    }
  }
}

extension LWWRegister: Sendable where Value: Sendable {}
extension LWWRegister: Equatable where Value: Equatable {}
extension LWWRegister: Hashable where Value: Hashable {}
