import Foundation
import Glibc

/// Measures what PRODUCT asks for and prints a Markdown table.
/// `thaiyyal-bench [document|engine|peers|network|fanout|cursors|durable|joining|slow]`: one part, all without an argument. Rows go to standard error
/// as they come.
@main
enum Main {
  static func main() async throws {
    let arguments = CommandLine.arguments
    if arguments.count == 4, arguments[1] == "serve" {
      try await ServerProcess.serve(data: arguments[2] == "-" ? nil : arguments[2], isSecure: arguments[3] == "tls")
      return
    }
    let sizes = arguments.dropFirst(2).compactMap { Int($0) }
    if sizes.count == 3, arguments[1] == "maps" {
      let figures = MapWorkloads(count: sizes[0], clients: sizes[1], nodes: sizes[2]).run()
      return print(String(decoding: try JSONEncoder().encode(figures), as: UTF8.self))
    }
    raiseFileLimit()
    var table = Table()
    table.onRow = { FileHandle.standardError.write(Data(($0 + "\n").utf8)) }
    let part = arguments.count < 2 ? nil : arguments[1]
    if part == nil || part == "document" {
      DocumentBench.run(&table)
      try await ColdLoadBench.run(&table)
      EnduranceBench.run(&table)
    }
    if part == nil || part == "engine" { await EngineBench.run(&table) }
    if part.map({ $0 == "peers" }) ?? PeerBench.isPossible { try PeerBench.run(&table) }
    if !["document", "engine", "peers", "slow"].contains(part) { try NetworkBench.run(&table, part: part == "network" ? nil : part) }
    if part == nil || part == "slow" { try await SlowReaderBench.run(&table) }
    print("# Benchmarks\n")
    print("Made by `make bench` (`swift run -c release thaiyyal-bench`) on \(machine); load average \(load) at the end.")
    print("Client and server share the machine; CPU times are the server's own. Best of five rounds where a time alone is given.")
    print("Fan-out: medians of five rounds, in which all servers take turns with the same client, the same edits and one thread each.")
    print(table.markdown, terminator: "")
  }

  private static var machine: String {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
    let model =
      lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
    return "\(ProcessInfo.processInfo.activeProcessorCount) × \(model), \(ProcessInfo.processInfo.physicalMemory >> 30) GiB, Linux"
  }

  private static var load: String {
    ((try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? "").split(separator: " ").first.map(String.init) ?? "?"
  }

  private static func raiseFileLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    // What was allowed before still is when this fails.
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
