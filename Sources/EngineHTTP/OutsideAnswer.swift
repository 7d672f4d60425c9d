import CollabProtocol
import OutboundHTTP
import OutboundPolicy
import RoomCore
import WorkflowEngine
import WorkflowGraph

/// An answer of the outside server, read with suspicion: any path gives a page with status 200, and a result that JSON cannot say gives nothing.
struct OutsideAnswer {
  private let response: OutboundResponse
  private let place: String

  init(_ response: OutboundResponse, _ url: OutboundURL) {
    self.response = response
    place = "the engine at \(url.origin)"
  }

  func savedID() throws(EngineTrouble) -> String {
    let root = try object(expecting: 201)
    guard let id = root["id"]?.text, (1...128).contains(id.utf8.count), id.utf8.allSatisfy(Self.isPlain), id != ".", id != ".." else {
      throw EngineTrouble("\(place) saved the workflow and named no id")
    }
    return id
  }

  func result() throws(EngineTrouble) -> OutsideResult {
    if response.status == 200, response.body.isEmpty {
      throw EngineTrouble("\(place) answered with nothing: a result may hold a number that JSON cannot say, such as infinity")
    }
    let root = try object(expecting: 200)
    guard let results = root["results"]?.object, let nodes = results["node_results"]?.object else {
      throw EngineTrouble("\(place) gave a bad answer: no results")
    }
    return OutsideResult(nodes: nodes, finalOutput: results["final_output"] ?? .null)
  }

  func checkHealthy() throws(EngineTrouble) {
    let root = try object(expecting: 200, needsSuccess: false)
    guard root["status"]?.text == "healthy" else {
      throw EngineTrouble("\(place) is not healthy: \(root["status"]?.text ?? "it does not say how it is")")
    }
  }

  private func object(expecting status: Int, needsSuccess: Bool = true) throws(EngineTrouble) -> ObjectValue {
    let root: ObjectValue?
    do throws(NodeFailure) { root = response.mediaType == "application/json" ? try Value(json: response.body).object : nil } catch {
      root = nil
    }
    if response.status != status || (needsSuccess && root != nil && root?["success"] != .bool(true)) {
      let said = root?["details"]?.text ?? root?["error"]?.text
      // What is wrong with the workflow or its run, in the engine's words, as if it ran here.
      if let said, [400, 500].contains(response.status) || response.status == status { throw EngineTrouble(said) }
      throw EngineTrouble("\(place) answered with status \(response.status)\(said.map { ": \($0)" } ?? "")")
    }
    guard let root else {
      let type = response.mediaType.isEmpty ? "something without a type" : response.mediaType
      throw EngineTrouble("\(place) gave a bad answer: \(type == "application/json" ? "no JSON object" : type)")
    }
    return root
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    default: "-_.".utf8.contains(byte)
    }
  }
}

/// What the outside server computed.
struct OutsideResult {
  var nodes: ObjectValue
  var finalOutput: Value

  /// `{"node_results":{…},"final_output":…}`. All of it came as JSON, so all of it can be said.
  var json: String { "{\"node_results\":\(Value.object(nodes).displayJSON.text),\"final_output\":\(finalOutput.displayJSON.text)}" }

  /// One for each node of the graph, in its order. That server tells them only at the end, and no times.
  func steps(_ graph: WorkflowGraph, valueBytesMax: Int) throws(EngineTrouble) -> [RunStep] {
    var steps: [RunStep] = []
    for node in graph.nodes {
      let value = nodes[node.id.rawValue]
      var step = RunStep(value == nil ? .nodeSkipped : .nodeSucceeded)
      step.node = node.id.rawValue
      step.nodeType = node.type.map { NodeCatalogue.engineName(of: $0) } ?? ""
      if let value {
        guard value.weight.bytes <= valueBytesMax else {
          throw EngineTrouble("the value of node \(node.id) is too large: \(value.weight.bytes) bytes (limit: \(valueBytesMax))")
        }
        step.result = value.displayJSON.text
      }
      steps.append(step)
    }
    return steps
  }
}
