import Access
import ArgumentParser
import CollabProtocol
import OutboundPolicy
import WorkflowDocument
import WorkflowGraph

/// Who may do what in a workflow, asked and told over the REST interface.
struct MemberCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "member", abstract: "Show who may do what in a workflow, and change it.",
    discussion: """
      Asks the server at --url. Changing takes the role owner, in the workflow or everywhere; it reaches open connections at once.

        thaiyyal member list demo --url wss://example.org
        thaiyyal member set demo ada editor --url wss://example.org
        thaiyyal member remove demo ada --url wss://example.org
        thaiyyal member kick demo ada --url wss://example.org
      """, subcommands: [List.self, Set.self, Remove.self, Kick.self])

  /// A member of a workflow on a server.
  struct Place: ParsableArguments {
    @Argument(help: "The workflow's id.")
    var workflow: String
    @Argument(help: ArgumentHelp("Who: what the credential names as its subject.", valueName: "subject"))
    var subject: String

    func validate() throws {
      guard WorkflowID(workflow) != nil else { throw ValidationError("\"\(workflow)\" is no workflow id") }
      guard !subject.isEmpty else { throw ValidationError("the subject is empty") }
    }

    var path: String { "workflows/\(workflow)/members/\(ServerCall.part(subject))" }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the members of a workflow.")
    @Argument(help: "The workflow's id.")
    var workflow: String
    @OptionGroup var server: ServerOptions

    func validate() throws {
      guard WorkflowID(workflow) != nil else { throw ValidationError("\"\(workflow)\" is no workflow id") }
    }

    func run() async throws {
      let answer = try await ServerCall(server).send(.get, "workflows/\(workflow)/members")
      for case let member as [String: Any] in answer["members"] as? [Any] ?? [] {
        Console.line(["subject", "role"].map { Console.plain(member[$0] as? String ?? "") }.joined(separator: "\t"))
      }
    }
  }

  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make somebody a member, or give a member another role.")
    @OptionGroup var place: Place
    @Argument(help: "viewer, commenter, editor, runner or owner.")
    var role: String
    @OptionGroup var server: ServerOptions

    func validate() throws {
      guard Role(word: role) != nil else { throw ValidationError("\"\(role)\" is none of viewer, commenter, editor, runner, owner") }
    }

    func run() async throws { _ = try await ServerCall(server).send(.put, place.path, body: ["role": role]) }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End a membership; open sessions that lived by it are closed.")
    @OptionGroup var place: Place
    @OptionGroup var server: ServerOptions

    func run() async throws { _ = try await ServerCall(server).send(.delete, place.path) }
  }

  struct Kick: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Close somebody's open sessions; the rights stay.")
    @OptionGroup var place: Place
    @OptionGroup var server: ServerOptions

    func run() async throws { _ = try await ServerCall(server).send(.post, place.path + "/kick") }
  }
}
