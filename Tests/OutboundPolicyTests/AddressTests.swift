import Glibc
import OutboundPolicy
import Testing

@Suite struct AddressTests {
  /// Addresses that nobody may be sent to, with the word that says why. First and last of each range where that is telling.
  static let refused: [(String, String)] = [
    ("0.0.0.0", "unspecified"), ("0.0.0.1", "this network"), ("0.255.255.255", "this network"),
    ("10.0.0.0", "private"), ("10.255.255.255", "private"), ("172.16.0.0", "private"), ("172.31.255.255", "private"),
    ("192.168.0.0", "private"), ("192.168.255.255", "private"),
    ("100.64.0.0", "carrier-grade NAT"), ("100.127.255.255", "carrier-grade NAT"),
    ("127.0.0.0", "loopback"), ("127.0.0.1", "loopback"), ("127.255.255.255", "loopback"),
    ("169.254.0.0", "link-local"), ("169.254.255.255", "link-local"),
    ("169.254.169.254", "cloud metadata"), ("168.63.129.16", "cloud metadata"), ("100.100.100.200", "cloud metadata"),
    ("192.0.0.192", "cloud metadata"), ("192.0.0.8", "protocol assignments"), ("192.0.0.170", "protocol assignments"),
    ("192.0.2.0", "documentation"), ("192.0.2.255", "documentation"), ("198.51.100.7", "documentation"), ("203.0.113.255", "documentation"),
    ("198.18.0.0", "benchmarks"), ("198.19.255.255", "benchmarks"), ("192.88.99.1", "6to4 relays"), ("192.31.196.1", "AS112"),
    ("192.175.48.1", "AS112"), ("192.52.193.1", "multicast relays"),
    ("224.0.0.0", "multicast"), ("239.255.255.255", "multicast"), ("240.0.0.0", "reserved"), ("255.255.255.254", "reserved"),
    ("255.255.255.255", "broadcast"),
    ("::", "unspecified"), ("::1", "loopback"), ("::2", "IPv4-compatible"), ("::127.0.0.1", "IPv4-compatible"),
    ("::ffff:0:0", "IPv4-mapped"), ("::ffff:127.0.0.1", "IPv4-mapped"), ("::ffff:8.8.8.8", "IPv4-mapped"),
    ("::ffff:0:127.0.0.1", "IPv4-translated"), ("64:ff9b::7f00:1", "NAT64"), ("64:ff9b::8.8.8.8", "NAT64"),
    ("64:ff9b:1::1", "local NAT64"), ("100::1", "discard"), ("2001::1", "Teredo"), ("2001:0:ffff::", "Teredo"),
    ("2001:2::1", "benchmarks"), ("2001:10::1", "ORCHID"), ("2001:2f:ffff::", "ORCHID"), ("2001:1ff::1", "protocol assignments"),
    ("2001:db8::", "documentation"), ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"), ("3fff::1", "documentation"),
    ("3fff:fff:ffff::1", "documentation"), ("2002:7f00:1::", "6to4"), ("2002:808:808::1", "6to4"), ("2620:4f:8000::53", "AS112"),
    ("5f00::1", "segment routing"), ("fc00::1", "unique local"), ("fdff:ffff::1", "unique local"), ("fd00:ec2::254", "cloud metadata"),
    ("fd20:ce::254", "cloud metadata"), ("fe80::1", "link-local"), ("febf::1", "link-local"), ("fec0::1", "site-local"),
    ("feff::1", "site-local"), ("ff02::1", "multicast"), ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"),
    ("1fff:ffff::", "reserved"), ("4000::", "reserved"), ("7fff::", "reserved"), ("8000::", "reserved"), ("fbff::", "reserved"),
    ("fe00::1", "reserved"),
  ]
  /// Neighbours of what is refused, and some of the internet.
  static let accepted = [
    "1.0.0.0", "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "168.63.129.15", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255",
    "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2000::1", "2001:200::1", "2001:4860:4860::8888", "2003::1",
    "2606:4700::1111", "2620:4f:8001::1", "3ffe:ffff::1", "3fff:1000::1",
  ]

  @Test("every address that is not public is refused, with its range", arguments: refused)
  func refusedAddresses(text: String, name: String) throws {
    let address = try #require(IPAddress(text))
    #expect(AddressTable.entry(for: address)?.name == name)
    let policy = OutboundPolicy(hosts: [try #require(HostRule("*"))])
    #expect(policy.refusal(of: address)?.contains(" is \(name) (") == true)
    let shown = if case .v6 = address { "[\(text)]" } else { text }
    #expect(policy.refusal(of: try OutboundURL("http://\(shown)/")) != nil, "also when a URL names it")
  }

  @Test("what lies beside it is not", arguments: accepted)
  func acceptedAddresses(text: String) throws {
    let address = try #require(IPAddress(text))
    #expect(AddressTable.entry(for: address) == nil)
  }

  @Test("the rows of the table are ranges of their family, and each decides something")
  func table() throws {
    for rows in [AddressTable.fourth, AddressTable.sixth] {
      #expect(Set(rows.map(\.range)).count == rows.count)
      for (index, row) in rows.enumerated() {
        #expect(
          !rows[..<index].contains { $0.range.contains(row.range.start) && $0.range.prefix <= row.range.prefix }, "\(row) is never reached")
        #expect(Self.refused.contains { IPAddress($0.0).flatMap(AddressTable.entry) == row }, "no test for \(row)")
      }
    }
  }

  @Test("an allowed range opens what it covers and nothing else; what is embedded is looked at on its own")
  func allowedRanges() throws {
    func policy(_ ranges: String...) -> OutboundPolicy { OutboundPolicy(hosts: [HostRule("*")!], ranges: ranges.map { IPRange($0)! }) }
    func refusal(_ policy: OutboundPolicy, _ text: String) -> String? { policy.refusal(of: IPAddress(text)!) }
    #expect(refusal(policy("10.1.0.0/16"), "10.1.2.3") == nil)
    #expect(refusal(policy("10.1.0.0/16"), "10.2.0.1") == "10.2.0.1 is private (10.0.0.0/8)")
    #expect(refusal(policy("10.1.0.0/16"), "::ffff:10.1.2.3") == "::ffff:a01:203 is IPv4-mapped (::ffff:0:0/96)")
    #expect(refusal(policy("64:ff9b::/96"), "64:ff9b::8.8.8.8") == nil)
    #expect(refusal(policy("64:ff9b::/96"), "64:ff9b::10.0.0.1") == "64:ff9b::a00:1 leads to 10.0.0.1 is private (10.0.0.0/8)")
    #expect(refusal(policy("2002::/16"), "2002:7f00:1::") == "2002:7f00:1:: leads to 127.0.0.1 is loopback (127.0.0.0/8)")
    #expect(refusal(policy("2001::/32"), "2001:0:4136:e378:8000:63bf:80ff:fffe")?.contains("leads to 127.0.0.1") == true)
    #expect(refusal(policy("0.0.0.0/0"), "fd00::1") != nil)
    #expect(refusal(policy("fd00::/8"), "fd12::1") == nil)
  }

  @Test("texts of addresses: what is read, and what it is shown as")
  func texts() throws {
    let shown = [
      "1.2.3.4": "1.2.3.4", "0.0.0.0": "0.0.0.0", "::": "::", "::1": "::1", "1::": "1::", "2001:DB8:0:0:1:0:0:1": "2001:db8::1:0:0:1",
      "2001:db8:0:1:1:1:1:1": "2001:db8:0:1:1:1:1:1", "::ffff:1.2.3.4": "::ffff:102:304", "1:2:3:4:5:6:7::": "1:2:3:4:5:6:7:0",
      "64:ff9b::1.2.3.4": "64:ff9b::102:304", "0:0:1::": "0:0:1::",
    ]
    for (text, expected) in shown { #expect(IPAddress(text)?.description == expected, "\(text)") }
    for text in [
      "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "1.2.3.", ".1.2.3", "1..2.3", "0x7f.0.0.1", "127.1", "+1.2.3.4",
      "1.2.3.4 ",
      ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::", "::1%eth0", "::1.2.3",
      "1.2.3.4::",
      "::1.2.3.4:5", "+1::", "[::1]", "1:", ":1",
    ] {
      #expect(IPAddress(text) == nil, "\(text)")
    }
    for text in ["10.0.0.0/8", "0.0.0.0/0", "::/0", "1.2.3.4/32", "fd00::/8", "::1/128"] { #expect(IPRange(text)?.description == text) }
    for text in ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0", "::/129", "::1/64", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/8/8"] {
      #expect(IPRange(text) == nil, "\(text)")
    }
  }

  @Test("addresses are read and shown as the C library does")
  func againstTheSystem() {
    var generator = Seeded(7)
    for _ in 0..<2_000 {
      var bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
      // Zeros in places, or the double colon is never there.
      for group in 0..<8 where Bool.random(using: &generator) {
        (bytes[2 * group], bytes[2 * group + 1]) = (0, UInt8.random(in: 0...1, using: &generator))
      }
      guard let address = IPAddress(bytes: bytes) else { return #expect(Bool(false)) }
      #expect(address.bytes == bytes)
      #expect(IPAddress(address.description) == address)
      var text = [CChar](repeating: 0, count: 64)
      inet_ntop(AF_INET6, bytes, &text, 64)
      let system = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      #expect(IPAddress(system) == address, "\(system)")
      #expect(system.contains(".") || system == address.description)
    }
  }
}

/// Chance with a name.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }
}
