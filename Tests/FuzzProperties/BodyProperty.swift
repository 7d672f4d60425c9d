import WorkflowGraph

/// Bodies of the REST interface: `{"route": "link", "body": …}`. Whatever comes, the answer is one that openapi.yaml describes; what was taken is
/// there afterwards as it was sent, and what was not taken has left nothing.
enum BodyProperty {
  private static let workflow = "fuzzed"
  /// Method, path and the statuses that this address may answer with beside those of every body.
  private static let routes: [String: (method: String, path: String)] = [
    "workflow": ("POST", "/workflows"), "import": ("POST", "/workflows/import"), "put": ("PUT", "/workflows/fuzzed"),
    "patch": ("PATCH", "/workflows/fuzzed"), "link": ("POST", "/workflows/fuzzed/links"),
    "member": ("PUT", "/workflows/fuzzed/members/ada"), "version": ("POST", "/workflows/fuzzed/versions"), "key": ("POST", "/keys"),
    "run": ("POST", "/workflows/fuzzed/runs"), "validate": ("POST", "/workflows/validate"),
    "webhook": ("POST", "/workflows/fuzzed/webhooks"), "webhook-change": ("PATCH", "/workflows/fuzzed/webhooks"),
    "webhook-secret": ("POST", "/workflows/fuzzed/webhooks"),
  ]

  static func check(_ input: [UInt8], planted: Bool) throws(PropertyFault) -> FuzzTarget.Reach {
    guard let text = String(validating: input, as: UTF8.self), let value = try? JSONValue(parsing: text),
      let name = value["route"]?.stringValue, let route = routes[name], let body = value["body"]
    else { return .refused }
    let client = try LocalClient()
    let made = try client.ask("POST", "/workflows", #"{"id":"\#(workflow)"}"#)
    try require(made.status == 201, "the workflow of the input is not made: \(made.status)")
    var sent = JSONText(body).text
    // Planted: a commenter becomes a viewer on the way in.
    if planted { sent = sent.replacing(#""commenter""#, with: #""viewer""#) }
    let path = try route.path + suffix(of: name, client)
    let answer = try client.ask(route.method, path, sent)
    let isTaken = (200...202).contains(answer.status)
    do throws(PropertyFault) {
      if isTaken { try checkTaken(name, body, answer, client) } else { try checkProblem(answer) }
    } catch {
      // The server is the next input's as well, and so it is where a planted defect is to be found.
      try clear(name, answer, client)
      throw error
    }
    try clear(name, answer, client)
    return isTaken ? .taken : .refused
  }

  /// What an address has behind what all inputs share: the webhook that is changed has an id of its own each time.
  private static func suffix(of route: String, _ client: LocalClient) throws(PropertyFault) -> String {
    guard ["webhook-change", "webhook-secret"].contains(route) else { return "" }
    let made = try client.ask(
      "POST", "/workflows/\(workflow)/webhooks", #"{"url":"https://one.example/","events":["run.finished"]}"#)
    guard made.status == 201, let id = made.json?["webhook"]?["webhook"]?.stringValue else {
      throw PropertyFault("the webhook of the input is not made: \(made.status)")
    }
    return "/\(id)" + (route == "webhook-secret" ? "/secret" : "")
  }

  private static func checkProblem(_ answer: LocalClient.Answer) throws(PropertyFault) {
    try require([400, 409, 413, 415, 422].contains(answer.status), "a strange status: \(answer.status)")
    try require(answer.contentType == "application/problem+json", "a refusal of the type \(answer.contentType)")
    guard let problem = answer.json else { throw PropertyFault("a problem that is no JSON") }
    try require(problem["status"]?.numberValue == Double(answer.status), "a problem of another status")
    try require(problem["detail"]?.stringValue?.isEmpty == false, "a problem without a word")
  }

  // MARK: what was taken

  private static func checkTaken(_ name: String, _ body: JSONValue, _ answer: LocalClient.Answer, _ client: LocalClient)
    throws(PropertyFault)
  {
    guard let said = answer.json else { throw PropertyFault("an answer that is no JSON") }
    switch name {
    case "workflow":
      guard let id = said["workflow"]?.stringValue else { throw PropertyFault("a workflow without a name") }
      try require(body["id"] == nil || body["id"]?.stringValue == id, "it has another name")
      try checkGraph(of: id, try? CanvasJSON.parse(JSONText(body).text), titled: body["title"], client)
    case "put": try checkGraph(of: workflow, try? CanvasJSON.parse(JSONText(body).text), titled: nil, client)
    case "import":
      let count = (said["made"]?.arrayValue?.count ?? 0) + (said["refused"]?.arrayValue?.count ?? 0)
      try require(count > 0 || body.arrayValue?.isEmpty == true, "an import of nothing")
    case "link": try checkListed(said["link"], body, in: "/workflows/\(workflow)/links", "links", client)
    case "key": try checkListed(said["key"], body, in: "/keys", "keys", client)
    case "member":
      let members = try client.ask("GET", "/workflows/\(workflow)/members", nil).json?["members"]?.arrayValue ?? []
      let member = members.first { $0["subject"]?.stringValue == "ada" }
      try require(member?["role"] == body["role"], "a member of another role")
    case "version":
      let versions = try client.ask("GET", "/workflows/\(workflow)/versions", nil).json?["versions"]?.arrayValue ?? []
      for text in ["name", "note"] {
        guard let wanted = body[text]?.stringValue, !wanted.isEmpty else { continue }
        try require(versions.first?[text]?.stringValue == wanted, "a version of another \(text)")
      }
    case "webhook", "webhook-secret":
      try checkWebhook(said["webhook"], body, client)
      guard let secret = said["secret"]?.stringValue else { throw PropertyFault("a webhook without a secret") }
      if let wanted = body["secret"] { try require(wanted.stringValue == secret, "another secret than given") }
      let listed = try client.ask("GET", "/workflows/\(workflow)/webhooks", nil).text
      try require(!listed.contains(secret.dropFirst("whsec_".count)), "a secret is told a second time")
    case "webhook-change": try checkWebhook(said, body, client)
    case "run": try require(said["run"]?.stringValue?.isEmpty == false, "a run without a name")
    default: break
    }
  }

  /// What is told at once is what the list tells, and what was asked for.
  private static func checkListed(
    _ told: JSONValue?, _ body: JSONValue, in path: String, _ list: String, _ client: LocalClient
  ) throws(PropertyFault) {
    let items = try client.ask("GET", path, nil).json?[list]?.arrayValue ?? []
    guard let told, items.contains(told) else { throw PropertyFault("what was made is not in the list") }
    for name in ["role", "name", "kind", "workflows", "expiresAtMilliseconds"] {
      guard let wanted = body[name] else { continue }
      try require(told[name] == wanted, "another \(name) than asked for")
    }
  }

  private static func checkWebhook(_ told: JSONValue?, _ body: JSONValue, _ client: LocalClient) throws(PropertyFault) {
    let hooks = try client.ask("GET", "/workflows/\(workflow)/webhooks", nil).json?["webhooks"]?.arrayValue ?? []
    guard let told, hooks == [told], let url = told["url"]?.stringValue else { throw PropertyFault("it is not the one that is listed") }
    for name in ["url", "active"] {
      guard let wanted = body[name] else { continue }
      try require(told[name] == wanted, "another \(name) than asked for")
    }
    if let wanted = body["events"]?.arrayValue {
      let events = told["events"]?.arrayValue ?? []
      try require(Set(events) == Set(wanted) && events.count == wanted.count, "other events than asked for")
    }
    try require(!NumericHost.isInside(url), "it leads to where strangers may not look: \(url)")
  }

  private static func checkGraph(of id: String, _ canvas: CanvasDocument?, titled title: JSONValue?, _ client: LocalClient)
    throws(PropertyFault)
  {
    guard let exported = try? CanvasJSON.parse(try client.ask("GET", "/workflows/\(id)/export", nil).text) else {
      throw PropertyFault("an export that is no canvas")
    }
    if let title { try require(exported.title == title.stringValue, "another title") }
    guard let canvas else { return }
    let typed = canvas.nodes.filter { $0.fields[.type] != nil }
    try require(Set(exported.nodes.map(\.id)) == Set(typed.map(\.id)), "other nodes than sent")
    let names = Set(canvas.edges.map(\.key))
    try require(exported.edges.allSatisfy { names.contains($0.key) }, "other edges than sent")
  }

  /// Nothing of one input is there for the next.
  private static func clear(_ name: String, _ answer: LocalClient.Answer, _ client: LocalClient) throws(PropertyFault) {
    if name == "key", let key = answer.json?["key"]?["key"]?.stringValue {
      try require(try client.ask("DELETE", "/keys/\(key)", nil).status == 204, "a key that cannot be revoked")
    }
    let list = try client.ask("GET", "/workflows?limit=100", nil)
    guard list.status == 200, let listed = list.json?["workflows"]?.arrayValue else { throw PropertyFault("no list: \(list)") }
    for id in listed.compactMap({ $0["workflow"]?.stringValue }) {
      try require(try client.ask("DELETE", "/workflows/\(id)", nil).status == 204, "a workflow that cannot be deleted")
    }
  }
}

/// One connection to the server of this process that asks and waits.
final class LocalClient {
  struct Answer {
    var status: Int
    var contentType = ""
    var text = ""
    var json: JSONValue? { try? JSONValue(parsing: text) }
  }

  private var socket: LocalSocket
  private var unread: [UInt8] = []

  init() throws(PropertyFault) { socket = try LocalSocket(LocalServer.shared.port) }

  func ask(_ method: String, _ path: String, _ body: String?) throws(PropertyFault) -> Answer {
    var head = "\(method) /api/v1\(path) HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer \(LocalServer.token)\r\n"
    if let body { head += "content-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n" }
    _ = try socket.write(Array((head + "\r\n" + (body ?? "")).utf8))
    while true {
      if let (answer, isLast) = try takeAnswer() {
        if isLast {
          socket = try LocalSocket(LocalServer.shared.port)
          unread = []
        }
        return answer
      }
      let piece = try socket.read()
      try require(!piece.isEmpty, "the connection ends without an answer")
      unread += piece
    }
  }

  private func takeAnswer() throws(PropertyFault) -> (Answer, isLast: Bool)? {
    guard let end = unread.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    let lines = String(decoding: unread[..<end.lowerBound], as: UTF8.self).replacing("\r\n", with: "\n").split(separator: "\n")
    func value(_ name: String) -> String? {
      lines.first { $0.lowercased().hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
    }
    var answer = Answer(status: Int(lines[0].dropFirst(9).prefix(3)) ?? 0, contentType: value("content-type") ?? "")
    let length = value("content-length").flatMap { Int($0) } ?? 0
    guard unread.count >= end.upperBound + length else { return nil }
    answer.text = String(decoding: unread[end.upperBound..<end.upperBound + length], as: UTF8.self)
    unread.removeFirst(end.upperBound + length)
    return (answer, value("connection")?.lowercased() == "close")
  }
}
