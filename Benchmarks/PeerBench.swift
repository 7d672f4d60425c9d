import Foundation

/// Our document beside Yrs and Loro, on the same work in one run.
///
/// Each library runs in a process of its own, in turn and several times; of each step the least CPU time counts. From a peer's times that of its
/// Python binding is taken off: for every update an empty transaction where that is an object, and the calls that bring the values in.
enum PeerBench {
  static var python: String { Server.here + "/venv/bin/python" }
  static let script = "Benchmarks/peers/maps.py"
  static var isPossible: Bool { FileManager.default.isExecutableFile(atPath: python) && FileManager.default.fileExists(atPath: script) }

  private static let rounds = 3
  private static let count = 6000
  /// As in the suite: 20 √count.
  private static let clients = 1540
  private static let nodes = 2000

  static func run(_ table: inout Table) throws {
    var ours: [String: MapFigures] = [:]
    var yrs: [String: MapFigures] = [:]
    var loro: [String: MapFigures] = [:]
    for _ in 0..<rounds {
      try take(into: &ours, CommandLine.arguments[0], "maps", "\(count)", "\(clients)", "\(nodes)")
      try take(into: &yrs, python, script, "yrs", "\(count)", "\(clients)", "\(nodes)")
      try take(into: &loro, python, script, "loro", "\(count)", "\(clients)", "\(nodes)")
    }
    let group = "Maps beside \(try versions()), in one run, CPU time: ours / Yrs / Loro"
    for (key, what) in workloads {
      guard let a = ours[key], let b = yrs[key], let c = loro[key], let bindingB = yrs["binding"], let bindingC = loro["binding"] else {
        continue
      }
      let three = [a, withoutBinding(b, bindingB), withoutBinding(c, bindingC)]
      func add(_ step: String, _ path: KeyPath<MapFigures, Double?>, _ unit: Double, _ name: String, target: String) {
        let values = three.map { $0[keyPath: path] }
        guard values.contains(where: { $0 != nil }) else { return }
        table.add(
          group, "\(key) \(what): \(step)", values.map { $0.map { short($0 / unit) } ?? "-" }.joined(separator: " / ") + " " + name,
          target: target)
      }
      add("make and encode", \.write, 1e6, "ms", target: "faster than both")
      add("decode and apply", \.apply, 1e6, "ms", target: "faster than both")
      add("encode the document", \.encode, 1e6, "ms", target: "")
      add("load the document", \.load, 1e6, "ms", target: "faster than both")
      add("memory of the loaded document", \.memory, 1024, "KiB", target: "")
      add("updates", \.updateBytes, 1024, "KiB", target: "")
      add(
        key == "canvas" ? "document before the deletions" : "document", key == "canvas" ? \.fullBytes : \.docBytes, 1024, "KiB", target: "")
      guard key == "canvas" else { continue }
      add("document after the deletions", \.docBytes, 1024, "KiB", target: "")
      add("document once collected", \.trimmedBytes, 1024, "KiB", target: "smaller than both")
    }
  }

  /// What the suite does to an array, which this document does not have, is done to a map here.
  private static let workloads = [
    ("B1.8", "\(count) numbers, keys ascending"), ("B1.9", "\(count) numbers at once"), ("B1.10", "\(count) numbers, keys descending"),
    ("B1.11", "\(count) numbers at random keys"), ("B3.1", "\(clients) clients set a number"), ("B3.2", "\(clients) clients set an object"),
    ("B3.3", "\(clients) clients set a text of up to 6 KB"), ("B3.4", "\(clients) clients set a key of their own"),
    ("canvas", "\(nodes) nodes made, dragged four times, nine of ten deleted, by four"),
  ]

  /// Times of a peer less what its binding and the Python around it cost: for each update a transaction, where there is such a thing, and a
  /// call for each value that goes in.
  private static func withoutBinding(_ figures: MapFigures, _ binding: MapFigures) -> MapFigures {
    var net = figures
    let transaction = binding.transaction ?? 0
    let call = binding.call ?? 0
    if let steps = figures.steps, let step = binding.step {
      // Every step of a canvas is written by one and taken by three others; making a node sets three values.
      net.write = figures.write.map { max(0, $0 - steps * (step + transaction + 2 * call)) }
      net.apply = figures.apply.map { max(0, $0 - 3 * steps * (step + transaction + call)) }
      return net
    }
    let updates = figures.updates ?? 0
    net.write = figures.write.map { max(0, $0 - updates * transaction - (figures.count ?? 0) * call) }
    // What many made is taken in by one transaction, or one call.
    net.apply = figures.apply.map { max(0, $0 - updates * (figures.write == nil ? call : transaction + call)) }
    return net
  }

  private static func take(into best: inout [String: MapFigures], _ program: String, _ arguments: String...) throws {
    let output = try output(of: program, arguments)
    for (key, figures) in try JSONDecoder().decode([String: MapFigures].self, from: output) {
      if best[key] == nil { best[key] = figures } else { best[key]?.takeBest(figures) }
    }
  }

  private static func versions() throws -> String {
    let code = "from importlib.metadata import version as v; print('Yrs (pycrdt', v('pycrdt') + ') and Loro', v('loro'), end='')"
    return String(decoding: try output(of: python, ["-c", code]), as: UTF8.self)
  }

  private static func output(of program: String, _ arguments: [String]) throws -> Data {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw PeerFault(text: "\(program) \(arguments.joined(separator: " ")) failed") }
    return data
  }

  struct PeerFault: Error { var text: String }
}
