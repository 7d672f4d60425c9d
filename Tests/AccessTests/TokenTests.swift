import CollabProtocol
import Hashing
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import Access

@Suite struct TokenTests {
  private static let good = #""sub":"ada","exp":1800003600"#

  private func fault(_ token: String, _ keys: KeySet, rules: TokenRules = TokenRules(), at now: UInt64 = Keys.now) -> TokenFault? {
    do throws(TokenFault) {
      _ = try rules.principal(of: token, keys: keys, nowMilliseconds: now)
      return nil
    } catch { return error }
  }

  private func principal(_ claims: String) throws -> Principal {
    try TokenRules().principal(of: Keys.token("{\(claims)}"), keys: Keys.set(Keys.hmac), nowMilliseconds: Keys.now)
  }

  @Test(
    "[AC8] the tokens of RFC 7515 are signed as they say",
    arguments: [(Keys.hmac, Keys.hmacToken), (Keys.rsa, Keys.rsaToken), (Keys.p256, Keys.p256Token)])
  func vectors(key: String, token: String) throws {
    let claims = try JSONWebToken(token).claims(signedWith: Keys.set(key))
    #expect(claims["iss"] == .string("joe") && claims["exp"] == .number(1_300_819_380))
    // They have no subject, so nobody is let in by them; they would be too old as well.
    #expect(fault(token, try Keys.set(key), at: Keys.then) == .noSubject)
    #expect(fault(token, try Keys.set(key)) == .expired)
  }

  @Test("[AC8] the signature of RFC 8037 is good, and is made anew byte for byte")
  func ed25519() throws {
    let parts = Keys.ed25519Token.split(separator: ".").map(String.init)
    let signed = Array("\(parts[0]).\(parts[1])".utf8)
    let key = try Keys.key(Keys.ed25519)
    #expect(key.isValid(try #require(Base64.decodeURL(parts[2])), of: signed))
    #expect(key.sign(signed).map { Base64.encode($0, .url) } == parts[2])
  }

  @Test("[AC8] a changed byte of any part is noticed, whatever the algorithm", arguments: [Keys.hmac, Keys.p256, Keys.ed25519])
  func changed(key: String) throws {
    let token = try Keys.token("{\(Self.good)}", key: key)
    let keys = try Keys.set(key)
    #expect(fault(token, keys) == nil)
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.".utf8)
    var bytes = Array(token.utf8)
    for index in bytes.indices {
      let was = bytes[index]
      bytes[index] = was == digits[7] ? digits[8] : digits[7]
      #expect(fault(String(decoding: bytes, as: UTF8.self), keys) != nil, "byte \(index)")
      bytes[index] = was
    }
    for length in [0, 1, token.utf8.count / 2, token.utf8.count - 1] { #expect(fault(String(token.prefix(length)), keys) != nil) }
  }

  @Test(
    "[AC8] no algorithm, and none of another spelling, is no algorithm", arguments: ["none", "None", "NONE", "nOnE", "", "HS512", "hs256"])
  func noAlgorithm(name: String) throws {
    let keys = try Keys.set(Keys.hmac)
    for signature in [[], [UInt8](repeating: 0, count: 32)] {
      let token = Keys.forged(header: #"{"alg":"\#(name)"}"#, claims: "{\(Self.good)}", signature: signature)
      #expect(fault(token, keys) == (signature.isEmpty ? .malformed : .unknownAlgorithm))
    }
  }

  @Test("[AC8] a public key is no secret: HMAC under its bytes, in whatever form, is not believed")
  func confusion() throws {
    let keys = try Keys.set(Keys.rsa, Keys.p256)
    let numbers = try #require(Base64.decodeURL(Keys.rsaModulus))
    for secret in [numbers, Array(Keys.rsaModulus.utf8), Array(Keys.rsa.utf8), Array(Keys.p256.utf8)] {
      let token = Keys.signed(header: #"{"alg":"HS256"}"#, claims: "{\(Self.good)}", secret: secret)
      #expect(fault(token, keys) == .unknownKey)
    }
    // And with the right name of the key.
    let named = try Keys.set(Keys.rsa.replacing("{", with: #"{"kid":"a","#, maxReplacements: 1))
    let token = Keys.signed(header: #"{"alg":"HS256","kid":"a"}"#, claims: "{\(Self.good)}", secret: numbers)
    #expect(fault(token, named) == .unknownKey)
  }

  @Test("[AC8] keys that a token brings along are not believed")
  func ownKeys() throws {
    let own = try SignatureKey(secret: [UInt8](repeating: 7, count: 32))
    let k = Base64.encode([UInt8](repeating: 7, count: 32), .url)
    for member in [#""jwk":{"kty":"oct","k":"\#(k)"}"#, #""jku":"https://evil.example/keys""#, #""x5u":"https://evil.example/x""#] {
      let header = Base64.encode(Array(#"{"alg":"HS256",\#(member)}"#.utf8), .url)
      let signed = header + "." + Base64.encode(Array("{\(Self.good)}".utf8), .url)
      let token = signed + "." + Base64.encode(try #require(own.sign(Array(signed.utf8))), .url)
      #expect(fault(token, try Keys.set(Keys.hmac)) == .badSignature)
    }
  }

  @Test("[AC8] a name of a key chooses that key and no other; without a name there must be one of the algorithm")
  func keyNames() throws {
    let first = #"{"kty":"oct","kid":"first","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#
    let second = #"{"kty":"oct","kid":"second","k":"\#(Base64.encode([UInt8](repeating: 9, count: 40), .url))"}"#
    let both = try Keys.set(first, second)
    #expect(fault(try Keys.token("{\(Self.good)}", key: second, keyID: "second"), both) == nil)
    #expect(fault(try Keys.token("{\(Self.good)}", key: second, keyID: "first"), both) == .badSignature)
    #expect(fault(try Keys.token("{\(Self.good)}", key: second, keyID: "third"), both) == .unknownKey)
    #expect(fault(try Keys.token("{\(Self.good)}", key: second), both) == .unknownKey)
    #expect(fault(try Keys.token("{\(Self.good)}", key: second), try Keys.set(second, Keys.p256)) == nil)
  }

  @Test("[AC8] what asks for extensions, comes twice, is no object, or is of another form, is malformed")
  func forms() throws {
    let keys = try Keys.set(Keys.hmac)
    let secret = try #require(Base64.decodeURL("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"))
    func signed(_ header: String, _ claims: String = "{\(Self.good)}") -> TokenFault? {
      fault(Keys.signed(header: header, claims: claims, secret: secret), keys)
    }
    #expect(signed(#"{"alg":"HS256"}"#) == nil, "what follows fails for the reason that is tested")
    #expect(signed(#"{"alg":"HS256","crit":["exp"],"exp":1}"#) == .criticalExtension)
    #expect(signed(#"{"alg":"HS256","crit":[]}"#) == .criticalExtension)
    #expect(signed(#"{"alg":"HS256","alg":"none"}"#) == .malformed)
    #expect(signed(#"{"alg":"HS256","typ":"JWE"}"#) == .malformed)
    #expect(signed(#"{"alg":"HS256","kid":7}"#) == .malformed)
    #expect(signed(#"["HS256"]"#) == .malformed)
    #expect(signed(#"{"alg":"HS256"}"#, "[]") == .malformed)
    #expect(signed(#"{"alg":"HS256"}"#, #"{"sub":"ada","sub":"root","exp":1800003600}"#) == .malformed)
    let good = try Keys.token("{\(Self.good)}")
    for wrong in [good + ".", "." + good, good + "=", good.replacing(".", with: ".."), good + ".x.y", " " + good, good + "\n"] {
      #expect(fault(wrong, keys) == .malformed, "\(wrong)")
    }
    let long = try Keys.token(#"{\#(Self.good),"pad":"\#(String(repeating: "x", count: 9000))"}"#)
    #expect(fault(long, keys) == .tooLong)
  }

  @Test("[AC8] times: an end is needed, a minute of leeway is given, not more")
  func times() throws {
    let keys = try Keys.set(Keys.hmac)
    func times(_ claims: String) throws -> TokenFault? { fault(try Keys.token(#"{"sub":"ada",\#(claims)}"#), keys) }
    #expect(try times(#""iat":1"#) == .noExpiry)
    #expect(try times(#""exp":1799999941"#) == nil)
    #expect(try times(#""exp":1799999940"#) == .expired)
    #expect(try times(#""exp":1e300"#) == .badClaim)
    #expect(try times(#""exp":-1"#) == .badClaim)
    #expect(try times(#""exp":"1800003600""#) == .badClaim)
    #expect(try times(#""exp":1800003600,"nbf":1800000060"#) == nil)
    #expect(try times(#""exp":1800003600,"nbf":1800000061"#) == .notYetValid)
    #expect(try times(#""exp":1800003600,"iat":1800000061"#) == .notYetValid)
    #expect(try principal(Self.good).expiresAtMilliseconds == 1_800_003_660_000, "it ends when it is believed no more")
  }

  @Test("[AC8] issuer and audience must be ours; a token for somebody is for nobody else")
  func parties() throws {
    let keys = try Keys.set(Keys.hmac)
    let rules = TokenRules(issuer: "https://id.example", audience: "thaiyyal")
    func parties(_ claims: String, _ rules: TokenRules) throws -> TokenFault? {
      fault(try Keys.token("{\(Self.good)\(claims)}"), keys, rules: rules)
    }
    #expect(try parties(#","iss":"https://id.example","aud":"thaiyyal""#, rules) == nil)
    #expect(try parties(#","iss":"https://id.example","aud":["other","thaiyyal"]"#, rules) == nil)
    #expect(try parties(#","iss":"https://id.example.evil","aud":"thaiyyal""#, rules) == .wrongIssuer)
    #expect(try parties(#","aud":"thaiyyal""#, rules) == .wrongIssuer)
    #expect(try parties(#","iss":"https://id.example","aud":["other"]"#, rules) == .wrongAudience)
    #expect(try parties(#","iss":"https://id.example""#, rules) == .wrongAudience)
    #expect(try parties(#","aud":"other""#, TokenRules()) == .wrongAudience)
  }

  @Test("[AC1] a subject is 1 to 256 bytes without control characters, and none that only this server gives out")
  func subjects() throws {
    let keys = try Keys.set(Keys.hmac)
    func subject(_ json: String) throws -> TokenFault? { fault(try Keys.token(#"{"sub":\#(json),"exp":1800003600}"#), keys) }
    #expect(try subject(#""ada@example.org""#) == nil)
    #expect(try subject("\"\(String(repeating: "é", count: 128))\"") == nil)
    for wrong in [
      "\"\"", "7", "null", "\"\(String(repeating: "é", count: 129))\"", #""a\u0000b""#, #""a\nb""#, #""key:0""#, #""link:0~1""#,
    ] {
      #expect(try subject(wrong) == .noSubject, "\(wrong)")
    }
  }

  @Test("[AC1, AC2] role and workflows: what a token gives by itself, and the most it may ever do")
  func rights() throws {
    let demo = try #require(WorkflowID("demo"))
    let other = try #require(WorkflowID("other"))
    let plain = try principal(Self.good)
    #expect(plain.rights(in: demo, member: nil).role == nil)
    #expect(plain.rights(in: demo, member: .editor).role == .editor)
    #expect(plain.mayCreate(demo) && plain.founder == "ada" && plain.roleOutside == .owner)

    let editor = try principal(Self.good + #","role":"editor","name":"Ada","kind":"agent""#)
    #expect(editor.name == "Ada" && editor.kind == .agent)
    #expect(editor.rights(in: demo, member: nil).role == .editor)
    #expect(editor.rights(in: demo, member: .owner).role == .editor, "no more than its role")
    #expect(!editor.rights(in: demo, member: nil).dependsOnMembership)

    let mixed = try principal(Self.good + #","role":"runner","workflows":{"demo":"owner","*":"viewer"}"#)
    #expect(mixed.rights(in: demo, member: nil).role == .runner)
    #expect(mixed.rights(in: other, member: nil).role == .viewer)
    #expect(mixed.rights(in: other, member: .commenter).role == .commenter)
    #expect(!mixed.mayCreate(other) && mixed.mayCreate(demo))

    let few = try principal(Self.good + #","workflows":{"demo":"editor"}"#)
    #expect(few.rights(in: other, member: nil).role == nil && !few.mayCreate(other) && few.roleOutside == .viewer)

    for wrong in [
      #""role":"god""#, #""role":5"#, #""workflows":["demo"]"#, #""workflows":{"demo":"god"}"#, #""workflows":{".x":"viewer"}"#,
      #""name":"""#, #""name":"\#(String(repeating: "n", count: 65))""#, #""kind":"cat""#,
    ] {
      #expect(throws: TokenFault.badClaim, "\(wrong)") { try principal(Self.good + "," + wrong) }
    }
    let many = (0...256).map { #""w\#($0)":"viewer""# }.joined(separator: ",")
    #expect(throws: TokenFault.badClaim) { try principal(Self.good + #","workflows":{\#(many)}"#) }
  }
}
