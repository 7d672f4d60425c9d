import Compression
import Foundation
import NIOCore
import Testing
import WebCanvas

@testable import Gateway

@Suite struct HTTPTests {
  @Test(
    "the page and its files come with strict headers, a type and a tag",
    arguments: ["/", "/w/demo", "/assets/style.css", "/assets/main.js", "/assets/sdk/client.js"])
  func pages(path: String) async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let answer = try await RawClient.get(path, from: server.port)
      #expect(answer.status == 200)
      #expect(answer["content-security-policy"] == SecurityHeaders.contentSecurityPolicy)
      #expect(answer["x-content-type-options"] == "nosniff")
      #expect(answer["referrer-policy"] == "no-referrer")
      #expect(answer["x-frame-options"] == "DENY")
      #expect(answer["cache-control"] == "no-cache")
      #expect(answer["content-length"] == "\(answer.body.utf8.count)")
      let type = try #require(answer["content-type"])
      #expect(type.hasPrefix(path.hasSuffix(".css") ? "text/css" : path.hasSuffix(".js") ? "text/javascript" : "text/html"))
    }
  }

  @Test("a browser that has a file is told 304 without a body, by any way of naming its tag")
  func notModified() async throws {
    let tag = try #require(WebAsset.all.first { $0.name == "style.css" }).etag
    try await TestServer.with { (server: TestServer) async throws in
      for known in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
        let answer = try await RawClient.get("/assets/style.css", from: server.port, headers: ["if-none-match: \(known)"])
        #expect(answer.status == 304)
        #expect(answer.body.isEmpty)
        #expect(answer["etag"] == tag)
      }
      #expect(try await RawClient.get("/assets/style.css", from: server.port, headers: ["if-none-match: \"other\""]).status == 200)
    }
  }

  @Test("who takes gzip gets each file packed, with a tag of that form; who does not gets it as it is")
  func packed() async throws {
    let asset = try #require(WebAsset.all.first { $0.name == "main.js" })
    try await TestServer.with { (server: TestServer) async throws in
      let packed = try await RawClient.get("/assets/main.js", from: server.port, headers: ["accept-encoding: gzip, deflate, br"])
      #expect(packed.status == 200)
      #expect(packed["content-encoding"] == "gzip")
      #expect(packed["content-length"] == "\(packed.content.count)")
      #expect(packed.content.count < asset.bytes.count / 2)
      #expect(packed["vary"] == "accept-encoding")
      #expect(packed["content-type"] == asset.contentType)
      let raw = ByteBuffer(bytes: packed.content.dropFirst(10).dropLast(8))
      let unpacked = try RawInflater().message(raw, bytesMax: 1 << 20, keepsContext: false)
      #expect(unpacked.readableBytesView.elementsEqual(asset.bytes.buffer))
      let tag = try #require(packed["etag"])
      #expect(tag != asset.etag)
      let known = try await RawClient.get(
        "/assets/main.js", from: server.port, headers: ["accept-encoding: gzip", "if-none-match: \(tag)"])
      #expect(known.status == 304 && known["etag"] == tag && known["content-encoding"] == nil)
      let plain = try await RawClient.get("/assets/main.js", from: server.port, headers: ["accept-encoding: br, gzip;q=0"])
      #expect(plain["content-encoding"] == nil && plain["etag"] == asset.etag && plain["vary"] == "accept-encoding")
      #expect(plain.content.elementsEqual(asset.bytes.buffer))
    }
  }

  @Test(
    "an Accept-Encoding field is read by its rules",
    arguments: [
      ("", false), ("gzip", true), ("GZip ; q=0.5", true), ("gzip;q=0", false), ("gzip; q=0.000", false), ("*", true), ("*;q=0", false),
      ("*, gzip;q=0", false), ("gzip, *;q=0", true), ("br, deflate", false), ("identity;q=0, x-gzip", true), ("gzipped", false),
    ])
  func acceptEncoding(field: String, takes: Bool) {
    #expect(ServedAsset.takesGzip(field) == takes, "\(field)")
  }

  @Test(
    "what is not there is a problem in JSON, with the same strict headers",
    arguments: [
      "/nothing", "/assets/nothing.js", "/assets/sdk/nothing.js", "/assets/canvas.html", "/assets/..%2f..%2fetc%2fpasswd", "/w/.hidden",
      "/w/a%20b",
    ])
  func notFound(path: String) async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let answer = try await RawClient.get(path, from: server.port)
      #expect(answer.status == 404)
      #expect(answer["content-type"] == "application/problem+json")
      #expect(answer.body.contains("\"status\":404"))
      #expect(answer["x-content-type-options"] == "nosniff")
    }
  }

  @Test("HEAD tells what GET would, without the body")
  func head() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let answer = try await RawClient.get("/", from: server.port, method: "HEAD")
      #expect(answer.status == 200)
      #expect(answer.body.isEmpty)
      #expect(answer["content-length"].flatMap { Int($0) } ?? 0 > 100)
    }
  }

  @Test("a request that brings a body is refused at once, however long it says the body is")
  func bodies() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let request = "GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 9000000000\r\n\r\n"
      let answer = try await RawClient.send(request, to: server.port)
      #expect(answer.status == 413)
      #expect(answer["connection"] == "close")
    }
  }

  @Test("a live server says so; a server whose store fails is not ready and says why")
  func health() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      #expect(try await RawClient.get("/livez", from: server.port).status == 200)
      #expect(try await RawClient.get("/readyz", from: server.port).status == 200)
    }
    let notReady: @Sendable () async -> Readiness = { .notReady("The store does not take writes.") }
    try await TestServer.with(readiness: notReady) { (server: TestServer) async throws in
      #expect(try await RawClient.get("/livez", from: server.port).status == 200)
      let answer = try await RawClient.get("/readyz", from: server.port)
      #expect(answer.status == 503)
      #expect(answer["retry-after"] != nil)
      #expect(answer.body.contains("The store does not take writes."))
    }
  }

  @Test("several requests on one connection are answered in order")
  func keepAlive() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let two = "GET /livez HTTP/1.1\r\nhost: x\r\n\r\nGET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
      let answer = try await RawClient.send(two, to: server.port)
      #expect(answer.text.ranges(of: "HTTP/1.1 ").count == 2)
      let first = try #require(answer.text.range(of: "HTTP/1.1 200"))
      let second = try #require(answer.text.range(of: "HTTP/1.1 404"))
      #expect(first.lowerBound < second.lowerBound)
    }
  }

  @Test("noise, half requests and silence end by themselves and disturb nobody")
  func noise() async throws {
    var configuration = GatewayConfiguration()
    configuration.firstRequestDeadline = .milliseconds(200)
    try await TestServer.with(configuration) { (server: TestServer) async throws in
      #expect(try await RawClient.send("\u{16}\u{3}\u{1}\u{2}\u{0}", to: server.port).status == 400)
      #expect(try await RawClient.send("GET / HTTP/1.1\r\nhost: x\r\n", to: server.port).status == 408)
      #expect(try await RawClient.send("", to: server.port).status == 408)
      #expect(try await RawClient.get("/livez", from: server.port).status == 200)
    }
  }
}
