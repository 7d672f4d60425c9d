import Foundation
import NIOCore
import OpenSSLTransport
import Testing

@testable import Gateway

@Suite struct TLSTests {
  @Test("with TLS in front, pages and live connections work as without; a plain request gets no answer in plain")
  func secure() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "gateway-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (cert, key) = (folder.appending(path: "cert.pem").path, folder.appending(path: "key.pem").path)
    try SelfSignedCertificate.ensure(certificateFile: cert, keyFile: key)
    let server = try TLSServerContext(TLSServerConfiguration(certificateChainFile: cert, privateKeyFile: key))
    let client = try TLSClientContext(TLSClientConfiguration(verification: .authorityFile(cert)))
    let addTLS: @Sendable (any Channel) throws -> Void = { try $0.pipeline.syncOperations.addHandler(server.makeHandler()) }
    let clientTLS: @Sendable (any Channel) throws -> Void = {
      try $0.pipeline.syncOperations.addHandler(client.makeHandler(host: "localhost"))
    }
    try await TestServer.with(addTLS: addTLS) { (server: TestServer) async throws in
      let page = try await RawClient.get("/", from: server.port, tls: clientTLS)
      #expect(page.status == 200)
      #expect(page.body.contains("Thaiyyal Live"))
      let request = [
        "GET /api/v1/workflows/demo/live HTTP/1.1", "host: localhost:\(server.port)", "connection: Upgrade", "upgrade: websocket",
        "sec-websocket-version: 13", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", "origin: https://localhost:\(server.port)", "", "",
      ].joined(separator: "\r\n")
      let live = try await RawClient.send(request, to: server.port, tls: clientTLS, until: { $0.contains("\r\n\r\n") })
      #expect(live.status == 101)
      let plain = try await RawClient.get("/", from: server.port)
      #expect(plain.status != 200)
      #expect(!plain.text.contains("Thaiyyal"))
    }
  }
}
