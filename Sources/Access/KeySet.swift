public import Hashing
import WorkflowGraph

/// The keys that tokens may be signed with, as a JWK Set. Source: RFC 7517, RFC 7518 §6, RFC 8037 §2.
public struct KeySet: Sendable {
  public struct Entry: Sendable {
    /// `nil`: the only one of its algorithm, for tokens that name none.
    public var id: String?
    public var key: SignatureKey
    public init(id: String?, key: SignatureKey) {
      self.id = id
      self.key = key
    }
  }

  /// What is wrong with a set, in words that quote no key.
  public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
    init(_ text: String) { description = text }
  }

  public static let bytesMax = 262_144
  public static let countMax = 64
  static let idBytesMax = 256

  public let entries: [Entry]
  /// Keys that were passed over because this server does not know their kind or they are for another use, in words.
  public let passedOver: [String]

  /// - Throws: a fault also for a set without any key that can be used, and for two keys with one id.
  public init(parsing text: String) throws(Fault) {
    guard text.utf8.count <= Self.bytesMax else { throw Fault("it has more than \(Self.bytesMax) bytes") }
    let value: JSONValue
    do throws(JSONFault) { value = try JSONValue(parsing: text) } catch { throw Fault("it is no \(error)") }
    guard let keys = value["keys"]?.arrayValue else { throw Fault("it is no key set: \"keys\" is missing") }
    guard keys.count <= Self.countMax else { throw Fault("it has more than \(Self.countMax) keys") }
    var entries: [Entry] = []
    var passedOver: [String] = []
    for (index, jwk) in keys.enumerated() {
      let place = "key \(index)"
      switch try Self.read(jwk, place) {
      case .key(let entry): entries.append(entry)
      case .passedOver(let why): passedOver.append("\(place): \(why)")
      }
    }
    let ids = entries.compactMap(\.id)
    guard Set(ids).count == ids.count else { throw Fault("two keys have the same kid") }
    guard !entries.isEmpty else { throw Fault("it holds no key that can be used") }
    self.entries = entries
    self.passedOver = passedOver
  }

  public init(_ entries: [Entry]) {
    self.entries = entries
    passedOver = []
  }

  /// The one that a token names, or the only one of its algorithm. A key of another algorithm is none. Spec: AC8.
  func key(id: String?, algorithm: SignatureAlgorithm) -> SignatureKey? {
    if let id {
      guard let key = entries.first(where: { $0.id == id })?.key, key.algorithm == algorithm else { return nil }
      return key
    }
    let fitting = entries.filter { $0.key.algorithm == algorithm }
    return fitting.count == 1 ? fitting[0].key : nil
  }

  // MARK: reading a key

  private enum Reading {
    case key(Entry)
    case passedOver(String)
  }

  private static func read(_ jwk: JSONValue, _ place: String) throws(Fault) -> Reading {
    guard let type = jwk["kty"]?.stringValue else { throw Fault("\(place): kty is missing") }
    if let use = jwk["use"], use.stringValue != "sig" { return .passedOver("it is not for signatures") }
    if let uses = jwk["key_ops"]?.arrayValue, !uses.contains(.string("verify")), !uses.contains(.string("sign")) {
      return .passedOver("it is not for signatures")
    }
    let id = jwk["kid"]?.stringValue
    guard jwk["kid"] == nil || id != nil, id.map({ $0.utf8.count <= idBytesMax }) ?? true else {
      throw Fault("\(place): kid is no short text")
    }
    let algorithm: SignatureAlgorithm
    switch (type, jwk["crv"]?.stringValue) {
    case ("oct", _): algorithm = .hs256
    case ("RSA", _): algorithm = .rs256
    case ("EC", "P-256"?): algorithm = .es256
    case ("OKP", "Ed25519"?): algorithm = .edDSA
    default: return .passedOver("keys of this kind are not known here")
    }
    if let named = jwk["alg"], named != .string(algorithm.rawValue) { return .passedOver("its algorithm is not known here") }
    do throws(SignatureKeyFault) {
      return .key(Entry(id: id, key: try make(algorithm, jwk, place)))
    } catch {
      switch error {
      case .tooShort: throw Fault("\(place): it is too short for \(algorithm.rawValue)")
      case .tooLong: throw Fault("\(place): it is too long")
      case .invalid: throw Fault("\(place): its numbers are no key of \(algorithm.rawValue)")
      }
    }
  }

  private static func make(_ algorithm: SignatureAlgorithm, _ jwk: JSONValue, _ place: String) throws(SignatureKeyFault) -> SignatureKey {
    func bytes(_ name: String) throws(SignatureKeyFault) -> [UInt8] {
      guard let bytes = jwk[name]?.stringValue.flatMap({ Base64.decodeURL($0) }) else { throw .invalid }
      return bytes
    }
    let hasPrivatePart = jwk["d"] != nil
    switch algorithm {
    case .hs256: return try SignatureKey(secret: try bytes("k"))
    case .rs256: return try SignatureKey(rsaModulus: try bytes("n"), exponent: try bytes("e"))
    case .es256:
      return try SignatureKey(p256X: try bytes("x"), y: try bytes("y"), privateNumber: hasPrivatePart ? try bytes("d") : nil)
    case .edDSA: return try SignatureKey(ed25519: try bytes("x"), privateHalf: hasPrivatePart ? try bytes("d") : nil)
    }
  }
}
