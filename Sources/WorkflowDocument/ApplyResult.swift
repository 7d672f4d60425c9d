/// What became of a change.
public enum Applied: Hashable, Sendable {
  case applied
  /// It was here already; nothing changed. Spec: ME1.
  case duplicate
}

/// The change does not follow the last one of its replica. Nothing was applied. Spec: CR1.
public enum ApplyError: Error, Hashable, Sendable {
  case gap(expected: UInt64, got: UInt64)
}
