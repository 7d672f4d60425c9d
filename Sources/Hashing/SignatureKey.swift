import COpenSSL

/// What signatures of tokens are made with. Source: RFC 7518 §3.1, RFC 8037 §3.1.
public enum SignatureAlgorithm: String, Hashable, Sendable, CaseIterable {
  /// HMAC with SHA-256: who can check can also sign.
  case hs256 = "HS256"
  /// RSASSA-PKCS1-v1_5 with SHA-256.
  case rs256 = "RS256"
  /// ECDSA on P-256 with SHA-256; the signature is r and s, 32 bytes each.
  case es256 = "ES256"
  /// Ed25519.
  case edDSA = "EdDSA"
}

/// Why bytes are no key.
public enum SignatureKeyFault: Error, Hashable, Sendable {
  /// A secret of less than 32 bytes (RFC 7518 §3.2), an RSA modulus of less than 2048 bits (§3.3) or more than 8192.
  case tooShort, tooLong
  /// No point of the curve, an even exponent, a private number that does not belong to the public one.
  case invalid
}

/// A key that checks signatures of one algorithm, and makes them when it has the private part.
///
/// The algorithm belongs to the key: no token can choose another one for it (RFC 8725 §3.1).
public struct SignatureKey: Sendable {
  private enum Material: Sendable {
    case secret([UInt8])
    case pair(KeyHandle)
  }

  public static let secretBytesMin = 32
  static let modulusBytes = 256...1024
  static let p256Bytes = 32
  static let ed25519Bytes = 32

  public let algorithm: SignatureAlgorithm
  public let canSign: Bool
  private let material: Material

  /// HS256.
  public init(secret: [UInt8]) throws(SignatureKeyFault) {
    guard secret.count >= Self.secretBytesMin else { throw .tooShort }
    algorithm = .hs256
    canSign = true
    material = .secret(secret)
  }

  /// RS256, to check only. Both numbers big-endian.
  public init(rsaModulus modulus: [UInt8], exponent: [UInt8]) throws(SignatureKeyFault) {
    let digits = modulus.drop { $0 == 0 }
    guard digits.count >= Self.modulusBytes.lowerBound else { throw .tooShort }
    guard digits.count <= Self.modulusBytes.upperBound else { throw .tooLong }
    guard (1...4).contains(exponent.count), let last = exponent.last, last & 1 == 1, exponent != [1] else { throw .invalid }
    algorithm = .rs256
    canSign = false
    material = .pair(try KeyHandle(rsaModulus: Array(digits), exponent: exponent))
  }

  /// ES256. Coordinates and the private number have 32 bytes, big-endian.
  public init(p256X x: [UInt8], y: [UInt8], privateNumber: [UInt8]? = nil) throws(SignatureKeyFault) {
    guard x.count == Self.p256Bytes, y.count == Self.p256Bytes, privateNumber.map({ $0.count == Self.p256Bytes }) ?? true else {
      throw .invalid
    }
    algorithm = .es256
    canSign = privateNumber != nil
    material = .pair(try KeyHandle(p256Point: [4] + x + y, privateNumber: privateNumber))
  }

  /// EdDSA. Both halves have 32 bytes.
  public init(ed25519 publicHalf: [UInt8], privateHalf: [UInt8]? = nil) throws(SignatureKeyFault) {
    guard publicHalf.count == Self.ed25519Bytes, privateHalf.map({ $0.count == Self.ed25519Bytes }) ?? true else { throw .invalid }
    let handle: KeyHandle
    if let privateHalf {
      handle = try KeyHandle(ed25519Private: privateHalf)
      guard handle.ed25519Public == publicHalf else { throw .invalid }
    } else {
      handle = try KeyHandle(ed25519Public: publicHalf)
    }
    algorithm = .edDSA
    canSign = privateHalf != nil
    material = .pair(handle)
  }

  /// The numbers of a new pair of keys on P-256: for tokens of one's own making.
  public static func makeP256() -> (x: [UInt8], y: [UInt8], privateNumber: [UInt8]) { KeyHandle.makeP256() }

  /// Whether `signature` was made of `message` by the owner of this key. A signature of a wrong length is no error, and not valid.
  public func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    switch material {
    case .secret(let secret): constantTimeEquals(HMACSHA256.authenticate(message, key: secret), signature)
    case .pair(let handle):
      switch algorithm {
      case .es256: ECDSAForm.der(ofRaw: signature).map { handle.isValid($0, of: message, digest: "SHA256") } ?? false
      case .rs256: handle.isValid(signature, of: message, digest: "SHA256")
      case .edDSA, .hs256: handle.isValid(signature, of: message, digest: nil)
      }
    }
  }

  /// - Returns: `nil` when this key can only check.
  public func sign(_ message: [UInt8]) -> [UInt8]? {
    guard canSign else { return nil }
    switch material {
    case .secret(let secret): return HMACSHA256.authenticate(message, key: secret)
    case .pair(let handle):
      guard algorithm == .es256 else { return handle.sign(message, digest: nil) }
      return handle.sign(message, digest: "SHA256").flatMap { ECDSAForm.raw(ofDER: $0) }
    }
  }
}

/// The two spellings of an ECDSA signature: JOSE's r and s side by side (RFC 7518 §3.4), libcrypto's DER.
enum ECDSAForm {
  static func der(ofRaw raw: [UInt8]) -> [UInt8]? {
    guard raw.count == 2 * SignatureKey.p256Bytes else { return nil }
    func integer(_ digits: ArraySlice<UInt8>) -> [UInt8] {
      var digits = Array(digits.drop { $0 == 0 })
      if digits.isEmpty || digits[0] & 0x80 != 0 { digits.insert(0, at: 0) }
      return [0x02, UInt8(digits.count)] + digits
    }
    // At most 2 · (2 + 33) bytes: the length fits one byte.
    let content = integer(raw[..<SignatureKey.p256Bytes]) + integer(raw[SignatureKey.p256Bytes...])
    return [0x30, UInt8(content.count)] + content
  }

  /// Of what libcrypto made.
  static func raw(ofDER der: [UInt8]) -> [UInt8]? {
    guard der.count > 2, der[0] == 0x30, Int(der[1]) == der.count - 2 else { return nil }
    var at = 2
    var raw: [UInt8] = []
    for _ in 0..<2 {
      guard at + 2 <= der.count, der[at] == 0x02, at + 2 + Int(der[at + 1]) <= der.count else { return nil }
      let digits = der[(at + 2)..<(at + 2 + Int(der[at + 1]))].drop { $0 == 0 }
      guard digits.count <= SignatureKey.p256Bytes else { return nil }
      raw += [UInt8](repeating: 0, count: SignatureKey.p256Bytes - digits.count) + digits
      at += 2 + Int(der[at + 1])
    }
    return at == der.count ? raw : nil
  }
}
