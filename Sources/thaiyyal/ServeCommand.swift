import ArgumentParser
import Glibc
import NIOCore
import Storage

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Start the server.",
    discussion: """
      Serves the canvas page, the collaboration protocol and health checks on one port, and keeps workflows in one SQLite file:

        thaiyyal serve                                   https://localhost:8443, open to this machine, certificate made on the spot
        thaiyyal serve --plain                           http://localhost:8080
        thaiyyal serve --host 0.0.0.0 --tokens FILE --cert chain.pem --key key.pem

      Each setting may come from a flag, from the environment (--drain-seconds is THAIYYAL_DRAIN_SECONDS), or from a JSON file given with
      --config or THAIYYAL_CONFIG ({"drain-seconds": 5}); the first of these that has it counts. --print-config shows the outcome.

      The tokens file: {"tokens": [{"name": "ada", "role": "editor", "kind": "person", "secret": "at least 16 bytes"}]}.
      Roles: viewer, commenter, editor, runner, owner. Kinds, optional: person, bot, agent. Accounts of an identity provider come in with signed
      tokens: --jwks FILE with its public keys. Programs get keys: thaiyyal key.

      Runs reach nothing outside unless told to: --http-allow HOST lets http nodes fetch from there (never from private, loopback, link-local or
      metadata addresses, unless --http-allow-private covers them); --plugin URL adds the node types of a program of yours (docs/PLUGINS.md);
      --engine-url URL hands whole graphs to a Thaiyyal server instead of running them here.

      Signals: SIGTERM or Ctrl-C says goodbye to everybody, saves, and ends; a second one ends at once. SIGHUP reads the certificate and the keys of
      signed tokens anew.
      Exit codes: 0 after a shutdown; 64 wrong arguments; 65 a data file that cannot be used; 69 cannot listen; 78 wrong configuration;
      130 ended by a second signal.
      """)

  @OptionGroup var options: ServeOptions
  @Flag(help: "Print every setting with its value and where it came from, and end.")
  var printConfig = false

  func run() async throws {
    do {
      let configuration = try await ServeConfiguration(options)
      if printConfig {
        for line in configuration.lines { Console.line(line) }
      } else {
        try await ServeProcess(configuration).run()
      }
    } catch let fault as ConfigurationFault {
      Console.error(fault.text)
      throw ExitCode(EX_CONFIG)
    } catch let error as StoreError {
      Console.error("the data file: \(error.text)")
      throw ExitCode.badData
    } catch let error as ListenFault {
      Console.error(error.text)
      throw ExitCode(EX_UNAVAILABLE)
    }
  }
}

/// The port cannot be listened on; one line for a person.
struct ListenFault: Error {
  var text: String

  /// - Returns: `nil` when the error has nothing to do with listening.
  init?(_ error: any Error, host: String, port: Int) {
    let place = "cannot listen on \(host):\(port)"
    switch error {
    case let error as IOError where error.errnoCode == EADDRINUSE:
      text = "\(place): another program does already; choose another --port, or find it with ss -ltnp"
    case let error as IOError where error.errnoCode == EACCES:
      text = "\(place): not allowed; ports below 1024 need the capability net_bind_service"
    case let error as IOError where error.errnoCode == EADDRNOTAVAIL:
      text = "\(place): this machine has no such address"
    case let error as IOError: text = "\(place): \(String(cString: strerror(error.errnoCode)))"
    case is SocketAddressError: text = "\(place): no such address"
    default: return nil
    }
  }
}
