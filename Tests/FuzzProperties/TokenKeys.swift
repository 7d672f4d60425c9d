import Access
import Hashing

/// What tokens are signed with here: keys of the RFCs, and one of RSA whose private half nobody has any more.
enum TokenKeys {
  static let rsaModulus = [
    "vZaT1NSWDNbUvg6GH3OHkPbQ4uQHjfzoVKvrYIP_UM_15LYQo9dp9-9lc1hmI0wgyglcngtmTiz2usHIos6afYLo2DNJ0LFPreEfDdkNGVi4jV5VfQI2",
    "1GyP8HNWMYVmCRgJuh-jlwZjz-bVMc0vLo2upOkONjPmwVg0ftJvVCvSMclRHCaFbibCZZe-ZGM4UjCE7kklPtsiAuuHJ6t86JWZDI6yzLCbP_xCUGzl",
    "92WYX5y9rTv0z03J3KMtvAWfPTK0QgBIsE646WmYPY3GXJlyb5gdN69ik_Mib8EaMJ8zOdFgXLgn9xdhJy1guJbQjbZAsyIJEtqxYTAzBsVM8w",
  ].joined()
  private static let hmac = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
  private static let (p256X, p256Y) = ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
  private static let ed25519 = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"

  static let jwks = #"""
    {"keys":[{"kty":"oct","kid":"h","k":"\#(hmac)"},{"kty":"RSA","kid":"r","n":"\#(rsaModulus)","e":"AQAB"},
    {"kty":"EC","crv":"P-256","kid":"p","x":"\#(p256X)","y":"\#(p256Y)","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"},
    {"kty":"OKP","crv":"Ed25519","kid":"e","x":"\#(ed25519)","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}
    """#

  static let set: KeySet = {
    do { return try KeySet(parsing: jwks) } catch { preconditionFailure("the keys of the fuzzers: \(error)") }
  }()

  /// By the input's number: those of `set` that can sign, then secrets made of what is public of the other keys, as an attacker would.
  static let signers: [SignatureKey] = {
    let secrets = [rsaModulus, p256X + p256Y, ed25519].map { text in
      do { return try SignatureKey(secret: StrictToken.bytes(text[...]) ?? Array(text.utf8)) } catch { preconditionFailure("\(error)") }
    }
    return set.entries.map(\.key).filter(\.canSign) + secrets
  }()

  /// Planted: what is public of the RSA key is a secret for HMAC under the same name: the confusion of algorithms.
  static let confused = KeySet(set.entries.map { $0.id == "r" ? KeySet.Entry(id: "r", key: signers[3]) : $0 })
}
