import EngineHTTP
import NIOPosix
import OpenSSLTransport
import OutboundPolicy
import OutsideNodes

/// Whether what runs may reach is there.
enum DoctorOutside {
  static func check(_ configuration: OutsideConfiguration) async -> [Finding] {
    let group = MultiThreadedEventLoopGroup.singleton
    let tls: TLSClientContext
    do { tls = try TLSClientContext() } catch {
      return [.fail("outside", "no TLS for requests to the outside: \(error)", "install the system's ca-certificates")]
    }
    if let url = configuration.engine {
      do {
        try await OutsideEngine.server(url, configuration, group: group, tls: tls).checkHealth()
        return [.ok("engine", "\(url.origin) is healthy")]
      } catch {
        return [.warn("engine", "\(error)", "start it, or correct --engine-url; until then every run fails")]
      }
    }
    var findings = [http(configuration)]
    let board = OutsideEngine.board(configuration, group: group, tls: tls)
    await board.refresh()
    for status in board.statuses {
      if let trouble = status.trouble {
        findings.append(.warn("plug-in", "\(status.url.origin): \(trouble)", "start it, or correct --plugin; until then its nodes fail"))
      } else {
        findings.append(.ok("plug-in", "\(status.name ?? "") \(status.version ?? "") brings \(status.types.joined(separator: ", "))"))
      }
    }
    return findings
  }

  private static func http(_ configuration: OutsideConfiguration) -> Finding {
    let hosts = configuration.http.hosts.map(\.description).joined(separator: ", ")
    let ranges = configuration.http.ranges.map(\.description).joined(separator: ", ")
    guard !hosts.isEmpty else { return .ok("http nodes", "refused; --http-allow opens hosts") }
    return .ok("http nodes", "may fetch from \(hosts)\(ranges.isEmpty ? "" : "; also at \(ranges)")")
  }
}
