import Testing

@testable import Telemetry

@Suite struct TraceContextTests {
  private static let trace = "0af7651916cd43dd8448eb211c80319c"
  private static let good = "00-\(trace)-b7ad6b7169203331-01"

  @Test("[OP2] what is in order is taken, and the server's part is a span of its own in the same trace")
  func taken() throws {
    let parent = try #require(TraceContext(Self.good, state: "vendor=1,other=x"))
    #expect(parent.text == Self.good && parent.traceID == Self.trace && parent.spanID == "b7ad6b7169203331" && parent.flags == 1)
    let own = TraceContext.serving(Self.good, state: "vendor=1")
    #expect(own.traceID == Self.trace && own.spanID != parent.spanID && own.flags == 1 && own.state == "vendor=1")
    #expect(own.child().traceID == Self.trace && own.child().spanID != own.spanID)
    // A version that is yet to come says more behind what is known.
    #expect(TraceContext("01-\(Self.trace)-b7ad6b7169203331-00-more")?.traceID == Self.trace)
    #expect(TraceContext("00-\(Self.trace)-00000000000000ff-00")?.text == "00-\(Self.trace)-00000000000000ff-00")
  }

  @Test(
    "[OP2] what is not in order begins a new trace",
    arguments: [
      "", "00", good + "-x", good + " ", String(good.dropLast()), "ff" + good.dropFirst(2), good.uppercased(),
      "00-\(String(repeating: "0", count: 32))-b7ad6b7169203331-01", "00-\(trace)-0000000000000000-01", good.replacing("-", with: "_"),
      "00-\(trace)-b7ad6b716920333g-01", "01-\(trace)-b7ad6b7169203331-00more", "00-\(trace)-b7ad6b7169203331-0é",
    ])
  func refused(text: String) {
    #expect(TraceContext(text) == nil)
    let fresh = TraceContext.serving(text, state: "a=b")
    #expect(fresh.traceID != Self.trace && fresh.state.isEmpty && TraceContext(fresh.text) == fresh)
  }

  @Test("[OP2] a state that is too long, or could end a line, is dropped")
  func states() throws {
    #expect(TraceContext(Self.good, state: String(repeating: "a", count: 513))?.state.isEmpty == true)
    #expect(TraceContext(Self.good, state: "a=b\r\nx: y")?.state.isEmpty == true)
    #expect(TraceContext(Self.good, state: String(repeating: "a", count: 512))?.state.utf8.count == 512)
  }

  @Test("new traces differ")
  func fresh() { #expect(Set((0..<1000).map { _ in TraceContext.fresh().traceID }).count == 1000) }
}
