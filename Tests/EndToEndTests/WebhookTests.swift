import Foundation
import LoopbackServer
import Synchronization
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import CollabClient

/// Webhooks of a real process, killed without mercy.
@Suite(
  "Webhooks of a server that is killed", .timeLimit(.minutes(2)),
  .enabled(if: ChildServer.executable != nil, "the executable was not built")
)
struct WebhookTests {
  private static let graph = #"{"id":"told","canvas":{"nodes":[{"id":"a","type":"numberNode","data":{"value":7}}],"edges":[]}}"#

  @Test(
    "[WH2, WH8, ST9] kill -9 between a run's end and its delivery: the next process delivers it, and the edits before it, each once and signed"
  )
  func killed() async throws {
    let folder = try TestFolder("webhooks")
    defer { folder.remove() }
    let receiver = try await LoopbackServer.start { _ in .answer(204, "") }
    let more = ChildServer.webhooks(to: receiver.port)
    let data = folder.file("data.sqlite")
    let first = try await ChildServer.start(ChildServer.executable!, data: data, port: 0, more: more)
    let (secret, status): (String, String)
    do {
      #expect(try await HTTPCall.send("POST", "/api/v1/workflows", Self.graph, port: first.port).status == 201)
      let hook = #"{"url":"\#(receiver.origin)/hook","events":["run.finished","workflow.changed","version.created"]}"#
      let made = try await HTTPCall.send("POST", "/api/v1/workflows/told/webhooks", hook, port: first.port)
      #expect(made.status == 201)
      secret = try #require(try made.json["secret"]?.stringValue)
      try await Self.edit(first.port)
      #expect(try await HTTPCall.send("POST", "/api/v1/workflows/told/versions", #"{"name":"one"}"#, port: first.port).status == 201)
      let run = try await HTTPCall.send("POST", "/api/v1/workflows/told/execute", "{}", port: first.port)
      #expect(run.status == 200)
      status = try #require(try run.json["status"]?.stringValue)
    } catch {
      await first.killNow()
      throw error
    }
    // The end is durable; it is told a second later.
    await first.killNow()
    #expect(receiver.requests.allSatisfy { !$0.body.contains("run.finished") })

    let second = try await ChildServer.start(ChildServer.executable!, data: data, port: first.port, more: more)
    func heard(_ event: String) -> [LoopbackServer.Request] { receiver.requests.filter { $0.body.contains("\"type\":\"\(event)\"") } }
    for event in ["run.finished", "workflow.changed", "version.created"] {
      while heard(event).isEmpty { try await Task.sleep(for: .milliseconds(20)) }
    }
    let end = try #require(heard("run.finished").first)
    #expect(heard("run.finished").count == 1)
    // One that was under way when the process died may come again, under the same id.
    #expect(Set(heard("version.created").map { $0.fields["webhook-id"] }).count == 1)
    let changed = try #require(try JSONValue(parsing: heard("workflow.changed")[0].body)["data"])
    #expect(try #require(changed["changeCount"]?.numberValue) >= 4 && changed["authors"]?.arrayValue?.isEmpty == false)
    let told = try JSONValue(parsing: end.body)["data"]
    #expect(
      told?["workflow"]?.stringValue == "told" && told?["status"]?.stringValue == status && told?["workflowVersion"]?.numberValue == 1)
    #expect(!end.body.contains("value"), "no setting of a node leaves the server")
    try Self.verify(end, secret: secret)
    second.terminate()
    #expect(await second.exitStatus() == 0)
    try await receiver.stop()
  }

  @Test(
    "[WH2, WH8, GB1] one server takes over with an attempt under way, deliveries that wait and changes untold: all arrive, one at a time"
  )
  func takenOver() async throws {
    let folder = try TestFolder("webhooks")
    defer { folder.remove() }
    let isFirst = Atomic(true)
    // Its first attempt is under way when the first server ends, however long that takes.
    let stuck = try await LoopbackServer.start { _ in isFirst.exchange(false, ordering: .relaxed) ? .silence : .answer(204, "") }
    let quick = try await LoopbackServer.start { _ in .answer(204, "") }
    let more = ChildServer.webhooks(to: stuck.port, quick.port)
    let data = folder.file("data.sqlite")
    let first = try await ChildServer.start(ChildServer.executable!, data: data, port: 0, more: more)
    var runs: [String] = []
    do {
      #expect(try await HTTPCall.send("POST", "/api/v1/workflows", Self.graph, port: first.port).status == 201)
      for receiver in [stuck, quick] {
        let hook = #"{"url":"\#(receiver.origin)/hook","events":["run.finished","workflow.changed"]}"#
        #expect(try await HTTPCall.send("POST", "/api/v1/workflows/told/webhooks", hook, port: first.port).status == 201)
      }
      for _ in 0..<3 { runs.append(try await Self.run(first.port)) }
      await stuck.asked(1)
      try await Self.edit(first.port)
      // Told a second after their ends: these two wait for both receivers.
      for _ in 0..<2 { runs.append(try await Self.run(first.port)) }
    } catch {
      await first.killNow()
      throw error
    }
    async let starting = ChildServer.start(ChildServer.executable!, data: data, port: first.port, more: more)
    first.terminate()
    #expect(await first.exitStatus() == 0)
    let second = try await starting
    runs.append(try await Self.run(second.port))

    for receiver in [stuck, quick] {
      var ids: [String: Set<String?>] = [:]
      while ids.count < runs.count + 1 {
        try await Task.sleep(for: .milliseconds(20))
        for request in receiver.requests {
          let data = try #require(try JSONValue(parsing: request.body)["data"])
          ids[data["run"]?.stringValue ?? "changes", default: []].insert(request.fields["webhook-id"])
        }
      }
      #expect(Set(ids.keys) == Set(runs + ["changes"]) && ids.values.allSatisfy { $0.count == 1 })
      #expect(receiver.openMostCount == 1)
    }
    let again = stuck.requests.filter { $0.fields["webhook-id"] == stuck.requests[0].fields["webhook-id"] }
    #expect(again.count == 2 && again[0].body == again[1].body, "what was cut off came again")
    second.terminate()
    #expect(await second.exitStatus() == 0)
    for receiver in [stuck, quick] { try await receiver.stop() }
  }

  /// - Returns: its id.
  private static func run(_ port: Int) async throws -> String {
    let answer = try await HTTPCall.send("POST", "/api/v1/workflows/told/execute", "{}", port: port)
    #expect(answer.status == 200)
    return try #require(try answer.json["run"]?.stringValue)
  }

  @Test("[WH7] inspect shows where webhooks lead and how they fare, doctor warns of what was given up; neither shows a secret or a path")
  func commands() async throws {
    let folder = try TestFolder("webhooks")
    defer { folder.remove() }
    let receiver = try await LoopbackServer.start { _ in .answer(410, "") }
    let data = folder.file("data.sqlite")
    let server = try await ChildServer.start(
      ChildServer.executable!, data: data, port: 0, more: ChildServer.webhooks(to: receiver.port))
    let (hook, secret): (String, String)
    do {
      #expect(try await HTTPCall.send("POST", "/api/v1/workflows", Self.graph, port: server.port).status == 201)
      let path = "/api/v1/workflows/told/webhooks"
      let body = #"{"url":"\#(receiver.origin)/MARKED-path?key=MARKED-query","events":["run.finished"]}"#
      let made = try await HTTPCall.send("POST", path, body, port: server.port).json
      hook = try #require(made["webhook"]?["webhook"]?.stringValue)
      secret = try #require(made["secret"]?.stringValue)
      let healthy = await Self.report(data)
      #expect(healthy.inspect.contains("webhook  \(hook) to \(receiver.origin), on, 0 waiting, 0 dead letters\n"), "\(healthy)")
      #expect(healthy.doctor.contains("ok    webhooks    1: none switched off by the server, no dead letters\n"), "\(healthy)")
      #expect(try await HTTPCall.send("POST", "\(path)/\(hook)/test", port: server.port).status == 202)
      while try await HTTPCall.send("GET", "\(path)/\(hook)", port: server.port).json["active"]?.boolValue == true {
        try await Task.sleep(for: .milliseconds(20))
      }
    } catch {
      await server.killNow()
      throw error
    }
    let (inspect, doctor) = await Self.report(data)
    let beginning = "webhook  \(hook) to \(receiver.origin), off, 0 waiting, 1 dead letters, "
    let fact = try #require(inspect.split(separator: "\n").first { $0.hasPrefix(beginning) })
    #expect(fact.contains("failing since 20") && fact.hasSuffix(": The receiver answered 410: it is gone."))
    #expect(doctor.contains("warn  webhooks    1, 1 of them switched off by the server, 1 dead letters"), "\(doctor)")
    for text in [inspect, doctor] { #expect(!text.contains("MARKED") && !text.contains(secret.dropFirst(6))) }
    server.terminate()
    #expect(await server.exitStatus() == 0)
    try await receiver.stop()
  }

  private static func report(_ data: String) async -> (inspect: String, doctor: String) {
    async let inspect = ChildServer.command(["inspect", "told", "--data", data]).output
    async let doctor = ChildServer.command(["doctor", "--plain", "--data", data]).output
    return await (inspect, doctor)
  }

  private static func edit(_ port: Int) async throws {
    var replica = ReplicaOptions(name: "writer")
    replica.kind = .bot
    let session = CollabSession(
      SessionOptions(server: ServerAddress(isSecure: false, host: "127.0.0.1", port: port), workflow: WorkflowID("told")!, replica: replica)
    ) { _, _ in }
    try await session.joined()
    var mix = EditMix(seed: 1, prefix: "w-")
    mix.withPresence = false
    for _ in 0..<4 { try await session.step(&mix) }
    try await session.saved()
    await session.close()
  }

  /// By OpenSSL's own tool: nothing of ours is in it.
  private static func verify(_ request: LoopbackServer.Request, secret: String) throws {
    let id = try #require(request.fields["webhook-id"])
    let seconds = try #require(request.fields["webhook-timestamp"])
    let key = try #require(Data(base64Encoded: String(secret.dropFirst("whsec_".count))))
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let hex = key.map { String(format: "%02x", $0) }.joined()
    process.arguments = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:\(hex)", "-binary"]
    let (input, output) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput) = (input, output)
    try process.run()
    input.fileHandleForWriting.write(Data("\(id).\(seconds).\(request.body)".utf8))
    try input.fileHandleForWriting.close()
    let digest = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(request.fields["webhook-signature"] == "v1," + digest.base64EncodedString())
  }
}
