import OutboundPolicy
import RateLimits
import Testing

@Suite struct ProxyPolicyTests {
  private static let trusted = ["10.0.0.0/8", "2001:db8::/32"].compactMap { IPRange($0) }
  private let policy = ProxyPolicy(trusted: trusted)
  private let proxy = IPAddress("10.0.0.1")!

  @Test("[LM4] the header counts from a trusted proxy only")
  func trust() {
    let stranger = IPAddress("192.0.2.9")!
    #expect(policy.client(of: stranger, values: ["198.51.100.1"]) == stranger)
    #expect(ProxyPolicy().client(of: proxy, values: ["198.51.100.1"]) == proxy)
    #expect("\(policy.client(of: proxy, values: ["198.51.100.1"]))" == "198.51.100.1")
  }

  @Test(
    "[LM4] from the right over trusted proxies; what stands before the first stranger is that stranger's word",
    arguments: [
      (["198.51.100.1"], "198.51.100.1"),
      (["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
      (["1.2.3.4", "198.51.100.1, 10.9.9.9"], "198.51.100.1"),
      (["1.2.3.4,198.51.100.1\t, 10.9.9.9 ,2001:db8::7"], "198.51.100.1"),
      (["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
      (["198.51.100.1:1234"], "198.51.100.1"),
      (["[2001:DB9::1]:80"], "2001:db9::1"),
      (["2001:db9::1"], "2001:db9::1"),
      (["::ffff:198.51.100.1"], "198.51.100.1"),
      ([], "10.0.0.1"), ([""], "10.0.0.1"), (["unknown"], "10.0.0.1"), (["198.51.100.1, bad, 10.3.3.3"], "10.3.3.3"),
      (["198.51.100.1,"], "10.0.0.1"), (["[::1"], "10.0.0.1"), (["0x7f.1"], "10.0.0.1"),
    ] as [([String], String)])
  func forwardedFor(values: [String], client: String) { #expect("\(policy.client(of: proxy, values: values))" == client) }

  @Test(
    "[LM4] Forwarded, as in RFC 7239 §4",
    arguments: [
      ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"), ("For=\"[2001:db9:cafe::17]:4711\"", "2001:db9:cafe::17"),
      ("for=192.0.2.43, for=198.51.100.17;by=10.0.0.1", "198.51.100.17"), ("proto=http; for=\"192.0.2.60:80\"", "192.0.2.60"),
      ("for=_hidden", "10.0.0.1"), ("for=unknown", "10.0.0.1"), ("proto=https", "10.0.0.1"), ("for=\"", "10.0.0.1"), ("for", "10.0.0.1"),
    ])
  func forwarded(value: String, client: String) {
    let policy = ProxyPolicy(trusted: Self.trusted, header: .forwarded)
    #expect("\(policy.client(of: proxy, values: [value]))" == client)
  }

  @Test("[LM3] of IPv6 the first 64 bits are one address, and an IPv4 address in IPv6 clothes is itself")
  func counted() {
    #expect(IPAddress("2001:db8:1:2:3:4:5:6")?.counted == IPAddress("2001:db8:1:2::")!)
    #expect(IPAddress("2001:db8:1:2::1")?.counted == IPAddress("2001:db8:1:2:ffff::")?.counted)
    #expect(IPAddress("2001:db8:1:3::1")?.counted != IPAddress("2001:db8:1:2::1")?.counted)
    #expect(IPAddress("::ffff:192.0.2.1")?.counted == IPAddress("192.0.2.1")!)
    #expect(IPAddress("192.0.2.1")?.counted != IPAddress("192.0.2.2")?.counted)
  }
}
