import CRDT
import Hashing

extension WorkflowDocument {
  /// Names this state over HTTP: 32 hexadecimal digits. Another state has another, also one of a workflow that had the same id before.
  ///
  /// The first half of SHA-256 over the document hash and the version, so comments and what only a version shows count too.
  /// O(1) while nothing changed, else as `documentHash`. Spec: OW2.
  public mutating func stateTag() -> String {
    var bytes = documentHash()
    for entry in version.entries {
      withUnsafeBytes(of: UInt64(entry.replica.rawValue).littleEndian) { bytes.append(contentsOf: $0) }
      withUnsafeBytes(of: entry.seq.littleEndian) { bytes.append(contentsOf: $0) }
    }
    return Hex.encode(SHA256.digest(bytes).prefix(16))
  }
}
