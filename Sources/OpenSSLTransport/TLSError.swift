internal import COpenSSL

/// What went wrong, in our words and in OpenSSL's.
public struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Sendable {
    /// Certificate, key or setting that cannot be used.
    case configuration
    /// The peers did not agree, or one did not like the other's certificate.
    case handshake
    /// Bytes that are no TLS, or damaged records, after the handshake.
    case record
    /// TCP ended without close_notify: what was received may be cut off.
    case truncated
    /// The handshake took too long.
    case timeout
  }

  public var kind: Kind
  public var text: String

  init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }

  /// With what stands in the thread's error queue, which is emptied.
  static func fromQueue(_ kind: Kind, _ text: String) -> TLSError {
    var reasons: [String] = []
    while case let code = ERR_get_error(), code != 0 {
      var buffer = [CChar](repeating: 0, count: 256)
      ERR_error_string_n(code, &buffer, buffer.count)
      let full = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      // "error:0A00010B:SSL routines::wrong version number": the number helps nobody who reads the rest.
      reasons.append(full.split(separator: ":", omittingEmptySubsequences: true).dropFirst(2).joined(separator: ": "))
    }
    return TLSError(kind, reasons.isEmpty ? text : "\(text): \(reasons.joined(separator: "; "))")
  }

  public var description: String { text }
}
