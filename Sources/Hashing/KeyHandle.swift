import COpenSSL

/// A key inside libcrypto.
///
/// `@unchecked Sendable`: the key is never changed after `init`, and libcrypto lets threads share a key that only signs and checks; each
/// operation has a context of its own.
final class KeyHandle: @unchecked Sendable {
  private let key: OpaquePointer

  deinit { EVP_PKEY_free(key) }

  private init(taking key: OpaquePointer) { self.key = key }

  convenience init(rsaModulus modulus: [UInt8], exponent: [UInt8]) throws(SignatureKeyFault) {
    let key = Self.make("RSA", isPair: false) { builder in
      builder.push("n", number: modulus)
      builder.push("e", number: exponent)
    }
    guard let key else { throw .invalid }
    self.init(taking: key)
  }

  /// - Parameter point: uncompressed, 65 bytes. libcrypto refuses one that is not on the curve.
  convenience init(p256Point point: [UInt8], privateNumber: [UInt8]?) throws(SignatureKeyFault) {
    let key = Self.make("EC", isPair: privateNumber != nil) { builder in
      builder.push("group", text: "prime256v1")
      builder.push("pub", octets: point)
      if let privateNumber { builder.push("priv", number: privateNumber) }
    }
    guard let key else { throw .invalid }
    self.init(taking: key)
    guard isSound(isPair: privateNumber != nil) else { throw .invalid }
  }

  convenience init(ed25519Public half: [UInt8]) throws(SignatureKeyFault) {
    guard let key = EVP_PKEY_new_raw_public_key(copenssl_ed25519_type(), nil, half, half.count) else { throw .invalid }
    self.init(taking: key)
  }

  convenience init(ed25519Private half: [UInt8]) throws(SignatureKeyFault) {
    guard let key = EVP_PKEY_new_raw_private_key(copenssl_ed25519_type(), nil, half, half.count) else { throw .invalid }
    self.init(taking: key)
  }

  var ed25519Public: [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: SignatureKey.ed25519Bytes)
    var count = bytes.count
    return EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1 && count == bytes.count ? bytes : nil
  }

  /// A new pair of keys on P-256: x, y and the private number.
  static func makeP256() -> (x: [UInt8], y: [UInt8], privateNumber: [UInt8]) {
    guard let key = copenssl_P256_key() else { preconditionFailure("libcrypto makes no key on P-256") }
    defer { EVP_PKEY_free(key) }
    var point = [UInt8](repeating: 0, count: 1 + 2 * SignatureKey.p256Bytes)
    var count = 0
    let isThere = EVP_PKEY_get_octet_string_param(key, "pub", &point, point.count, &count)
    precondition(isThere == 1 && count == point.count && point[0] == 4, "libcrypto tells no point")
    var number: OpaquePointer?
    precondition(EVP_PKEY_get_bn_param(key, "priv", &number) == 1, "libcrypto tells no private number")
    defer { BN_clear_free(number) }
    var digits = [UInt8](repeating: 0, count: SignatureKey.p256Bytes)
    precondition(BN_bn2binpad(number, &digits, Int32(digits.count)) == Int32(digits.count), "a private number is too long")
    return (Array(point[1...SignatureKey.p256Bytes]), Array(point[(1 + SignatureKey.p256Bytes)...]), digits)
  }

  private func isSound(isPair: Bool) -> Bool {
    guard let context = EVP_PKEY_CTX_new(key, nil) else { return false }
    defer { EVP_PKEY_CTX_free(context) }
    defer { ERR_clear_error() }
    return (isPair ? EVP_PKEY_check(context) : EVP_PKEY_public_check(context)) == 1
  }

  // MARK: signatures

  /// - Parameter digest: the name of the hash, `nil` where the algorithm brings its own.
  func isValid(_ signature: [UInt8], of message: [UInt8], digest: String?) -> Bool {
    guard let context = EVP_MD_CTX_new() else { preconditionFailure("libcrypto: no memory for a context") }
    defer { EVP_MD_CTX_free(context) }
    // A signature that is no signature leaves its reason in this thread's queue of errors: nobody would read it.
    defer { ERR_clear_error() }
    guard EVP_DigestVerifyInit_ex(context, nil, digest, nil, nil, key, nil) == 1 else { return false }
    return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
  }

  func sign(_ message: [UInt8], digest: String?) -> [UInt8]? {
    guard let context = EVP_MD_CTX_new() else { preconditionFailure("libcrypto: no memory for a context") }
    defer { EVP_MD_CTX_free(context) }
    defer { ERR_clear_error() }
    guard EVP_DigestSignInit_ex(context, nil, digest, nil, nil, key, nil) == 1 else { return nil }
    var count = 0
    guard EVP_DigestSign(context, nil, &count, message, message.count) == 1 else { return nil }
    var signature = [UInt8](repeating: 0, count: count)
    guard EVP_DigestSign(context, &signature, &count, message, message.count) == 1 else { return nil }
    return Array(signature.prefix(count))
  }

  // MARK: parameters

  private static func make(_ type: String, isPair: Bool, _ fill: (inout ParameterBuilder) -> Void) -> OpaquePointer? {
    var builder = ParameterBuilder()
    defer { builder.end() }
    defer { ERR_clear_error() }
    fill(&builder)
    guard let parameters = builder.finish(), let context = EVP_PKEY_CTX_new_from_name(nil, type, nil) else { return nil }
    defer {
      OSSL_PARAM_free(parameters)
      EVP_PKEY_CTX_free(context)
    }
    var key: OpaquePointer?
    return copenssl_pkey_from_data(context, &key, parameters, isPair ? 1 : 0) == 1 ? key : nil
  }
}

/// Numbers and texts for libcrypto. The builder keeps addresses, so what it was given lives until `end`.
private struct ParameterBuilder {
  private let builder: OpaquePointer
  private var numbers: [OpaquePointer] = []
  private var texts: [UnsafeMutablePointer<CChar>] = []
  private var octets: [UnsafeMutablePointer<UInt8>] = []
  private var isGood = true

  init() {
    guard let builder = OSSL_PARAM_BLD_new() else { preconditionFailure("libcrypto: no memory for parameters") }
    self.builder = builder
  }

  mutating func push(_ name: StaticString, number digits: [UInt8]) {
    guard let number = BN_bin2bn(digits, Int32(digits.count), nil) else {
      isGood = false
      return
    }
    numbers.append(number)
    isGood = OSSL_PARAM_BLD_push_BN(builder, Self.pointer(name), number) == 1 && isGood
  }

  mutating func push(_ name: StaticString, text: String) {
    let count = text.utf8.count
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: count + 1)
    for (index, byte) in text.utf8.enumerated() { copy[index] = CChar(bitPattern: byte) }
    copy[count] = 0
    texts.append(copy)
    isGood = OSSL_PARAM_BLD_push_utf8_string(builder, Self.pointer(name), copy, count) == 1 && isGood
  }

  mutating func push(_ name: StaticString, octets bytes: [UInt8]) {
    let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
    copy.initialize(from: bytes, count: bytes.count)
    octets.append(copy)
    isGood = OSSL_PARAM_BLD_push_octet_string(builder, Self.pointer(name), copy, bytes.count) == 1 && isGood
  }

  func finish() -> UnsafeMutablePointer<OSSL_PARAM>? { isGood ? OSSL_PARAM_BLD_to_param(builder) : nil }

  func end() {
    OSSL_PARAM_BLD_free(builder)
    for number in numbers { BN_clear_free(number) }
    for text in texts { text.deallocate() }
    for bytes in octets { bytes.deallocate() }
  }

  private static func pointer(_ name: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
  }
}
