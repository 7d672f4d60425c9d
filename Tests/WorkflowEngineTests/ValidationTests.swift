import CRDT
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import WorkflowEngine

/// What is wrong with a graph is said before it runs, all of it, and in the words of the document.
@Suite struct ValidationTests {
  typealias Finding = GraphValidation.Finding

  /// Every type runs, so that none is missing for want of a network.
  static let engine: WorkflowEngine = {
    var registry = ExecutorRegistry.standard
    if registry["http"] == nil { registry.register(TextInputExecutor(), as: "http") }
    return WorkflowEngine(registry: registry)
  }()

  static func findings(_ file: String) -> [Finding] { engine.validate(file: Array(file.utf8)) }

  /// `code node place`, or `code edge place`.
  static func lines(_ file: String) -> [String] {
    findings(file).map { finding in
      let issue = finding.issue
      let code = issue.severity == .error ? issue.code : "(\(issue.code))"
      let subject: String = issue.node?.rawValue ?? finding.edgeID ?? issue.edge?.description ?? ""
      let field = issue.field.map { ".\($0)" } ?? ""
      return "\(code) \(subject)\(field) \(finding.place ?? "-")"
    }
  }

  @Test("[GV4] everything is said at once, each with its place")
  func everything() {
    let file = #"""
      {"title":"x","nodes":[
        {"id":"a","type":"numberNode","data":{"value":"5"}},
        {"id":"a","type":"number","data":{"value":5}},
        {"id":"b","type":"nobody","data":{}},
        {"id":"c","type":"opNode","data":{"op":"power","label":"same"}},
        {"id":"d","type":"text_operation","data":{"text_op":"repeat","label":"same"},"parentId":"gone"},
        {"id":"e","type":"vizNode","data":{"mode":"m"},"parentId":"f"},
        {"id":"f","type":"vizNode","data":{"mode":"m"},"parentId":"e"},
        {"id":"g","type":"vizNode","data":{"mode":"m"}},
        {"id":"h","type":"number","data":{"value":1,"text":7}},
        {"id":"i"},{"id":""},7,{"id":"j","type":"number","data":[]}
      ],"edges":[
        {"id":"e1","source":"e","target":"f"},{"id":"e2","source":"f","target":"e"},{"id":"e3","source":"g","target":"g"},
        {"id":"e4","source":"a","target":"d"},{"id":"e5","source":"a","target":"d"},{"id":"e6","source":"a","target":"ghost"},
        {"id":"e7","source":"ghost","target":"phantom"},{"id":"e8","source":"a"},{"id":"e9","source":"a","target":"b","sourceHandle":5},7
      ]}
      """#
    #expect(
      Self.lines(file) == [
        "id_invalid  nodes[10].id", "file_invalid  nodes[11]", "file_invalid j nodes[12].data", "file_invalid e8 edges[7].target",
        "file_invalid e9 edges[8].sourceHandle", "file_invalid  edges[9]", "setting_invalid a.data.value nodes[0]",
        "id_duplicate a.id nodes[1]", "type_unknown b.type nodes[2]", "setting_invalid c.data.op nodes[3]", "input_missing c nodes[3]",
        "(name_duplicate) c.data.label nodes[3]", "setting_missing d.data.repeat_n nodes[4]", "(parent_missing) d.parentId nodes[4]",
        "(name_duplicate) d.data.label nodes[4]", "node_cycle e nodes[5]", "(parent_loop) e.parentId nodes[5]", "node_cycle f nodes[6]",
        "(parent_loop) f.parentId nodes[6]", "node_cycle g nodes[7]", "setting_invalid h.data.text nodes[8]",
        "type_unknown i.type nodes[9]",
        "setting_missing j.data.value nodes[12]", "(edge_duplicate) e5 edges[4]", "edge_orphan e6 edges[5]", "(edge_orphan) e7 edges[6]",
      ])
  }

  @Test("[GV4] what is no canvas is said to be none; a list of workflows is read whole")
  func files() {
    #expect(Self.lines("{").first?.hasPrefix("file_invalid  ") == true)
    #expect(Self.findings("{").first?.issue.text == "This is no JSON: unexpected end of JSON input.")
    #expect(Self.lines("5") == ["file_invalid  "])
    #expect(Self.lines("{\"edges\":[]}") == ["file_invalid  "])
    #expect(Self.lines(#"{"nodes":{},"edges":5}"#) == ["file_invalid  nodes", "file_invalid  edges"])
    let one = #"{"id":"w","data":{"nodes":[{"id":"a","type":"number"}]}}"#
    #expect(
      Self.lines("[\(one),7,{\"canvas\":{\"nodes\":[{\"id\":\"a\"}]}}]") == [
        "file_invalid  [1]", "setting_missing a.data.value [0].data.nodes[0]", "type_unknown a.type [2].canvas.nodes[0]",
      ])
    #expect(Self.lines(#"{"nodes":[{"id":"a","data":{"value":1}}],"edges":[]}"#) == [], "a type is found by the settings")
    #expect(Self.lines(#"{"nodes":[{"id":"a","type":"number","data":{"value":1}}]}"#) == [])
    // What the strict reader alone refuses.
    #expect(
      Self.lines(#"{"nodes":[{"id":"a","type":"number","data":{"value":1,"value":2}}]}"#).map { $0.hasPrefix("file_invalid") } == [true])
  }

  @Test("[GV4] all nodes of every loop are named, and none beside it")
  func loops() {
    func names(_ edges: String...) -> [String] {
      let ids = Set(edges.flatMap { $0.split(separator: ">").map(String.init) }).sorted()
      let nodes = ids.map { "{\"id\":\"\($0)\",\"type\":\"join\"}" }.joined(separator: ",")
      let links = edges.map { $0.split(separator: ">") }.map { "{\"source\":\"\($0[0])\",\"target\":\"\($0[1])\"}" }
      let found = Self.findings("{\"nodes\":[\(nodes)],\"edges\":[\(links.joined(separator: ","))]}")
      return found.filter { $0.issue.code == "node_cycle" }.compactMap { $0.issue.node?.rawValue }
    }
    #expect(names("a>b", "b>c") == [])
    #expect(names("a>b", "b>a", "b>c", "c>d", "d>c", "e>a", "d>f") == ["a", "b", "c", "d"])
    #expect(names("a>a", "a>b") == ["a"])
    #expect(names("a>b", "b>c", "c>a", "c>d", "d>b", "x>y") == ["a", "b", "c", "d"])
    let ring = (0..<20_000).map { "{\"source\":\"\($0)\",\"target\":\"\(($0 + 1) % 20_000)\"}" }.joined(separator: ",")
    let nodes = (0..<20_000).map { "{\"id\":\"\($0)\",\"type\":\"join\"}" }.joined(separator: ",")
    let found = Self.findings("{\"nodes\":[\(nodes)],\"edges\":[\(ring)]}")
    #expect(found.count == 20_000)
    #expect(found[7].issue.text == "Node 7 is on a loop with 0, 1, 2, 3 and 19995 more.")
  }

  @Test("[GV4] a type that this engine does not run is not available; one that only it knows is left to it")
  func registries() {
    var registry = ExecutorRegistry()
    registry.register(NumberExecutor.self)
    registry.register(NumberExecutor(), as: "weather")
    let file =
      #"{"nodes":[{"id":"a","type":"delayNode","data":{"duration":"1s"}},{"id":"b","type":"weather"},{"id":"c","type":"number","data":{"value":1}}]}"#
    let found = WorkflowEngine(registry: registry).validate(file: Array(file.utf8))
    #expect(found.map(\.issue.code) == ["type_unavailable"])
    #expect(found.first?.issue.text == "This engine does not run delay nodes.")
  }

  /// A graph in which much is wrong, drawn from a seed.
  static func graph(_ random: inout SplitMix, isAcyclic: Bool) -> WorkflowGraph {
    let count = Int.random(in: 1...9, using: &random)
    let nodes = (0..<count).map { index -> WorkflowGraph.Node in
      let type = NodeCatalogue.types.randomElement(using: &random)
      let name = [type?.engineName, type?.canvasName, "nobody"].randomElement(using: &random) ?? nil
      var fields: [FieldKey: JSONText] = [.type: .string(name ?? "")]
      for setting in type?.settings ?? [] {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: break
        case 1: fields[setting.field] = FuzzTests.values.randomElement(using: &random)?.json
        default: fields[setting.field] = setting.initial
        }
      }
      if Int.random(in: 0..<3, using: &random) == 0 { fields[.label] = ["\"p\"", "\"q\"", "\"\""].randomElement(using: &random)?.json }
      return WorkflowGraph.Node(id: NodeID("n\(index)"), fields: fields)
    }
    var edges: [WorkflowGraph.Edge] = []
    for _ in 0..<Int.random(in: 0...12, using: &random) {
      var ends = (0..<2).map { _ in Int.random(in: 0...count, using: &random) }
      if isAcyclic {
        if ends[0] == ends[1] { continue }
        ends.sort()
      }
      let key = EdgeKey(source: NodeID("n\(ends[0])"), target: NodeID("n\(ends[1])"))
      if !edges.contains(where: { $0.key == key }) { edges.append(WorkflowGraph.Edge(key: key)) }
    }
    return WorkflowGraph(nodes: nodes, edges: edges)
  }

  static func issues(_ graph: WorkflowGraph) throws -> [GraphFinding] {
    var document = WorkflowDocument()
    var ops: [Op] = []
    for node in graph.nodes {
      ops.append(.setNodeLife(node: node.id, alive: true))
      for (field, value) in node.fields { ops.append(.setNodeField(node: node.id, field: field, value: value)) }
    }
    ops += graph.edges.map { .addEdge($0.key) }
    _ = try document.apply(Change(replica: ReplicaID(1), seq: 1, hlc: HybridTime(milliseconds: 1), ops: ops))
    return document.issues
  }

  @Test("[GV4] a document's issues and the findings about the same graph are the same", arguments: Array(UInt64(1)...20))
  func sameAsDocument(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    for _ in 0..<40 {
      let isAcyclic = Int.random(in: 0..<3, using: &random) > 0
      let graph = Self.graph(&random, isAcyclic: isAcyclic)
      let found = Self.engine.validate(graph).map(\.issue).filter { !$0.text.contains("refuses the whole run") }
      let issues = try Self.issues(graph)
      if isAcyclic {
        #expect(Set(found.filter { $0.edge == nil }) == Set(issues.filter { $0.edge == nil }), "SEED=\(seed)")
      }
      func edges(_ issues: [GraphFinding], _ code: String) -> Set<EdgeKey> {
        Set(issues.filter { $0.code == code }.compactMap(\.edge))
      }
      #expect(edges(found, "edge_orphan") == edges(issues, "edge_orphan"), "SEED=\(seed)")
      let looped = Set(found.filter { $0.code == "node_cycle" }.compactMap(\.node))
      let closing = edges(issues, "edge_cycle")
      #expect(looped.isEmpty == closing.isEmpty, "SEED=\(seed)")
      #expect(closing.allSatisfy { looped.contains($0.source) && looped.contains($0.target) }, "SEED=\(seed)")
    }
  }

  @Test("[EN1, EN2, GV4] a run refuses a graph exactly when there is a finding for it", arguments: Array(UInt64(1)...20))
  func sameAsRun(seed: UInt64) async throws {
    var random = SplitMix(state: seed)
    for _ in 0..<60 {
      let graph = Self.graph(&random, isAcyclic: Int.random(in: 0..<3, using: &random) > 0)
      let errors = Self.engine.validate(graph).filter { $0.issue.severity == .error }
      let machine = VirtualMachine()
      let failure = machine.run {
        await Self.engine.run(graph, clock: { machine.now }, sleep: { await machine.sleep($0) }).failure
      }
      let kind = failure??.kind
      if kind == .payload || kind == .order { #expect(!errors.isEmpty, "SEED=\(seed) \(CanvasJSON.write(graph))") }
      if errors.isEmpty {
        #expect(kind != .payload && kind != .order && failure??.text.contains("unknown node type") != true, "SEED=\(seed)")
      }
      // A node too few and a node too many make the right count, and the run goes on, as in the outside engine.
      let codes = Set(errors.map(\.issue.code)).intersection(["node_cycle", "edge_orphan"])
      if codes.count == 1 { #expect(kind == .order || kind == .payload, "SEED=\(seed) \(CanvasJSON.write(graph))") }
      // As a file it is the same.
      let file = Self.engine.validate(file: Array(CanvasJSON.write(graph).utf8))
      #expect(Set(file.map(\.issue)) == Set(Self.engine.validate(graph).map(\.issue)), "SEED=\(seed)")
    }
  }

  @Test("[GV4] a damaged file gives findings and no trap; one without errors can be imported", arguments: Array(UInt64(1)...20))
  func damaged(seed: UInt64) {
    var random = SplitMix(state: seed)
    for _ in 0..<100 {
      var bytes = Array(CanvasJSON.write(Self.graph(&random, isAcyclic: true)).utf8)
      for _ in 0..<Int.random(in: 0...3, using: &random) where bytes.count > 2 {
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.insert(bytes[place], at: Int.random(in: bytes.indices, using: &random))
        default: bytes.remove(at: place)
        }
      }
      let isFaultless = !Self.engine.validate(file: bytes).contains { $0.issue.severity == .error }
      let text = String(validating: bytes, as: UTF8.self)
      if isFaultless { #expect(text.map { (try? CanvasJSON.parse($0)) != nil } == true, "SEED=\(seed)") }
    }
  }
}
