import ArgumentParser

@main
struct ThaiyyalCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "thaiyyal",
    abstract: "Real-time collaboration for workflows: the server, and tools that join a workflow as people do.",
    discussion: """
      Start a server with "thaiyyal serve", look at a workflow in a browser, and let a few bots work on it:

        thaiyyal serve
        thaiyyal bot --workflow demo --clients 2 --insecure

      "bot", "record", "replay", "run", "import" and "export" join a workflow over a WebSocket, "key", "member" and "inspect" ask the server over HTTP: for all,
      "--url" and "--token" say where and as whom. "serve", "doctor", "validate", "token", "backup" and "restore" need no server.
      Results go to standard output, progress and errors to standard error.

      Exit codes: 0 done; 1 done, but the result is a failure (a failed run, a replay that ended differently); 64 wrong arguments;
      65 a file that cannot be used; 69 no connection, or the server ended it; 77 not allowed; 130 interrupted.
      """,
    version: "thaiyyal 0.1.0",
    subcommands: [
      ServeCommand.self, DoctorCommand.self, BotCommand.self, RecordCommand.self, ReplayCommand.self, RunCommand.self, ImportCommand.self,
      ExportCommand.self, ValidateCommand.self, TokenCommand.self, KeyCommand.self,
      MemberCommand.self, BackupCommand.self, RestoreCommand.self, InspectCommand.self,
    ])
}
