import ArgumentParser
import Foundation

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Check whether this machine and this configuration can serve.",
    discussion: """
      Takes the flags of serve, reads the same environment and configuration file, starts nothing and changes nothing that lasts.
      Prints one line per check: ok, warn or fail, with what to do about it.
      Exit code: 0 when nothing failed, 1 when something did.
      """)

  @OptionGroup var options: ServeOptions

  func run() async throws {
    var findings = DoctorMachine.check()
    do {
      let configuration = try await ServeConfiguration(options)
      findings.append(.ok("settings", "flags, environment and configuration file agree"))
      findings += DoctorNetwork.check(configuration)
      findings += await DoctorStorage.check(configuration)
      findings += DoctorSecrets.check(configuration)
      findings += await DoctorOutside.check(configuration.outside)
    } catch {
      findings.append(.fail("settings", "\(error)", "thaiyyal serve --help names all settings; the checks that need them were left out"))
    }
    for finding in findings { print(finding.line) }
    let failed = findings.count { $0.level == .fail }
    let warned = findings.count { $0.level == .warn }
    print(failed > 0 ? "\n\(failed) of \(findings.count) checks failed." : warned > 0 ? "\nReady, with \(warned) warnings." : "\nReady.")
    if failed > 0 { throw ExitCode(1) }
  }
}
