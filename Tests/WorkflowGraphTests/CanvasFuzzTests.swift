import Testing
import WorkflowGraph

@Suite struct CanvasFuzzTests {
  @Test(
    "[DO2] a damaged canvas is read or refused with a place, never a trap; what was read writes and reads back",
    arguments: [UInt64(1), 2, 3, 4])
  func damaged(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    let wholes = try ["react-flow", "wrapped", "local-storage"].map { Array(try CanvasJSONTests.fixture($0).utf8) }
    var read = 0
    for _ in 0..<600 {
      var bytes = wholes[below(wholes.count)]
      for _ in 0...below(3) {
        let place = below(bytes.count)
        switch below(3) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.remove(at: place)
        default:
          // A piece from elsewhere: braces and names in places where they mean something else.
          let from = below(bytes.count)
          bytes.insert(contentsOf: Array(bytes[from..<min(bytes.count, from + 1 + below(20))]), at: place)
        }
      }
      guard let documents = try? CanvasJSON.parseAll(String(decoding: bytes, as: UTF8.self)) else { continue }
      for document in documents {
        read += 1
        let again = try CanvasJSON.parse(CanvasJSON.write(document.graph, meta: document.meta))
        #expect(again.graph.nodes == document.graph.nodes, "SEED=\(seed)")
        #expect(again.edges.map(\.key) == document.edges.map(\.key), "SEED=\(seed)")
      }
    }
    #expect(read > 50)
  }
}
