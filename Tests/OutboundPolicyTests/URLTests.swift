import Glibc
import OutboundPolicy
import Testing

@Suite struct URLTests {
  @Test(
    "what is read",
    arguments: [
      ("http://example.org", "http://example.org/"), ("HTTPS://Example.ORG:443/a?b=c#d", "https://example.org/a?b=c"),
      ("http://example.org:8080/a/../b", "http://example.org:8080/a/../b"), ("https://x/?", "https://x/?"), ("http://x?q", "http://x/?q"),
      ("http://8.8.8.8/", "http://8.8.8.8/"), ("http://[2606:4700::1111]:81/", "http://[2606:4700::1111]:81/"),
      ("http://[2606:4700:0:0::1111]/", "http://[2606:4700::1111]/"), ("http://my_service-1/", "http://my_service-1/"),
      ("http://xn--bcher-kva.example/%e2%82%AC", "http://xn--bcher-kva.example/%e2%82%AC"), ("http://1e100.net/", "http://1e100.net/"),
      ("http://0xg/", "http://0xg/"),
    ])
  func read(text: String, expected: String) throws { #expect(try OutboundURL(text).description == expected) }

  @Test(
    "what is refused, and why",
    arguments: [
      ("", .scheme), ("example.org", .scheme), ("/a", .scheme), ("ftp://x/", .scheme), ("file:///etc/passwd", .scheme),
      ("gopher://x/", .scheme), ("javascript:alert(1)", .scheme), ("://bad", .syntax), ("http:x", .host), ("http:/x", .host),
      ("http://", .host), ("http:///a", .host), ("http://?a", .host), ("http://:80/", .host), ("http://a@b/", .host),
      ("http://a:b@127.0.0.1/", .host), ("http://example.org@127.0.0.1/", .host), ("http://a b/", .host), ("http://exam%70le.org/", .host),
      ("http://127.0.0.1%2f@x/", .host), ("http://bücher.example/", .host), ("http://１２７.0.0.1/", .host), ("http://127。0。0。1/", .host),
      ("http://example.org./", .host), ("http://./", .host), ("http://a..b/", .host), ("http://-a/", .host), ("http://a-.b/", .host),
      ("http://a\\b/", .host), ("http://a\\@b/", .host), ("http://a<b/", .host), ("http://[::1/", .host), ("http://[]/", .host),
      ("http://[127.0.0.1]/", .host), ("http://[fe80::1%25eth0]/", .host), ("http://[fe80::1%eth0]/", .host), ("http://[v1.a]/", .host),
      ("http://::1/", .host), ("http://x:/", .port), ("http://x:0/", .port), ("http://x:65536/", .port), ("http://x:+80/", .port),
      ("http://x:80:80/", .port), ("http://x:8 0/", .port), ("http://[::1]80/", .port), ("http://x/a b", .target),
      ("http://x/\r\nHost: y", .target),
      ("http://x/\u{0}", .target), ("http://x/é", .target), ("http://x/%", .target), ("http://x/%4", .target), ("http://x/%zz", .target),
      ("http://x/a\\b", .target), ("http://x/a#\n", .target), ("http://x/{{variable.a}}", .target), (" http://x/", .scheme),
      ("http\t://x/", .scheme),
    ] as [(String, OutboundURLFault.Kind)])
  func refused(text: String, kind: OutboundURLFault.Kind) {
    #expect { try OutboundURL(text) } throws: { ($0 as? OutboundURLFault)?.kind == kind }
  }

  @Test("a long URL is refused")
  func long() throws {
    let room = OutboundURL.bytesMax - "http://x/".utf8.count
    _ = try OutboundURL("http://x/" + String(repeating: "a", count: room))
    #expect(throws: OutboundURLFault.self) { try OutboundURL("http://x/" + String(repeating: "a", count: room + 1)) }
    #expect(throws: OutboundURLFault.self) { try OutboundURL("http://" + String(repeating: "a", count: 64) + "/") }
    #expect(throws: OutboundURLFault.self) { try OutboundURL("http://" + String(repeating: "a.", count: 126) + "ab/") }
  }

  @Test(
    "other spellings of 127.0.0.1 and 169.254.169.254 are refused before anybody resolves them",
    arguments: [
      "2130706433", "017700000001", "0x7f000001", "0X7F000001", "127.1", "127.0.1", "0x7f.1", "0177.0.0.1", "0x7f.0x0.0x0.0x1",
      "127.0.0.01",
      "00000177.0.0.1", "127.0.0.1.", "0", "0x", "1.0x", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518",
      "0xa9.254.0251.254",
      "127.0.0.256", "4294967297", "256.256.256.256", "1.2.3.4.5", "example.0x7f", "example.1",
    ])
  func spellings(host: String) { #expect(throws: OutboundURLFault.self) { try OutboundURL("http://\(host)/") } }

  @Test("whatever the C library reads as an IPv4 address is refused, or read as the same address")
  func againstTheSystem() {
    var generator = Seeded(11)
    var read = 0
    let pieces = [
      "0", "1", "127", "0x", "0x7f", "0177", "08", "255", "256", "4294967295", ".", ".", ".", "a", "-", "00", "0X1", "+", " ", "%",
    ]
    for _ in 0..<20_000 {
      let host = (0..<Int.random(in: 1...8, using: &generator)).map { _ in pieces.randomElement(using: &generator)! }.joined()
      var address = in_addr()
      guard inet_aton(host, &address) != 0 else { continue }
      read += 1
      guard let url = try? OutboundURL("http://\(host)/") else { continue }
      let bytes = withUnsafeBytes(of: &address.s_addr) { Array($0) }
      #expect(url.host == .address(IPAddress(bytes: bytes)!), "\(host)")
    }
    #expect(read > 1_000)
  }

  @Test("no text makes the parser read one thing and show another")
  func again() {
    var generator = Seeded(13)
    let pieces = [
      "http", "https", ":", "/", "//", "?", "#", "@", "[", "]", "::1", "a", "example.org", "8.8.8.8", "%41", "%", "..", ".", "80", "\\",
      "\n",
    ]
    var read = 0
    for _ in 0..<50_000 {
      let text = "http://" + (0..<Int.random(in: 0...7, using: &generator)).map { _ in pieces.randomElement(using: &generator)! }.joined()
      guard let url = try? OutboundURL(text) else { continue }
      read += 1
      #expect((try? OutboundURL(url.description)) == url, "\(text)")
      #expect(!url.description.contains(where: { "\\\n @".contains($0) }) || url.target.contains("@"))
    }
    #expect(read > 1_000)
  }

  @Test(
    "references, RFC 3986 §5.4",
    arguments: [
      ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"), ("//g", "http://g/"),
      ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q"), ("g#s", "http://a/b/c/g"),
      ("g?y#s", "http://a/b/c/g?y"), (";x", "http://a/b/c/;x"), ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"), ("./", "http://a/b/c/"),
      ("..", "http://a/b/"), ("../", "http://a/b/"), ("../g", "http://a/b/g"), ("../..", "http://a/"), ("../../g", "http://a/g"),
      ("../../../g", "http://a/g"), ("/./g", "http://a/g"), ("/../g", "http://a/g"), ("g.", "http://a/b/c/g."), ("..g", "http://a/b/c/..g"),
      ("./../g", "http://a/b/g"), ("g/../h", "http://a/b/c/h"), ("g?y/../x", "http://a/b/c/g?y/../x"),
      ("https://x:8443/y", "https://x:8443/y"),
    ])
  func references(reference: String, expected: String) throws {
    #expect(try OutboundURL("http://a/b/c/d;p?q").resolving(reference).description == expected)
  }

  @Test("bad references", arguments: ["//", "///x", "ftp://x", "mailto:x", "//a@b", "/a b", "//127.1/", "http:g", "\r\n/x", "//[::1"])
  func badReferences(reference: String) throws {
    let base = try OutboundURL("http://a/b")
    #expect(throws: OutboundURLFault.self) { try base.resolving(reference) }
  }
}

@Suite struct PolicyTests {
  private func refusal(_ rules: [String], _ url: String, ranges: [String] = []) throws -> String? {
    OutboundPolicy(hosts: rules.map { HostRule($0)! }, ranges: ranges.map { IPRange($0)! }).refusal(of: try OutboundURL(url))
  }

  @Test("nothing is allowed that nobody allowed")
  func off() throws {
    #expect(try refusal([], "http://example.org/") == "HTTP requests are not allowed on this server")
    #expect(OutboundPolicy.none.allowsNothing)
  }

  @Test("hosts: exact, below, any; ports of the scheme, or the one that is named")
  func hosts() throws {
    #expect(try refusal(["example.org"], "http://EXAMPLE.org/") == nil)
    #expect(try refusal(["example.org"], "https://example.org/") == nil)
    #expect(try refusal(["example.org"], "http://www.example.org/") == "www.example.org is not among the allowed hosts")
    #expect(try refusal(["*.example.org"], "http://www.example.org/") == nil)
    #expect(try refusal(["*.example.org"], "http://a.b.example.org/") == nil)
    #expect(try refusal(["*.example.org"], "http://example.org/") != nil)
    #expect(try refusal(["*.example.org"], "http://badexample.org/") != nil)
    #expect(try refusal(["*.example.org"], "http://www.example.org.evil.net/") != nil)
    #expect(try refusal(["example.org"], "http://example.org:8080/") == "port 8080 of example.org is not allowed")
    #expect(try refusal(["example.org:8080"], "http://example.org:8080/") == nil)
    #expect(try refusal(["example.org:8080"], "http://example.org/") != nil)
    #expect(try refusal(["example.org:8080", "example.org"], "http://example.org/") == nil)
    #expect(try refusal(["*"], "http://8.8.8.8/") == nil)
    #expect(try refusal(["8.8.8.8"], "http://8.8.8.8/") == nil)
    #expect(try refusal(["8.8.8.8"], "http://8.8.4.4/") != nil)
    #expect(try refusal(["*"], "http://127.0.0.1/") == "127.0.0.1 is loopback (127.0.0.0/8)")
    #expect(try refusal(["127.0.0.1"], "http://127.0.0.1/") == "127.0.0.1 is loopback (127.0.0.0/8)")
    #expect(try refusal(["127.0.0.1:81"], "http://127.0.0.1:81/", ranges: ["127.0.0.1/32"]) == nil)
    #expect(try refusal(["[::1]:81"], "http://[::1]:81/", ranges: ["::1/128"]) == nil)
    #expect(try refusal(["*:81"], "http://example.org:81/") == nil)
  }

  @Test(
    "rules that are none",
    arguments: [
      "", ":80", "*.", "*.*", "a*", "*a", "*.1.2.3.4", "a:0", "a:65536", "a:x", "a/b", "http://a", "a b", "[1.2.3.4]", "::1", "127.1", "ä",
    ])
  func badRules(text: String) { #expect(HostRule(text) == nil) }

  @Test("rules are shown as they are written", arguments: ["*", "*:81", "*.example.org", "example.org:8080", "8.8.8.8", "[::1]:80"])
  func shown(text: String) { #expect(HostRule(text)?.description == text) }

  @Test("one place, at whatever address")
  func only() throws {
    let policy = OutboundPolicy.only(try OutboundURL("http://127.0.0.1:8080/base"))
    #expect(policy.refusal(of: try OutboundURL("http://127.0.0.1:8080/x")) == nil)
    #expect(policy.refusal(of: try OutboundURL("http://127.0.0.1:8081/x")) != nil)
    #expect(policy.refusal(of: try OutboundURL("http://127.0.0.2:8080/x")) != nil)
    #expect(policy.refusal(of: IPAddress("10.0.0.1")!) == nil)
    #expect(policy.refusal(of: IPAddress("::ffff:10.0.0.1")!) == nil)
  }
}

@Suite struct RedirectTests {
  private func step(
    _ status: Int, _ location: [String], from url: String = "https://a/x", _ method: OutboundMethod = .post, count: Int = 0
  ) throws -> RedirectRule.Step {
    RedirectRule.step(status: status, location: location, from: try OutboundURL(url), method: method, count: count, countMax: 3)
  }

  @Test("methods and bodies, RFC 9110 §15.4")
  func methods() throws {
    let here = try OutboundURL("https://a/y")
    for status in [301, 302, 303] {
      #expect(try step(status, ["/y"]) == .follow(here, method: .get, keepsBody: false, keepsFields: true))
      #expect(try step(status, ["/y"], .get) == .follow(here, method: .get, keepsBody: status != 303, keepsFields: true))
    }
    #expect(try step(301, ["/y"], .delete) == .follow(here, method: .delete, keepsBody: true, keepsFields: true))
    #expect(try step(303, ["/y"], .delete) == .follow(here, method: .get, keepsBody: false, keepsFields: true))
    #expect(try step(303, ["/y"], .head) == .follow(here, method: .head, keepsBody: true, keepsFields: true))
    for status in [307, 308] { #expect(try step(status, ["/y"]) == .follow(here, method: .post, keepsBody: true, keepsFields: true)) }
    for status in [200, 300, 304, 305, 306, 404] { #expect(try step(status, ["/y"]) == .stay) }
    #expect(try step(302, []) == .stay)
  }

  @Test("another origin gets nothing that the caller has set; https does not become http; there is an end")
  func origins() throws {
    for place in ["https://b/", "https://a:444/", "//b/"] {
      guard case .follow(_, _, _, let keepsFields) = try step(307, [place]) else { return #expect(Bool(false)) }
      #expect(!keepsFields)
    }
    #expect(try step(302, ["http://a/"]) == .refuse("redirect from https to http"))
    guard case .follow(_, _, _, false) = try step(302, ["https://a/"], from: "http://a/") else { return #expect(Bool(false)) }
    #expect(try step(302, ["/y"], count: 3) == .refuse("stopped after 3 redirects"))
    #expect(try step(302, ["/y", "/z"]) == .refuse("the redirect has 2 locations"))
    #expect(try step(302, ["ftp://a/"]) == .refuse("redirect to a bad URL: unsupported protocol scheme \"ftp\""))
  }
}
