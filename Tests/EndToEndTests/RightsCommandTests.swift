import Foundation
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import CollabClient

/// The commands that an operator gives about rights, to a server of a real process.
@Suite("Keys and members from the command line", .timeLimit(.minutes(1)), .enabled(if: ChildServer.executable != nil, "not built"))
struct RightsCommandTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder("rights") }

  /// A server that knows people by signed tokens: Ada is owner of everything, Bo is what a workflow makes him.
  private func serve() async throws -> (server: ChildServer, ada: String, bo: String) {
    let keys = folder.file("keys.json")
    #expect(await ChildServer.run(["token", "--new-key", keys]) == 0)
    let ada = await ChildServer.command(["token", "--secret-file", keys, "--subject", "ada", "--role", "owner"])
    let bo = await ChildServer.command(["token", "--secret-file", keys, "--subject", "bo"])
    try #require(ada.status == 0 && bo.status == 0)
    let server = try await ChildServer.start(ChildServer.executable!, data: folder.file("data.sqlite"), port: 0, more: ["--jwks", keys])
    return (server, ada.output.trimmingCharacters(in: .newlines), bo.output.trimmingCharacters(in: .newlines))
  }

  private func ask(_ server: ChildServer, as token: String, _ arguments: String...) async -> ChildServer.Outcome {
    await ChildServer.command(
      arguments + ["--url", "ws://127.0.0.1:\(server.port)"], environment: ["THAIYYAL_TOKEN": token])
  }

  private func session(_ server: ChildServer, token: String, kind: Author.Kind = .person, create: Bool = false) -> CollabSession {
    var replica = ReplicaOptions(name: "someone")
    (replica.token, replica.kind, replica.create, replica.attemptsMax) = (token, kind, create, 1)
    let address = ServerAddress(isSecure: false, host: "127.0.0.1", port: server.port)
    return CollabSession(SessionOptions(server: address, workflow: WorkflowID("demo")!, replica: replica))
  }

  @Test("[AC5, AC7] a key is made, let in, listed and revoked beside the running server; without the right it is not made")
  func keys() async throws {
    let (server, ada, bo) = try await serve()
    defer { folder.remove() }
    #expect(await ask(server, as: bo, "key", "create", "--name", "x", "--role", "owner").status == 77)
    let made = await ask(server, as: ada, "key", "create", "--name", "ci", "--role", "editor", "--workflow", "demo", "--days", "2")
    #expect(made.status == 0, "\(made.errors)")
    let token = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    let user = session(server, token: token, kind: .bot, create: true)
    try await user.joined()
    let listed = await ask(server, as: ada, "key", "list").output.split(separator: "\n")
    let columns = try #require(listed.first).split(separator: "\t").map(String.init)
    #expect(listed.count == 1 && columns.count == 7)
    #expect(Array(columns[1...3]) == ["editor", "bot", "demo"] && columns[6] == "ci")
    #expect(columns[4] != "never" && columns[5] != "never", "it ends in two days, and was used just now: \(columns)")
    #expect(!listed[0].contains(token))

    #expect(await ask(server, as: ada, "key", "revoke", "0123456789abcdef").status == 1)
    #expect(await ask(server, as: ada, "key", "revoke", "no id").status == 64)
    #expect(await ask(server, as: ada, "key", "revoke", columns[0]).status == 0)
    await #expect(throws: ClientStop.self) { try await user.wait { _ in false } }
    let late = session(server, token: token, kind: .bot)
    await #expect(throws: ClientStop.self) { try await late.joined() }
    #expect(await ask(server, as: ada, "key", "list").output.isEmpty)

    // The file itself is the running server's alone.
    let inFile = await ChildServer.command(["key", "list", "--data", folder.file("data.sqlite")])
    #expect(inFile.status == 65 && inFile.errors.contains("in use"), "\(inFile.errors)")
    server.terminate()
    #expect(await server.exitStatus() == 0)
    #expect(await ChildServer.command(["key", "list", "--data", folder.file("none")]).status == 66)
    let offline = await ChildServer.command(["key", "create", "--data", folder.file("data.sqlite"), "--name", "off", "--role", "viewer"])
    #expect(offline.status == 0 && !offline.output.isEmpty)
    let kept = await ChildServer.command(["key", "list", "--data", folder.file("data.sqlite")]).output
    #expect(kept.hasSuffix("\toff\n") && kept.contains("\tnever\tnever\t"))
    let id = String(kept.prefix(16))
    #expect(await ChildServer.command(["key", "revoke", id, "--data", folder.file("data.sqlite")]).status == 0)
    #expect(await ChildServer.command(["key", "revoke", id, "--data", folder.file("data.sqlite")]).status == 1)
  }

  @Test("[AC3, AC7] a member is made, listed, lowered, kicked and removed beside the running server")
  func members() async throws {
    let (server, ada, bo) = try await serve()
    defer { folder.remove() }
    let owner = session(server, token: ada, create: true)
    try await owner.joined()
    #expect(await ask(server, as: bo, "member", "set", "demo", "bo", "owner").status == 77)
    #expect(await ask(server, as: ada, "member", "set", "demo", "bo", "god").status == 64)
    #expect(await ask(server, as: ada, "member", "set", "demo", "bo", "editor").status == 0)
    // A subject is anything that a credential may name.
    let odd = "o'dd/ü?#%41"
    #expect(await ask(server, as: ada, "member", "set", "demo", odd, "viewer").status == 0)
    let editor = session(server, token: bo)
    try await editor.joined()
    try await editor.edit(Make.node("n"))
    try await editor.saved()
    let lines = await ask(server, as: ada, "member", "list", "demo").output.split(separator: "\n").map(String.init)
    #expect(Set(lines).isSuperset(of: ["bo\teditor", "\(odd)\tviewer"]), "\(lines)")
    #expect(await ask(server, as: ada, "member", "list", "nowhere").status == 1)
    let report = await ChildServer.command(["inspect", "demo", "--data", folder.file("data.sqlite")]).output
    #expect(report.contains("members.editor  1\n") && report.contains("members.viewer  1\n"), "\(report)")

    #expect(await ask(server, as: ada, "member", "kick", "demo", "bo").status == 0)
    await #expect(throws: ClientStop.self) { try await editor.wait { _ in false } }
    #expect(await ask(server, as: ada, "member", "remove", "demo", odd).status == 0)
    #expect(await ask(server, as: ada, "member", "remove", "demo", odd).status == 1)
    await owner.close()
    server.terminate()
    #expect(await server.exitStatus() == 0)
  }
}
