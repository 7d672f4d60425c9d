import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import OpenSSLTransport

/// Against OpenSSL's own client and server.
@Suite(.timeLimit(.minutes(2))) struct OpenSSLToolTests {
  private func client(_ port: Int, _ arguments: [String], input: String = "hello\nquit\n") async throws -> (status: Int32, output: String) {
    try await Tool.runAside("openssl", ["s_client", "-connect", "127.0.0.1:\(port)", "-servername", "localhost"] + arguments, input: input)
  }

  @Test("both versions, ALPN, forward-secret AEAD suites, a verified name", arguments: ["-tls1_2", "-tls1_3"])
  func versions(version: String) async throws {
    let files = try Certificates()
    let server = try await TLSEchoServer(TLSServerContext(.init(certificateChainFile: files.chain, privateKeyFile: files.key)))
    let (_, output) = try await client(
      server.port,
      [
        version, "-alpn", "h2,http/1.1", "-CAfile", files.chain, "-verify_hostname", "localhost", "-verify_return_error", "-ign_eof",
      ])
    #expect(output.contains("hello"))
    let (_, facts) = try await client(
      server.port, [version, "-alpn", "h2,http/1.1", "-CAfile", files.chain, "-verify_hostname", "localhost"], input: "Q\n")
    #expect(facts.contains("ALPN protocol: http/1.1") && facts.contains("Verify return code: 0 (ok)"))
    #expect(facts.contains("Server Temp Key: X25519"))
    #expect(facts.contains(version == "-tls1_2" ? "New, TLSv1.2, Cipher is ECDHE-ECDSA-AES" : "New, TLSv1.3, Cipher is TLS_AES_"))
    try await server.stop()
  }

  @Test(
    "what is too old or too weak is refused",
    arguments: [
      ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1", "-cipher", "ALL:@SECLEVEL=0"],
      ["-tls1_2", "-cipher", "AES128-SHA:AES128-GCM-SHA256:@SECLEVEL=0"],
      ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"], ["-alpn", "h2"],
    ])
  func refused(arguments: [String]) async throws {
    let files = try Certificates()
    let server = try await TLSEchoServer(TLSServerContext(.init(certificateChainFile: files.chain, privateKeyFile: files.key)))
    let (_, output) = try await client(server.port, arguments, input: "")
    #expect(output.contains("Cipher is (NONE)") && output.contains("alert"))
    #expect(await server.log.firstError()?.kind == .handshake)
    try await server.stop()
  }

  @Test("the server ends with close_notify")
  func closeNotify() async throws {
    let files = try Certificates()
    let server = try await TLSEchoServer(TLSServerContext(.init(certificateChainFile: files.chain, privateKeyFile: files.key)))
    let (_, output) = try await client(server.port, ["-msg", "-ign_eof"], input: "quit\n")
    let end = output.components(separatedBy: "<<< ").last ?? ""
    #expect(end.contains("Alert") && end.contains("close_notify"))
    try await server.stop()
  }

  @Test("a ticket spares the second handshake, until the certificate is read again", arguments: ["-tls1_2", "-tls1_3"])
  func resumption(version: String) async throws {
    let files = try Certificates()
    let context = try TLSServerContext(.init(certificateChainFile: files.chain, privateKeyFile: files.key))
    let server = try await TLSEchoServer(context)
    let session = files.folder.file("session")
    let first = try await client(server.port, [version, "-sess_out", session, "-ign_eof"])
    #expect(first.output.contains("New, TLSv") && FileManager.default.fileExists(atPath: session))
    #expect(server.log.details?.isResumed == false)
    let second = try await client(server.port, [version, "-sess_in", session, "-ign_eof"])
    #expect(second.output.contains("Reused, TLSv"))
    #expect(server.log.details?.isResumed == true)
    try context.reload()
    let third = try await client(server.port, [version, "-sess_in", session, "-ign_eof"])
    #expect(third.output.contains("New, TLSv"))
    try await server.stop()
  }

  @Test("a new certificate serves new connections at once; a bad one changes nothing")
  func reload() async throws {
    let files = try Certificates()
    let context = try TLSServerContext(.init(certificateChainFile: files.chain, privateKeyFile: files.key))
    let server = try await TLSEchoServer(context)
    let before = try files.sha256(files.chain)
    let open = try await TLSTestClient(TLSClientContext(.init(verification: .pinned([before]))), port: server.port)
    try await open.say("one")
    #expect(await open.log.first { $0 == .bytes("one") } != nil)

    try FileManager.default.removeItem(atPath: files.chain)
    #expect(throws: TLSError.self) { try context.reload() }
    #expect(try await client(server.port, ["-ign_eof"]).output.contains("hello"), "the old one still serves")

    try FileManager.default.removeItem(atPath: files.key)
    try SelfSignedCertificate.ensure(certificateFile: files.chain, keyFile: files.key)
    try context.reload()
    let after = try files.sha256(files.chain)
    #expect(before != after)
    let fresh = try await TLSTestClient(TLSClientContext(.init(verification: .pinned([after]))), port: server.port)
    try await fresh.say("two")
    #expect(await fresh.log.first { $0 == .bytes("two") } != nil)
    try await open.say("three")
    #expect(await open.log.first { $0 == .bytes("three") } != nil, "an open connection goes on")
    try await open.channel.close().get()
    try await fresh.channel.close().get()
    try await server.stop()
  }

  @Test("client certificates: asked for, shown, checked, and missed when required", arguments: [false, true])
  func clientCertificates(required: Bool) async throws {
    let files = try Certificates()
    try files.makeClient()
    var configuration = TLSServerConfiguration(certificateChainFile: files.chain, privateKeyFile: files.key)
    configuration.clientCertificates = required ? .required(authorityFile: files.authority) : .optional(authorityFile: files.authority)
    let server = try await TLSEchoServer(TLSServerContext(configuration))
    let shown = try await client(server.port, ["-cert", files.clientChain, "-key", files.clientKey, "-ign_eof"])
    #expect(shown.output.contains("hello"))
    #expect(
      server.log.details?.peerCertificate == TLSPeerCertificate(subject: "CN=ada,O=Example", sha256: try files.sha256(files.clientChain)))

    let without = try await client(server.port, ["-ign_eof"])
    #expect(without.output.contains("\nhello\n") != required)
    if !required { #expect(server.log.details != nil && server.log.details?.peerCertificate == nil) }

    let stranger = try await client(server.port, ["-cert", files.chain, "-key", files.key, "-ign_eof"])
    #expect(!stranger.output.contains("\nhello\n"), "a certificate nobody signed")
    let error = await server.log.firstError()
    #expect(error?.kind == .handshake && error?.text.contains("certificate") == true, "\(String(describing: error))")
    try await server.stop()
  }

  @Test("our client against openssl s_server: SNI, ALPN, its own certificate, close_notify")
  func opensslServer() async throws {
    let files = try Certificates()
    try files.makeClient()
    let free = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
    let port = free.localAddress?.port ?? 0
    try await free.close().get()
    async let served = Tool.runAside(
      "openssl",
      [
        "s_server", "-accept", "127.0.0.1:\(port)", "-naccept", "1", "-cert", files.chain, "-key", files.key, "-alpn", "http/1.1", "-rev",
        "-tlsextdebug", "-Verify", "1", "-CAfile", files.authority, "-msg",
      ])
    var configuration = TLSClientConfiguration(verification: .authorityFile(files.chain))
    configuration.certificate = (files.clientChain, files.clientKey)
    let context = try TLSClientContext(configuration)
    var client: TLSTestClient?
    for _ in 0..<100 where client == nil {
      client = try? await TLSTestClient(context, port: port)
      if client == nil { try await Task.sleep(for: .milliseconds(50)) }
    }
    let open = try #require(client)
    #expect(await open.log.first { $0 == .handshake("http/1.1") } != nil)
    try await open.say("abc\n")
    #expect(await open.log.first { $0 == .bytes("cba\n") } != nil)
    try await open.channel.close().get()
    let (_, output) = try await served
    #expect(output.contains("depth=0 O = Example, CN = ada") && output.contains("\"server name\"") && output.contains("close_notify"))
  }

  @Test("Python's client agrees, both ways of closing")
  func python() async throws {
    let files = try Certificates()
    let server = try await TLSEchoServer(TLSServerContext(.init(certificateChainFile: files.chain, privateKeyFile: files.key)))
    let script = """
      import socket, ssl, sys
      context = ssl.create_default_context(cafile=sys.argv[1])
      tls = context.wrap_socket(socket.create_connection(('127.0.0.1', int(sys.argv[2]))), server_hostname='localhost')
      data = bytes(range(256)) * 4096
      got = b''
      import threading
      threading.Thread(target=lambda: tls.sendall(data)).start()
      while len(got) < len(data): got += tls.recv(65536)
      assert got == data
      version = tls.version()
      tls.unwrap()
      print('same', version)
      """
    let (status, output) = try await Tool.runAside("python3", ["-c", script, files.chain, "\(server.port)"])
    #expect(status == 0 && output == "same TLSv1.3\n", "\(output)")
    #expect(await server.log.first { $0 == .inputClosed } != nil)
    try await server.stop()
  }
}
