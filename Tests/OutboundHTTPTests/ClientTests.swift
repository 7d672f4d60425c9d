import Foundation
import LoopbackServer
import NIOCore
import NIOPosix
import OpenSSLTransport
import OutboundHTTP
import OutboundPolicy
import Synchronization
import Telemetry
import Testing

@Suite struct ClientTests {
  private func with(
    limits: OutboundLimits = OutboundLimits(), _ answer: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Reply,
    _ body: (LoopbackServer, OutboundClient) async throws -> Void
  ) async throws {
    let server = try await LoopbackServer.start(answer)
    try await body(server, try Clients.make(port: server.port, limits: limits))
    await server.noneOpen()
    try await server.stop()
  }

  /// What a `GET /` to a server that answers so fails with.
  private func failure(_ reply: LoopbackServer.Reply, limits: OutboundLimits = OutboundLimits()) async throws -> OutboundFailure? {
    let server = try await LoopbackServer.start { _ in reply }
    let failure = try await Clients.failure(Clients.make(port: server.port, limits: limits), server.origin)
    await server.noneOpen()
    try await server.stop()
    return failure
  }

  @Test("a request: line, fields, body; an answer: status, fields, body")
  func exchange() async throws {
    try await with { request in
      .answer(201, "got \(request.body)", type: "text/plain; charset=utf-8", ["X-A: 1", "X-A: 2"])
    } _: { server, client in
      let url = try OutboundURL(server.origin + "/a/b?c=d#e")
      let response = try await client.send(
        OutboundRequest(.post, url, fields: [.init("X-Key", "k")], body: .init(Array("{\"ü\":1}".utf8))))
      #expect(response.status == 201)
      #expect(String(decoding: response.body, as: UTF8.self) == "got {\"ü\":1}")
      #expect(response.mediaType == "text/plain")
      #expect(response.fields.filter { $0.name == "x-a" }.map(\.value) == ["1", "2"])
      let request = try #require(server.requests.first)
      #expect(request.method == "POST" && request.target == "/a/b?c=d")
      #expect(
        request.fields == [
          "host": "127.0.0.1:\(server.port)", "user-agent": "thaiyyal", "accept-encoding": "identity", "connection": "close", "x-key": "k",
          "content-type": "application/json", "content-length": "8",
        ])
      #expect(try await client.send(OutboundRequest(.post, url)).status == 201)
      #expect(server.requests.last?.fields["content-length"] == "0")
      #expect(try await client.send(OutboundRequest(.delete, url)).status == 201)
      #expect(server.requests.last?.fields["content-length"] == nil)
    }
  }

  @Test("answers of all framings: chunked, until the end, none; interim answers are passed over")
  func framings() async throws {
    let replies = [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\nabcde",
      "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nabcdeSURPLUS",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde",
    ]
    for reply in replies {
      try await with { _ in
        .text(reply)
      } _: { server, client in
        let response = try await client.send(OutboundRequest(.get, try OutboundURL(server.origin)))
        #expect(response.status == 200 && response.body == Array("abcde".utf8), "\(reply)")
      }
    }
    try await with { _ in
      .text("HTTP/1.1 204 No Content\r\n\r\n")
    } _: { server, client in
      let response = try await client.send(OutboundRequest(.get, try OutboundURL(server.origin)))
      #expect(response.body == [])
    }
    try await with { _ in
      .text("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")
    } _: { server, client in
      let response = try await client.send(OutboundRequest(.head, try OutboundURL(server.origin)))
      #expect(response.body == [])
    }
  }

  @Test("an answer that is none is a failure with a text, and the connection is gone")
  func badAnswers() async throws {
    let replies: [(LoopbackServer.Reply, OutboundFailure.Kind)] = [
      (.text(""), .closed), (.reset, .closed), (.text("garbage\r\n\r\n"), .malformed),
      (.text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"), .closed),
      (.text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), .closed),
      (.text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde"), .malformed),
      (.text("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), .malformed),
      (.text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), .malformed),
      (.text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"), .malformed),
      (.text("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"), .malformed),
      (.text("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx"), .malformed),
      (.text("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), .malformed),
      (.text("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"), .malformed),
      (.text("SSH-2.0-OpenSSH_9.6\r\n"), .malformed),
      (.text("HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n"), .malformed),
    ]
    for (reply, kind) in replies {
      let failure = try await failure(reply)
      #expect(failure?.kind == kind && failure?.mayHaveArrived == true, "\(reply): \(String(describing: failure))")
    }
  }

  @Test("bytes beyond a limit end the call: announced, sent without announcement, in crumbs, in fields, in interim answers")
  func tooLarge() async throws {
    var limits = OutboundLimits()
    limits.responseBytesMax = 1000
    limits.fieldBytesMax = 4000
    limits.fieldCountMax = 20
    let bytes: (String) -> [UInt8] = { Array($0.utf8) }
    let replies: [LoopbackServer.Reply] = [
      .open(bytes("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")),
      .endless(bytes("HTTP/1.1 200 OK\r\n\r\n"), bytes("x")),
      .endless(bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), bytes("a\r\n0123456789\r\n")),
      .endless(bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"), bytes("x")),
      .endless(bytes("HTTP/1.1 200 OK\r\nX: "), bytes("x")), .endless(bytes("HTTP/1.1 200 OK\r\n"), bytes("X: y\r\n")),
      .endless(bytes(""), bytes("HTTP/1.1 100 Continue\r\n\r\n")), .endless(bytes("HTTP/1.1 200 "), bytes("x")),
      .endless(bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"), bytes("X: y\r\n")),
    ]
    for reply in replies {
      let failure = try await failure(reply, limits: limits)
      #expect(failure?.kind == .tooLarge || failure?.kind == .malformed, "\(String(describing: failure))")
    }
    #expect(try await failure(.answer(200, String(repeating: "x", count: 1000)), limits: limits) == nil)
    #expect(
      try await failure(.answer(200, String(repeating: "x", count: 1001)), limits: limits)?.text == "response too large (limit: 1000 bytes)"
    )
  }

  @Test("fields that could make two messages of one are not sent")
  func splitting() async throws {
    try await with { _ in
      .answer(200, "")
    } _: { server, client in
      let url = try OutboundURL(server.origin)
      let bad: [OutboundRequest.Field] = [
        .init("X", "a\r\nY: b"), .init("X", "a\nb"), .init("X", "a\u{0}"), .init("X", "é"), .init("X\r\nY", "a"), .init("X Y", "a"),
        .init("", "a"),
        .init("X:", "a"), .init("Host", "a"), .init("content-length", "5"), .init("Transfer-Encoding", "chunked"), .init("Connection", "x"),
        .init("Accept-Encoding", "gzip"), .init("Upgrade", "h2c"),
      ]
      for field in bad {
        #expect(await Clients.failure(client, OutboundRequest(.get, url, fields: [field]))?.kind == .request, "\(field)")
      }
      #expect(await Clients.failure(client, OutboundRequest(.post, url, body: .init([], type: "a\r\nb: c")))?.kind == .request)
      #expect(server.acceptedCount == 0)
    }
  }

  @Test("[OP2] whoever is asked is told the trace of the task, unless the caller says another; without a trace nothing is said")
  func traces() async throws {
    let server = try await LoopbackServer.start { _ in .answer(200, "") }
    let client = try Clients.make(port: server.port)
    let url = try OutboundURL(server.origin)
    let trace = try #require(TraceContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", state: "vendor=1"))
    try await TraceContext.$current.withValue(trace) {
      _ = try await client.send(OutboundRequest(.get, url))
      _ = try await client.send(OutboundRequest(.get, url, fields: [.init("Traceparent", "theirs")]))
    }
    _ = try await client.send(OutboundRequest(.get, url))
    let told = server.requests.map { $0.fields["traceparent"] }
    let own = try #require(told[0].flatMap { TraceContext($0) })
    #expect(own.traceID == trace.traceID && own.spanID != trace.spanID)
    #expect(told[1...] == ["theirs", nil])
    #expect(server.requests.map { $0.fields["tracestate"] } == ["vendor=1", nil, nil])
    try await server.stop()
  }

  @Test("redirects: method and body by RFC 9110; what the caller has set stays with the origin")
  func redirects() async throws {
    let other = try await LoopbackServer.start(host: "127.0.0.2") { _ in .answer(200, "other") }
    let place = "http://127.0.0.2:\(other.port)/z"
    let server = try await LoopbackServer.start { request in
      switch request.target {
      case "/same": .answer(302, "", ["Location: x/../end"])
      case "/keep": .answer(308, "", ["Location: /end"])
      case "/away": .answer(307, "", ["Location: \(place)"])
      case "/loop": .answer(301, "", ["Location: /loop"])
      case "/none": .answer(302, "here")
      default: .answer(200, "end")
      }
    }
    let policy = OutboundPolicy(
      hosts: [HostRule("127.0.0.1:\(server.port)")!, HostRule("127.0.0.2:\(other.port)")!], ranges: [IPRange("127.0.0.0/30")!].map { $0 })
    var limits = OutboundLimits()
    limits.redirectsMax = 3
    let client = OutboundClient(policy: policy, limits: limits, group: MultiThreadedEventLoopGroup.singleton, tls: try Clients.tls())
    func send(_ path: String) async throws -> OutboundResponse {
      try await client.send(
        OutboundRequest(
          .post, try OutboundURL(server.origin + path), fields: [.init("Authorization", "secret")], body: .init(Array("body".utf8))))
    }
    #expect(try await send("/same").url.target == "/end")
    #expect(server.requests.last?.method == "GET" && server.requests.last?.body == "")
    #expect(server.requests.last?.fields["authorization"] == "secret" && server.requests.last?.fields["content-type"] == nil)
    #expect(try await send("/keep").body == Array("end".utf8))
    #expect(server.requests.last?.method == "POST" && server.requests.last?.body == "body")
    #expect(try await send("/away").url.description == place)
    #expect(other.requests.last?.body == "body" && other.requests.last?.fields["authorization"] == nil)
    #expect(try await send("/none").status == 302)
    let count = server.requests.count
    #expect(try await Clients.failure(client, server.origin + "/loop")?.text == "stopped after 3 redirects")
    #expect(server.requests.count == count + 4)
    try await server.stop()
    try await other.stop()
  }

  @Test("a refused connection says so; of several addresses the next is tried")
  func addresses() async throws {
    let server = try await LoopbackServer.start(host: "127.0.0.2") { _ in .answer(200, "second") }
    let none = try Clients.make(port: server.port)
    #expect(
      try await Clients.failure(none, "http://127.0.0.1:\(server.port)/")
        == OutboundFailure(.connection, "dial tcp 127.0.0.1:\(server.port): connect: connection refused"))
    let client = try Clients.make(
      port: server.port, ranges: ["127.0.0.0/30"], resolve: Names(["127.0.0.1", "127.0.0.2"]).resolver)
    #expect(
      try await client.send(OutboundRequest(.get, try OutboundURL("http://two.example:\(server.port)/"))).body == Array("second".utf8))
    let empty = try Clients.make(port: server.port, resolve: Names([]).resolver)
    #expect(try await Clients.failure(empty, "http://two.example:\(server.port)/")?.kind == .resolution)
    try await server.stop()
  }

  @Test("the system's resolver: names of this machine, and names that nobody has")
  func systemResolver() async throws {
    try await with { _ in
      .answer(200, "here")
    } _: { server, _ in
      let client = try Clients.make(port: server.port, ranges: ["127.0.0.1/32", "::1/128"])
      #expect(try await client.send(OutboundRequest(.get, try OutboundURL("http://localhost:\(server.port)/"))).status == 200)
      // What is on the network decides whether this is known at once or never; the call ends in either case.
      let request = OutboundRequest(.get, try OutboundURL("http://no-such-host.invalid:\(server.port)/"), deadline: .milliseconds(500))
      let failure = await Clients.failure(client, request)
      #expect(failure?.kind == .resolution || failure?.kind == .deadline)
      #expect(failure?.mayHaveArrived == false)
    }
  }

  @Test("cancelling closes the connection at once, at every point of a call")
  func cancellation() async throws {
    let server = try await LoopbackServer.start { request in
      switch request.target {
      case "/silent": .silence
      case "/body": .open(Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab".utf8))
      default: .answer(302, "", ["Location: /silent"])
      }
    }
    var limits = OutboundLimits()
    limits.callDeadline = .seconds(3600)
    let client = try Clients.make(port: server.port, limits: limits)
    for (count, path) in [(1, "/silent"), (2, "/body"), (4, "/redirect")] {
      let url = try OutboundURL(server.origin + path)
      let task = Task { await Clients.failure(client, OutboundRequest(.get, url)) }
      await server.asked(count)
      task.cancel()
      let failure = await task.value
      #expect(failure?.kind == .cancelled && failure?.mayHaveArrived == true, "\(path)")
      await server.noneOpen()
    }
    // While a name is looked up, and before anything.
    let (questions, asked) = AsyncStream<Void>.makeStream()
    let stuck = try Clients.make(port: server.port, limits: limits) { _, loop in
      asked.yield()
      let promise = loop.makePromise(of: [IPAddress].self)
      loop.scheduleTask(in: .hours(1)) { promise.succeed([]) }.futureResult.whenFailure { promise.fail($0) }
      return promise.futureResult
    }
    let url = try OutboundURL("http://slow.example:\(server.port)/")
    let task = Task { await Clients.failure(stuck, OutboundRequest(.get, url)) }
    for await _ in questions { break }
    task.cancel()
    #expect(await task.value?.kind == .cancelled)
    let early = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return await Clients.failure(client, OutboundRequest(.get, try OutboundURL(server.origin + "/silent")))
    }
    #expect(try await early.value?.kind == .cancelled)
    await server.noneOpen()
    try await server.stop()
  }

  @Test("a call has its time: a silent server, an endless answer, a lookup that never ends, a loop of redirects")
  func deadlines() async throws {
    let server = try await LoopbackServer.start { request in
      request.target == "/drip" ? .open(Array("HTTP/1.1 200 OK\r\n\r\nab".utf8)) : .silence
    }
    var limits = OutboundLimits()
    limits.callDeadline = .milliseconds(50)
    let client = try Clients.make(port: server.port, limits: limits)
    for path in ["/silent", "/drip"] {
      let failure = try await Clients.failure(client, server.origin + path)
      #expect(failure?.kind == .deadline && failure?.text == "no answer within 0.05s")
      await server.noneOpen()
    }
    let patient = try Clients.make(port: server.port)
    let short = OutboundRequest(.get, try OutboundURL(server.origin), deadline: .milliseconds(30))
    #expect(await Clients.failure(patient, short)?.text == "no answer within 0.03s")
    try await server.stop()
  }

  /// Held by a call for as long as the call is there.
  private final class Token: Sendable {
    func nothing() -> String? { nil }
  }

  private struct Trace { weak var token: Token? }

  private func ended(_ client: OutboundClient, _ request: OutboundRequest) async -> (Trace, OutboundFailure.Kind?) {
    let token = Token()
    do throws(OutboundFailure) {
      _ = try await client.send(request, admit: { token.nothing() })
      return (Trace(token: token), nil)
    } catch { return (Trace(token: token), error.kind) }
  }

  @Test("a call that ended is let go with all it held: answered, too late, refused by its certificate, not connected")
  func letGo() async throws {
    let folder = try CertificateFolder()
    let plain = try await LoopbackServer.start { request in request.target == "/silent" ? .silence : .answer(200, "here") }
    let secret = try await LoopbackServer.start(tls: try folder.context()) { _ in .answer(200, "here") }
    let client = try Clients.make(port: plain.port)
    let stranger = try Clients.make(port: secret.port)
    var requests = [
      (client, OutboundRequest(.get, try OutboundURL(plain.origin + "/")), OutboundFailure.Kind?.none),
      (client, OutboundRequest(.get, try OutboundURL(plain.origin + "/silent"), deadline: .milliseconds(30)), .deadline),
      (stranger, OutboundRequest(.get, try OutboundURL("https://127.0.0.1:\(secret.port)/")), .tls),
    ]
    let none = try await LoopbackServer.start { _ in .silence }
    try await none.stop()
    requests.append((try Clients.make(port: none.port), OutboundRequest(.get, try OutboundURL(none.origin + "/")), .connection))
    for (client, request, expected) in requests {
      let (trace, kind) = await ended(client, request)
      #expect(kind == expected)
      // What still runs on the loops of such a call is done within a few turns.
      for _ in 0..<1000 where trace.token != nil {
        for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() { try await loop.submit {}.get() }
      }
      #expect(trace.token == nil, "\(request.url)")
    }
    try await plain.stop()
    try await secret.stop()
  }

  @Test("TLS: the chain and the host's name are checked, the name goes to the server; http is not TLS")
  func tls() async throws {
    let folder = try CertificateFolder()
    let certificate = folder.certificate
    let server = try await LoopbackServer.start(tls: try folder.context()) { request in
      request.target == "/down" ? .answer(302, "", ["Location: http://good.example:1/"]) : .answer(200, "secret over TLS")
    }
    let names = Names(["127.0.0.1"])
    let client = try Clients.make(port: server.port, trust: .authorityFile(certificate), resolve: names.resolver)
    let response = try await client.send(OutboundRequest(.get, try OutboundURL("https://good.example:\(server.port)/")))
    #expect(response.body == Array("secret over TLS".utf8))
    let stranger = try await Clients.failure(client, "https://other.example:\(server.port)/")
    #expect(stranger?.kind == .tls && stranger?.mayHaveArrived == false && stranger?.text.contains("hostname mismatch") == true)
    let untrusting = try Clients.make(port: server.port, resolve: names.resolver)
    #expect(try await Clients.failure(untrusting, "https://good.example:\(server.port)/")?.kind == .tls)
    #expect(try await Clients.failure(client, "https://good.example:\(server.port)/down")?.text == "redirect from https to http")
    #expect(try await Clients.failure(client, "http://good.example:\(server.port)/") != nil)
    await server.noneOpen()
    try await server.stop()
  }

  @Test("an answer without length over TLS counts only when TLS ended it")
  func truncation() async throws {
    let folder = try CertificateFolder()
    let server = try await LoopbackServer.start(tls: try folder.context()) { request in
      let bytes = Array("HTTP/1.1 200 OK\r\n\r\nab".utf8)
      return request.target == "/torn" ? .torn(bytes) : .bytes(bytes)
    }
    let client = try Clients.make(port: server.port, trust: .authorityFile(folder.certificate))
    let whole = try await client.send(OutboundRequest(.get, try OutboundURL("https://127.0.0.1:\(server.port)/whole")))
    #expect(whole.body == Array("ab".utf8))
    #expect(try await Clients.failure(client, "https://127.0.0.1:\(server.port)/torn")?.kind == .closed)
    await server.noneOpen()
    try await server.stop()
  }
}
