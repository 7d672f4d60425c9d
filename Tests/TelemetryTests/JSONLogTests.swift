import Foundation
import Logging
import Synchronization
import Telemetry
import Testing

@Suite struct JSONLogTests {
  private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func logger(_ configure: (inout JSONLogHandler) -> Void = { _ in }) -> Logger {
      var handler = JSONLogHandler(label: "test", metadataProvider: JSONLogHandler.traces) { line in self.lines.withLock { $0.append(line) }
      }
      configure(&handler)
      return Logger(label: "test") { [handler] _ in handler }
    }
    func object(_ index: Int = 0) throws -> [String: String] {
      try #require(try JSONSerialization.jsonObject(with: Data(all[index].utf8)) as? [String: String])
    }
  }

  @Test("a line is one JSON object with time, level, label, message, metadata and the trace of the task")
  func line() throws {
    let lines = Lines()
    var logger = lines.logger()
    logger[metadataKey: "workflow"] = "demo"
    let trace = TraceContext.fresh()
    TraceContext.$current.withValue(trace) { logger.info("done", metadata: ["session": "17", "time": "mine"]) }
    logger.debug("not wanted")
    #expect(lines.all.count == 1 && lines.all[0].hasSuffix("}\n"))
    let object = try lines.object()
    #expect(object["level"] == "info" && object["label"] == "test" && object["message"] == "done")
    #expect(object["workflow"] == "demo" && object["session"] == "17" && object["time_"] == "mine")
    #expect(object["trace_id"] == trace.traceID && object["span_id"] == trace.spanID)
    #expect(try object["time"]?.wholeMatch(of: Regex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z")) != nil)
  }

  @Test("whatever is said stays within its line and its value, and a value has an end")
  func hostile() throws {
    let lines = Lines()
    let text = "a\"b\\c\nd\r\u{0}\u{1B}[31m\u{7F}\u{85}\u{2028}é😀"
    lines.logger().warning("\(text)", metadata: [text: "\(text)", "long": "\(String(repeating: "x", count: 10_000))"])
    #expect(lines.all[0].split(separator: "\n").count == 1)
    #expect(
      lines.all[0].unicodeScalars.allSatisfy { $0 == "\n" || !($0.value < 32 || (0x7f..<0xa0).contains($0.value) || $0.value == 0x2028) })
    let object = try lines.object()
    #expect(object["message"] == text && object[text] == text)
    #expect(object["long"]?.count == JSONLogHandler.valueBytesMax + 1)
  }
}
