import Foundation
import LoopbackServer
import NIOCore
import NIOPosix
import OutboundHTTP
import OutboundPolicy
import Testing

/// Nobody makes this server ask for what only this server can reach.
@Suite struct ForgeryTests {
  /// One of each refused range, as a URL's host.
  static let inside = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.1.1", "169.254.169.254", "100.64.0.1",
    "198.18.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.0.1", "[::]", "[::1]",
    "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
    "[2001:0:1::1]", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "[100::1]",
  ]
  /// Spellings of 127.0.0.1 and of its neighbours that resolvers read and people overlook.
  static let disguised = [
    "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0", "127.0.0.1.", "127.0.0.01",
    "[fe80::1%25lo]", "user@127.0.0.1", "127.0.0.1%00", "127%2e0%2e0%2e1", "１２７.0.0.1", "localhost.", "[::ffff:127.0.0.1",
  ]

  /// Counts connections to where nobody may go: on all of 127.0.0.1 and ::1 at one port.
  private func withTrap(_ body: (LoopbackServer) async throws -> Void) async throws {
    let trap = try await LoopbackServer.start { _ in .answer(200, "secret") }
    try await body(trap)
    #expect(trap.acceptedCount == 0, "somebody came where nobody may go")
    try await trap.stop()
  }

  @Test("[EN9] an address that is not public is refused, and nothing connects", arguments: inside)
  func addresses(host: String) async throws {
    try await withTrap { trap in
      let client = try Clients.make(port: trap.port, ranges: [])
      #expect(try await Clients.failure(client, "http://\(host):\(trap.port)/")?.kind == .refused)
      #expect(try await Clients.failure(client, "https://\(host):\(trap.port)/")?.kind == .refused)
    }
  }

  @Test("a name that has such an address is refused, alone and among others", arguments: inside)
  func names(host: String) async throws {
    let address = host.filter { !"[]".contains($0) }
    try await withTrap { trap in
      for answers in [[address], ["8.8.8.8", address], [address, "8.8.8.8"]] {
        let client = try Clients.make(port: trap.port, ranges: [], resolve: Names(answers).resolver)
        let failure = try await Clients.failure(client, "http://good.example:\(trap.port)/")
        #expect(failure?.kind == .refused)
        #expect(failure?.text.hasPrefix("good.example may not be reached: ") == true)
      }
    }
  }

  @Test("a redirect to such an address is refused, and to a name that has one", arguments: inside)
  func redirects(host: String) async throws {
    try await withTrap { trap in
      // The door is at an allowed address, the trap at the same port of another.
      for place in ["http://\(host):\(trap.port)/x", "//\(host):\(trap.port)/", "http://inside.example:\(trap.port)/"] {
        let door = try await LoopbackServer.start(host: "127.0.0.3", port: trap.port) { _ in .answer(302, "", ["Location: \(place)"]) }
        let names: NameResolver = { name, loop in
          loop.makeSucceededFuture([IPAddress(name == "door.example" ? "127.0.0.3" : host.filter { !"[]".contains($0) })!])
        }
        let client = try Clients.make(port: trap.port, ranges: ["127.0.0.3/32"], resolve: names)
        #expect(try await Clients.failure(client, "http://door.example:\(trap.port)/")?.kind == .refused)
        #expect(door.acceptedCount == 1)
        try await door.stop()
      }
    }
  }

  @Test("spellings that hide an address are no URLs, also as the target of a redirect", arguments: disguised)
  func spellings(host: String) async throws {
    #expect(throws: OutboundURLFault.self) { try OutboundURL("http://\(host)/") }
    let door = try await LoopbackServer.start { _ in .answer(302, "", ["Location: http://\(host)/"]) }
    let client = try Clients.make(port: door.port)
    #expect(try await Clients.failure(client, door.origin)?.kind == .redirect)
    try await door.stop()
  }

  @Test("[EN9] the address that was checked is the one that is connected to: the name's second answer is never asked for")
  func rebinding() async throws {
    let good = try await LoopbackServer.start(host: "127.0.0.2") { _ in .answer(200, "good") }
    let trap = try await LoopbackServer.start(host: "127.0.0.1", port: good.port) { _ in .answer(200, "secret") }
    let names = Names(["127.0.0.2"], ["127.0.0.1"])
    let client = try Clients.make(port: good.port, ranges: ["127.0.0.2/32"], resolve: names.resolver)
    let url = try OutboundURL("http://rebind.example:\(good.port)/")
    let response = try await client.send(OutboundRequest(.get, url))
    #expect(String(decoding: response.body, as: UTF8.self) == "good")
    #expect(names.askedCount == 1)
    #expect(good.requests.map { $0.fields["host"] } == ["rebind.example:\(good.port)"])

    let failure = await Clients.failure(client, OutboundRequest(.get, url))
    #expect(failure?.text == "rebind.example may not be reached: 127.0.0.1 is loopback (127.0.0.0/8)")
    #expect(names.askedCount == 2)
    #expect(trap.acceptedCount == 0)
    // The trap works: whoever connects by the name's second answer is counted.
    let open = try Clients.make(port: good.port, ranges: ["127.0.0.1/32"], resolve: names.resolver)
    _ = try await open.send(OutboundRequest(.get, url))
    #expect(trap.acceptedCount == 1)
    try await good.stop()
    try await trap.stop()
  }

  @Test("a redirect to the same name is resolved and checked again")
  func rebindingRedirect() async throws {
    let good = try await LoopbackServer.start(host: "127.0.0.2") { _ in .answer(307, "", ["Location: /again"]) }
    let trap = try await LoopbackServer.start(host: "127.0.0.1", port: good.port) { _ in .answer(200, "secret") }
    let names = Names(["127.0.0.2"], ["127.0.0.2"], ["127.0.0.1"])
    let client = try Clients.make(port: good.port, ranges: ["127.0.0.2/32"], resolve: names.resolver)
    #expect(try await Clients.failure(client, "http://rebind.example:\(good.port)/")?.kind == .refused)
    #expect(names.askedCount == 3)
    #expect(good.acceptedCount == 2)
    #expect(trap.acceptedCount == 0)
    try await good.stop()
    try await trap.stop()
  }

  @Test("hosts and ports that nobody allowed are not even resolved, at first and after a redirect")
  func allowList() async throws {
    let server = try await LoopbackServer.start { _ in .answer(302, "", ["Location: http://other.example/"]) }
    let names = Names(["127.0.0.1"])
    let policy = OutboundPolicy(hosts: [HostRule("good.example:\(server.port)")!], ranges: [IPRange("127.0.0.1/32")!])
    let client = OutboundClient(
      policy: policy, group: MultiThreadedEventLoopGroup.singleton, tls: try Clients.tls(), resolve: names.resolver)
    #expect(try await Clients.failure(client, "http://other.example/")?.text == "other.example is not among the allowed hosts")
    #expect(try await Clients.failure(client, "http://good.example/")?.text == "port 80 of good.example is not allowed")
    #expect(names.askedCount == 0)
    #expect(
      try await Clients.failure(client, "http://good.example:\(server.port)/")?.text == "other.example is not among the allowed hosts")
    #expect(names.askedCount == 1)
    let off = OutboundClient(policy: .none, group: MultiThreadedEventLoopGroup.singleton, tls: try Clients.tls(), resolve: names.resolver)
    #expect(try await Clients.failure(off, server.origin)?.text == "HTTP requests are not allowed on this server")
    try await server.stop()
  }
}
