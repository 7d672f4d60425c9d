import CollabProtocol
import Hashing
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import Access

@Suite struct KeySetTests {
  @Test("[AC8] keys of unknown kinds and for other uses are passed over and named")
  func passedOver() throws {
    let set = try Keys.set(
      Keys.hmac, #"{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}"#, #"{"kty":"weird"}"#,
      Keys.rsa.replacing("{", with: #"{"use":"enc","#, maxReplacements: 1),
      Keys.rsa.replacing("{", with: #"{"alg":"RS512","#, maxReplacements: 1))
    #expect(set.entries.count == 1 && set.passedOver.count == 4)
  }

  @Test(
    "[AC8] a set with a key that is none is no set",
    arguments: [
      "", "{}", "[]", #"{"keys":{}}"#, #"{"keys":[]}"#, #"{"keys":[{}]}"#, #"{"keys":[{"kty":"oct","k":"c2hvcnQ"}]}"#,
      #"{"keys":[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ+EstJQLr/T="}]}"#,
      #"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#, #"{"keys":[{"kty":"RSA","n":"\#(Keys.rsaModulus)","e":"Ag"}]}"#,
      #"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"}]}"#,
      #"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"}]}"#,
      #"{"keys":[\#(Keys.hmac.replacing("{", with: #"{"kid":"a","#, maxReplacements: 1)),\#(Keys.ed25519.replacing("{", with: #"{"kid":"a","#, maxReplacements: 1))]}"#,
    ])
  func faults(text: String) {
    let fault = #expect(throws: KeySet.Fault.self, "\(text)") { try KeySet(parsing: text) }
    #expect(fault?.description.contains("AyM1SysP") != true, "a fault tells no secret")
  }

  @Test("[AC8] a private half that does not belong to the public one is no key")
  func halves() throws {
    let bytes = [UInt8](repeating: 3, count: 32)
    let x = try #require(Base64.decodeURL("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))
    #expect(throws: SignatureKeyFault.invalid) { try SignatureKey(ed25519: x, privateHalf: bytes) }
    let (px, py, d) = SignatureKey.makeP256()
    #expect(throws: Never.self) { try SignatureKey(p256X: px, y: py, privateNumber: d) }
    #expect(throws: SignatureKeyFault.invalid) { try SignatureKey(p256X: px, y: py, privateNumber: bytes) }
  }

  @Test("[AC5, AC6] a token of the store's own is read strictly; guests of one link differ and cannot be copied from what is shown")
  func storedCredentials() throws {
    let key = StoredCredential.make(.key, idBytes: [UInt8](0..<8), secret: [UInt8](repeating: 5, count: 32))
    let link = StoredCredential.make(.link, idBytes: [UInt8](8..<16), secret: [UInt8](repeating: 6, count: 32))
    let shownKey = try #require(StoredCredential(key.token))
    #expect(shownKey.kind == .key && shownKey.id == "0001020304050607" && shownKey.secretDigest == key.secretDigest)
    let ada = try #require(StoredCredential(link.token + "~browser-of-ada"))
    let bob = try #require(StoredCredential(link.token + "~browser-of-bob"))
    #expect(ada.kind == .link && ada.secretDigest == link.secretDigest && ada.guest.count == 16 && ada.guest != bob.guest)
    #expect(StoredCredential(link.token)?.guest == "")
    #expect(StoredCredential("\(link.token)~\(ada.guest)")?.guest != ada.guest)
    for wrong in [
      "", "tl_", key.token + "x", String(key.token.dropLast()), key.token.uppercased(), key.token + "~browser-of-ada",
      link.token + "~short",
      link.token + "~" + String(repeating: "x", count: 65), link.token + "~with space", key.token.replacing("tl_", with: "tx_"),
    ] {
      #expect(StoredCredential(wrong) == nil, "\(wrong)")
    }
  }

  @Test("[AC5, AC6] a key has its scope and nothing else, a guest one workflow; neither is a member")
  func principals() throws {
    let demo = try #require(WorkflowID("demo"))
    let other = try #require(WorkflowID("other"))
    var key = APIKey(
      id: "00", secretDigest: [], name: "ci", role: .editor, kind: .bot, workflows: [demo], madeBy: "", madeAtMilliseconds: 0,
      expiresAtMilliseconds: 7)
    #expect(key.principal.rights(in: demo, member: .owner).role == .editor)
    #expect(key.principal.rights(in: other, member: .owner).role == nil)
    #expect(!key.principal.mayCreate(other) && key.principal.founder == nil && key.principal.expiresAtMilliseconds == 7)
    key.workflows = nil
    #expect(key.principal.rights(in: other, member: nil).role == .editor && key.principal.mayCreate(other))
    let link = ShareLink(
      id: "11", workflow: demo, secretDigest: [], role: .commenter, name: "", madeBy: "ada", madeAtMilliseconds: 0,
      expiresAtMilliseconds: nil)
    let guest = link.principal(guest: "77")
    #expect(guest.subject == "link:11~77" && guest.credential == "link:11")
    #expect(guest.rights(in: demo, member: .owner).role == .commenter && guest.rights(in: other, member: nil).role == nil)
    #expect(!guest.mayCreate(demo) && guest.roleOutside == .viewer)
  }
}
