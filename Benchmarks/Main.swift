import Foundation
import Glibc

/// Measures what PRODUCT asks for and prints a Markdown table. `thaiyyal-bench [document|peers|network]`; all without an argument.
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
    if arguments.count < 2 || arguments[1] == "document" {
      DocumentBench.run(&table)
      try await ColdLoadBench.run(&table)
      EnduranceBench.run(&table)
    }
    if arguments.count < 2 ? PeerBench.isPossible : arguments[1] == "peers" { try PeerBench.run(&table) }
    if arguments.count < 2 || arguments[1] == "network" { try await NetworkBench.run(&table) }
    print("# Benchmarks\n")
    print("Made by `make bench` (`swift run -c release thaiyyal-bench`) on \(machine); load average \(load) at the end.")
    print("Client and server share the machine; CPU times are the server's own. Best of five rounds where a time alone is given.")
    print(
      "A bare C sender (one `send` per message and member) takes 5 to 7 µs per delivery on such a machine, nearly all of it in the kernel.")
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
