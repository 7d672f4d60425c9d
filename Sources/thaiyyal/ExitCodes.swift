import ArgumentParser
import CollabClient
import CollabProtocol
import Glibc

extension ExitCode {
  /// Done, but the result is a failure.
  static let failedResult = ExitCode(1)
  static let badData = ExitCode(EX_DATAERR)
  static let noConnection = ExitCode(EX_UNAVAILABLE)
  static let notAllowed = ExitCode(EX_NOPERM)
  static let interrupted = ExitCode(130)
}

/// A file that cannot be used, and why.
struct DataFault: Error, CustomStringConvertible {
  var description: String
  init(_ text: String) { description = text }
}

/// Runs the body of a tool: what goes wrong becomes one line on standard error and an exit code.
func reporting(_ body: () async throws -> Void) async throws {
  do {
    try await body()
  } catch let code as ExitCode {
    throw code
  } catch let stop as ClientStop {
    Console.error("\(stop)")
    if stop.reason == .untrusted {
      Console.note("trust the server's certificate with --ca FILE or --fingerprint SHA256, or pass --insecure")
    }
    throw exitCode(of: stop)
  } catch let fault as DataFault {
    Console.error(fault.description)
    throw ExitCode.badData
  } catch let error as ClientError {
    Console.error(words(for: error))
    if case .readOnly = error { throw ExitCode.notAllowed }
    if case .refused(.forbidden, _) = error { throw ExitCode.notAllowed }
    throw ExitCode.failedResult
  } catch is CancellationError {
    Console.error("interrupted")
    throw ExitCode.interrupted
  }
}

private func exitCode(of stop: ClientStop) -> ExitCode {
  switch stop.reason {
  case .closedByServer(.notAuthenticated), .closedByServer(.forbidden): .notAllowed
  case .closedHere, .closedByServer, .untrusted, .unreachable, .fault: .noConnection
  }
}

private func words(for error: ClientError) -> String {
  switch error {
  case .notJoined: "not joined yet"
  case .readOnly(let role): "the role \(role) may not do this"
  case .pendingFull(let changes, _): "\(changes) changes wait for the server already"
  case .invalid(let text): "the document does not take this: \(text)"
  case .tooLarge(let text): "too large: \(text)"
  case .nothingToUndo: "nothing to undo"
  case .overwritten: "others have changed all of that since"
  case .refused(let code, let text): "refused (\(code)): \(text)"
  case .subscriberTooSlow: "this program could not keep up with the workflow"
  case .timedOut(let text): "no answer in time: \(text)"
  }
}
