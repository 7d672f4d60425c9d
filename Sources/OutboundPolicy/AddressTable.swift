/// Which addresses are not the public internet, and what they are. The whole table: what is not in it may be connected to.
///
/// Source: IANA's special-purpose address registries (RFC 6890 and what amended it), and what clouds put at addresses of their own.
public enum AddressTable {
  public struct Entry: Hashable, Sendable {
    public let range: IPRange
    /// What the range is for, as it stands in messages: "private".
    public let name: String
    /// IPv6 only: the first byte of the IPv4 address that stands in the IPv6 address, counted from its start.
    public let embeddedAt: Int?
  }

  /// What the address is when it is not public; the most telling entry first.
  public static func entry(for address: IPAddress) -> Entry? {
    switch address {
    case .v4: fourth.first { $0.range.contains(address) }
    case .v6: sixth.first { $0.range.contains(address) }
    }
  }

  /// The IPv4 address that a translator, tunnel or stack would take this address for.
  public static func embedded(in address: IPAddress) -> IPAddress? {
    guard case .v6 = address, let entry = entry(for: address), let at = entry.embeddedAt else { return nil }
    let bytes = address.bytes[at..<at + 4]
    // Teredo writes the client's address with its bits turned over (RFC 4380 §4).
    return IPAddress(bytes: entry.name == teredo ? bytes.map { ~$0 } : Array(bytes))
  }

  private static let teredo = "Teredo"

  public static let fourth: [Entry] = make([
    ("169.254.169.254/32", "cloud metadata", nil),
    ("168.63.129.16/32", "cloud metadata", nil),
    ("100.100.100.200/32", "cloud metadata", nil),
    ("192.0.0.192/32", "cloud metadata", nil),
    ("0.0.0.0/32", "unspecified", nil),
    ("0.0.0.0/8", "this network", nil),
    ("10.0.0.0/8", "private", nil),
    ("100.64.0.0/10", "carrier-grade NAT", nil),
    ("127.0.0.0/8", "loopback", nil),
    ("169.254.0.0/16", "link-local", nil),
    ("172.16.0.0/12", "private", nil),
    ("192.0.0.0/24", "protocol assignments", nil),
    ("192.0.2.0/24", "documentation", nil),
    ("192.31.196.0/24", "AS112", nil),
    ("192.52.193.0/24", "multicast relays", nil),
    ("192.88.99.0/24", "6to4 relays", nil),
    ("192.168.0.0/16", "private", nil),
    ("192.175.48.0/24", "AS112", nil),
    ("198.18.0.0/15", "benchmarks", nil),
    ("198.51.100.0/24", "documentation", nil),
    ("203.0.113.0/24", "documentation", nil),
    ("224.0.0.0/4", "multicast", nil),
    ("255.255.255.255/32", "broadcast", nil),
    ("240.0.0.0/4", "reserved", nil),
  ])

  public static let sixth: [Entry] = make([
    ("fd00:ec2::254/128", "cloud metadata", nil),
    ("fd20:ce::254/128", "cloud metadata", nil),
    ("::/128", "unspecified", nil),
    ("::1/128", "loopback", nil),
    ("::ffff:0:0/96", "IPv4-mapped", 12),
    ("::ffff:0:0:0/96", "IPv4-translated", 12),
    ("::/96", "IPv4-compatible", 12),
    ("64:ff9b::/96", "NAT64", 12),
    ("64:ff9b:1::/48", "local NAT64", nil),
    ("100::/64", "discard", nil),
    ("2001::/32", teredo, 12),
    ("2001:2::/48", "benchmarks", nil),
    ("2001:10::/28", "ORCHID", nil),
    ("2001:20::/28", "ORCHID", nil),
    ("2001:db8::/32", "documentation", nil),
    ("2001::/23", "protocol assignments", nil),
    ("2002::/16", "6to4", 2),
    ("2620:4f:8000::/48", "AS112", nil),
    ("3fff::/20", "documentation", nil),
    ("5f00::/16", "segment routing", nil),
    ("fc00::/7", "unique local", nil),
    ("fe80::/10", "link-local", nil),
    ("fec0::/10", "site-local", nil),
    ("ff00::/8", "multicast", nil),
    // Only 2000::/3 is given out for the internet (RFC 4291 §2.4): the rest of the space, in blocks.
    ("::/3", "reserved", nil),
    ("4000::/2", "reserved", nil),
    ("8000::/1", "reserved", nil),
  ])

  private static func make(_ rows: [(range: String, name: String, embeddedAt: Int?)]) -> [Entry] {
    rows.map { row in
      guard let range = IPRange(row.range) else { preconditionFailure("AddressTable: \(row.range)") }
      return Entry(range: range, name: row.name, embeddedAt: row.embeddedAt)
    }
  }
}
