import CRDT
import DocumentHistories
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct HistoryTests {
  /// What is wrong with a history, `nil` when every replica always showed what the model says about the changes it had seen.
  static func fault(seed: UInt64, defect: NaiveModel.Defect = .none) -> String? {
    var replicas = SimulatedReplicas(seed: seed)
    var views: [Version: NaiveModel.View] = [:]
    return replicas.run(steps: 14 + Int(seed % 6) * 4) { document, changes in
      let expected = views[document.version] ?? NaiveModel(changes, defect: defect).view()
      views[document.version] = expected
      let got = document.view()
      return got == expected ? nil : difference(got, expected)
    }
  }

  private static func difference(_ got: NaiveModel.View, _ expected: NaiveModel.View) -> String {
    if got.graph.nodes != expected.graph.nodes { return "nodes \(got.graph.nodes) instead of \(expected.graph.nodes)" }
    if got.graph.edges != expected.graph.edges {
      return "edges \(got.graph.edges.map(\.key)) instead of \(expected.graph.edges.map(\.key))"
    }
    if got.parked != expected.parked { return "parked \(got.parked) instead of \(expected.parked)" }
    if got.issues != expected.issues {
      return "issues too many \(got.issues.subtracting(expected.issues)), missing \(expected.issues.subtracting(got.issues))"
    }
    if got.meta != expected.meta || got.comments != expected.comments { return "meta or comments" }
    if got.graphHash != expected.graphHash { return "graph hash" }
    if got.fingerprints != expected.fingerprints { return "fingerprints \(got.fingerprints) instead of \(expected.fingerprints)" }
    if got.documentHash != expected.documentHash { return "document hash" }
    return "counts \(got.aliveCount) \(got.liveEdgeCount) instead of \(expected.aliveCount) \(expected.liveEdgeCount)"
  }

  @Test(
    "[ME1][ME2][ME5][GV1][GV2][GV3][GV3b][GV4][GV5][DO5][DO6][UN1][RU6] random histories show what the model shows",
    arguments: 0..<8 as Range<UInt64>)
  func histories(part: UInt64) {
    for seed in Seeds.range(default: 10_000) where seed % 8 == part {
      if let fault = Self.fault(seed: seed) {
        Testing.Issue.record("SEED=\(seed): \(fault)")
        return
      }
    }
  }

  @Test("the harness sees each planted defect", arguments: NaiveModel.Defect.allCases.filter { $0 != .none })
  func canary(defect: NaiveModel.Defect) {
    let found = (0..<1000 as Range<UInt64>).contains { Self.fault(seed: $0, defect: defect) != nil }
    #expect(found, "a model with the defect \(defect) passes as right")
  }
}
