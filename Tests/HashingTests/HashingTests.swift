import Hashing
import Testing

@Suite struct HashingTests {
  @Test(
    "SHA-256 gives the digests of FIPS 180-4",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
    ])
  func sha256(message: String, digest: String) {
    #expect(Hex.encode(SHA256.digest(message)) == digest)
    #expect(Hex.encode(SHA256.digest(Array(message.utf8))) == digest)
  }

  @Test("SHA-256 of a million letters, in pieces that straddle the block, and the hasher is ready for the next message")
  func incremental() {
    var hasher = SHA256.Hasher()
    for round in 0..<2 {
      var left = 1_000_000
      var piece = 1 + round
      while left > 0 {
        let count = min(piece, left)
        hasher.update(repeatElement(UInt8(ascii: "a"), count: count))
        left -= count
        piece = piece % 200 + 1
      }
      #expect(Hex.encode(hasher.finish()) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }
    var output: [UInt8] = [1]
    hasher.update("abc")
    hasher.finish(appendingTo: &output)
    #expect(output == [1] + SHA256.digest("abc"))
  }

  @Test("SHA-1 gives the digest of FIPS 180-4 and the accept key of RFC 6455 §1.3")
  func sha1() {
    #expect(Hex.encode(SHA1.digest("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(Hex.encode(SHA1.digest([UInt8]())) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    let accept = SHA1.digest("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
    #expect(Base64.encode(accept) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
  }

  @Test(
    "HMAC-SHA-256 gives the codes of RFC 4231 §4",
    arguments: [
      (
        [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
      ),
      (
        Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
      ),
      (
        [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
      ),
      (
        Array(1...25), [UInt8](repeating: 0xcd, count: 50),
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
      ),
      (
        [UInt8](repeating: 0xaa, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
      ),
    ])
  func hmac(key: [UInt8], message: [UInt8], code: String) {
    #expect(Hex.encode(HMACSHA256.authenticate(message, key: key)) == code)
  }

  @Test("comparison tells equal from unequal at every place and length")
  func constantTime() {
    let secret = Array(UInt8(0)..<32)
    #expect(constantTimeEquals(secret, secret))
    #expect(constantTimeEquals([], []))
    #expect(!constantTimeEquals(secret, Array(secret.dropLast())))
    for index in secret.indices {
      var other = secret
      other[index] ^= 0x80
      #expect(!constantTimeEquals(secret, other))
    }
  }

  @Test("random bytes have the length asked for and do not repeat")
  func random() {
    #expect(RandomBytes.make(0).isEmpty)
    let drawn = Set((0..<64).map { _ in RandomBytes.make(16) })
    #expect(drawn.count == 64)
    #expect(drawn.allSatisfy { $0.count == 16 })
  }

  @Test(
    "Base64 gives the vectors of RFC 4648 §10 both ways",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
  func base64(plain: String, encoded: String) {
    let bytes = Array(plain.utf8)
    #expect(Base64.encode(bytes) == encoded)
    #expect(Base64.decode(encoded) == bytes)
    #expect(Base64.encode(bytes, .url) == encoded.filter { $0 != "=" })
    #expect(Base64.decode(encoded.filter { $0 != "=" }) == bytes)
  }

  @Test(
    "Base64 round-trips every byte in both alphabets and refuses what is none",
    arguments: [
      "Z", "Zg=", "Zg===", "Z===", "=Zg=", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Zm9vé", "====",
    ])
  func base64Refusals(text: String) {
    #expect(Base64.decode(text) == nil)
    let all = Array(UInt8.min...UInt8.max)
    #expect(Base64.decode(Base64.encode(all)) == all)
    #expect(Base64.decode(Base64.encode(all, .url)) == all)
  }

  @Test("hexadecimal round-trips and refuses odd and foreign text")
  func hex() {
    let all = Array(UInt8.min...UInt8.max)
    #expect(Hex.decode(Hex.encode(all)) == all)
    #expect(Hex.decode("0A") == [10])
    #expect(Hex.decode("0") == nil)
    #expect(Hex.decode("0g") == nil)
  }
}
