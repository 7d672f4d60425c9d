import Access
import Hashing
import Testing
import WorkflowGraph

/// Keys and texts of the RFCs, and what tests sign with.
enum Keys {
  /// RFC 7515 A.1.1.
  static let hmac = #"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#
  static let hmacToken = [
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
  ].joined(separator: ".")
  /// RFC 7515 A.2.1, the public numbers.
  static let rsaModulus = [
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMs",
    "D1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdV",
    "MTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
  ].joined()
  static var rsa: String { #"{"kty":"RSA","n":"\#(rsaModulus)","e":"AQAB"}"# }
  static let rsaToken = [
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZ",
    "cAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-e",
    "OkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
  ].joined()
  /// RFC 7515 A.3.1.
  static let p256 =
    #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#
  static let p256Token = [
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
  ].joined()
  /// RFC 8037 A.1 and A.4.
  static let ed25519 =
    #"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
  static let ed25519Token =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

  /// Before the end of the RFCs' tokens (2011).
  static let then: UInt64 = 1_300_000_000_000
  static let now: UInt64 = 1_800_000_000_000

  static func set(_ jwks: String...) throws -> KeySet { try KeySet(parsing: #"{"keys":[\#(jwks.joined(separator: ","))]}"#) }

  static func key(_ jwk: String) throws -> SignatureKey { try #require(try set(jwk).entries.first).key }

  /// A token with these claims, `exp` an hour from `now` unless they say otherwise.
  static func token(_ claims: String, key jwk: String = hmac, keyID: String? = nil) throws -> String {
    try #require(TokenMaker.make(claims: JSONText(validating: claims), key: key(jwk), keyID: keyID))
  }

  /// Parts that nobody signed, or signed with whatever is given.
  static func forged(header: String, claims: String, signature: [UInt8] = [1, 2, 3]) -> String {
    [Array(header.utf8), Array(claims.utf8), signature].map { Base64.encode($0, .url) }.joined(separator: ".")
  }

  /// A signed part with HMAC under any bytes as the key.
  static func signed(header: String, claims: String, secret: [UInt8]) -> String {
    let signed = [header, claims].map { Base64.encode(Array($0.utf8), .url) }.joined(separator: ".")
    return signed + "." + Base64.encode(HMACSHA256.authenticate(Array(signed.utf8), key: secret), .url)
  }
}
