import ArgumentParser
import Foundation
import WorkflowEngine
import WorkflowGraph

struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Say everything that is wrong with a canvas file, without a server.",
    discussion: """
      Looks at structure, node types, settings, loops and connections without ends, all at once, by the node types that every server has.

        thaiyyal validate canvas.json

      Exit code 0 when the file can be imported and run, 1 when something forbids that, 65 when it cannot be read.
      """)

  @Argument(help: "The file; - reads standard input.")
  var file: String
  @Flag(help: "Each finding as one line of JSON on standard output.")
  var json = false

  func run() async throws {
    try await reporting { try work() }
  }

  private func work() throws {
    let findings = WorkflowEngine().validate(file: [UInt8](try InputFile.read(file)))
    for finding in findings { Console.line(json ? finding.json.text : Self.line(finding)) }
    let errors = findings.count { $0.issue.severity == .error }
    Console.note(errors == 0 ? "\(file) can be imported and run" : "\(file): \(errors) error\(errors == 1 ? "" : "s")")
    if errors > 0 { throw ExitCode.failedResult }
  }

  private static func line(_ finding: GraphValidation.Finding) -> String {
    let place = finding.place.map { "\($0): " } ?? ""
    let node = finding.issue.node.map { "node \($0): " } ?? ""
    return "\(place)\(finding.issue.severity) \(finding.issue.code): \(node)\(finding.issue.text)"
  }
}

/// A file that a command is given; "-" is standard input.
enum InputFile {
  static func read(_ file: String) throws -> Data {
    if file == "-" { return FileHandle.standardInput.readDataToEndOfFile() }
    guard let contents = FileManager.default.contents(atPath: file) else { throw DataFault("cannot read \(file)") }
    return contents
  }
}
