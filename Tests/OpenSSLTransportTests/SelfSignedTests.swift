import Foundation
import OpenSSLTransport
import Testing

@Suite struct SelfSignedTests {
  @Test("names, addresses, curve, purpose and age are what clients ask for; openssl itself believes it")
  func contents() throws {
    let folder = try Folder()
    let (chain, key) = (folder.file("c.pem"), folder.file("k.pem"))
    #expect(
      try SelfSignedCertificate.ensure(
        certificateFile: chain, keyFile: key, hosts: ["live.example", "10.1.2.3", "localhost", "bad,IP:9.9.9.9"]))
    let text = try Tool.openssl(["x509", "-in", chain, "-noout", "-text", "-checkend", "\(824 * 86_400 - 7_200)"])
    for part in [
      "DNS:localhost", "IP Address:127.0.0.1", "IP Address:0:0:0:0:0:0:0:1", "DNS:live.example", "IP Address:10.1.2.3", "NIST CURVE: P-256",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    for part in ["ecdsa-with-SHA256", "TLS Web Server Authentication", "CA:FALSE", "Certificate will not expire"] {
      #expect(text.contains(part))
    }
    #expect(!text.contains("9.9.9.9") && text.components(separatedBy: "DNS:localhost").count == 2)
    #expect(throws: Tool.Failed.self, "older than 825 days") {
      try Tool.openssl(["x509", "-in", chain, "-noout", "-checkend", "\(825 * 86_400)"])
    }
    #expect(try Tool.openssl(["verify", "-CAfile", chain, "-purpose", "sslserver", "-verify_hostname", "localhost", chain]).contains("OK"))
  }

  @Test("the key is its owner's alone, nothing half is left, and what is there is not touched")
  func files() throws {
    let folder = try Folder()
    let (chain, key) = (folder.file("c.pem"), folder.file("k.pem"))
    try SelfSignedCertificate.ensure(certificateFile: chain, keyFile: key)
    #expect(try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? Int == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["c.pem", "k.pem"])
    let before = try Data(contentsOf: URL(fileURLWithPath: key))
    #expect(try !SelfSignedCertificate.ensure(certificateFile: chain, keyFile: key))
    #expect(try Data(contentsOf: URL(fileURLWithPath: key)) == before)
  }

  @Test("half a pair or no folder is an error that names the file")
  func errors() throws {
    let folder = try Folder()
    let (chain, key) = (folder.file("c.pem"), folder.file("k.pem"))
    try Data("x".utf8).write(to: URL(fileURLWithPath: key))
    let error = #expect(throws: TLSError.self) { try SelfSignedCertificate.ensure(certificateFile: chain, keyFile: key) }
    #expect(error?.text.contains(chain) == true)
    #expect(throws: TLSError.self) { try SelfSignedCertificate.ensure(certificateFile: "/nowhere/c", keyFile: "/nowhere/k") }
    #expect(throws: TLSError.self) { try SelfSignedCertificate.ensure(certificateFile: "/nowhere/c", keyFile: folder.file("new.key")) }
    #expect(!FileManager.default.fileExists(atPath: folder.file("new.key")), "no key without its certificate")
  }
}
