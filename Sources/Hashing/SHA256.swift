import COpenSSL

/// SHA-256 by libcrypto.
public enum SHA256 {
  public static let bytes = 32
}
