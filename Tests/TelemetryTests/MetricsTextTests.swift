import Testing

@testable import Telemetry

@Suite struct MetricsTextTests {
  @Test("[OP3] counters, gauges and histograms are written as Prometheus reads them")
  func families() {
    var text = MetricsText()
    text.counter("a_total", "How many.", 3)
    text.gauge("b", "Up\nand \\ down.", [([("file", "x\"y\\z\n")], -2), ([("file", "other")], 0)])
    let histogram = Histogram(microseconds: [1000, 2500])
    for nanoseconds: UInt64 in [1, 1_000_000, 1_000_001, 9_000_000_000] { histogram.observe(nanoseconds: nanoseconds) }
    text.histogram("c_seconds", "How long.", [([("kind", "k")], histogram)])
    #expect(
      text.text == """
        # HELP a_total How many.
        # TYPE a_total counter
        a_total 3
        # HELP b Up\\nand \\\\ down.
        # TYPE b gauge
        b{file="x\\"y\\\\z\\n"} -2
        b{file="other"} 0
        # HELP c_seconds How long.
        # TYPE c_seconds histogram
        c_seconds_bucket{kind="k",le="0.001"} 2
        c_seconds_bucket{kind="k",le="0.0025"} 3
        c_seconds_bucket{kind="k",le="+Inf"} 4
        c_seconds_sum{kind="k"} 9.002000002
        c_seconds_count{kind="k"} 4

        """)
  }

  @Test(
    "seconds are exact", arguments: [(0, "0"), (1, "0.000000001"), (2_500_000, "0.0025"), (3_000_000_000, "3"), (61_500_000_000, "61.5")])
  func seconds(nanoseconds: UInt64, text: String) { #expect(MetricsText.seconds(nanoseconds) == text) }

  @Test("many threads count what they count")
  func threads() async {
    let (counter, gauge, histogram) = (Counter(), Gauge(), Histogram.ofTurns())
    await withTaskGroup { group in
      for index in 0..<8 {
        group.addTask {
          for step in 0..<10_000 {
            counter.add(2)
            gauge.add(index % 2 == 0 ? 1 : -1)
            histogram.observe(.microseconds(step))
          }
        }
      }
    }
    #expect(counter.value == 160_000 && gauge.value == 0)
    let observed = histogram.cumulative
    // Not `.last == 80_000`: of an optional 64-bit word the compiler copies a byte too many there, which the address sanitizer reports.
    #expect(observed[observed.count - 1] == 80_000)
    #expect(observed[0] == 8 * 51)
    #expect(zip(observed, observed.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test("what the system says about this process")
  func process() throws {
    var text = MetricsText()
    ProcessMetrics.write(to: &text)
    for name in ["cpu_seconds_total", "resident_memory_bytes", "open_fds", "max_fds", "start_time_seconds"] {
      let line = try #require(text.text.split(separator: "\n").first { $0.hasPrefix("process_\(name) ") }, "\(name)")
      #expect(Double(line.split(separator: " ")[1]) ?? 0 > 0, "\(line)")
    }
  }
}
