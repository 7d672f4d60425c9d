import Access
import ArgumentParser
import CollabProtocol
import Foundation
import Glibc
import Hashing
import WorkflowGraph

/// Signed tokens of one's own making, and keys to sign them with: for development, and for programs that act for somebody.
struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Make a signed token, or a key to sign tokens with.",
    discussion: """
      A key is a JWK Set in a file that only you can read; a server believes what is signed with it when it is started with --jwks:

        thaiyyal token --new-key keys.json
        thaiyyal serve --jwks keys.json
        thaiyyal token --secret-file keys.json --subject ada --role editor
        thaiyyal token --secret-file keys.json --subject eve --workflow demo=viewer --ttl 10m

      --role alone holds in every workflow; with --workflow it is the most that the subject may do anywhere, and a workflow called * stands for all others.
      Without both the subject has what its memberships give it, and may make workflows of its own.

      The token is the only thing on standard output.
      """)

  @Option(help: ArgumentHelp("Write a new key (HS256) to this file, and end. The file must not be there.", valueName: "file"))
  var newKey: String?
  @Flag(help: "With --new-key: a pair on P-256 (ES256), so that whoever checks tokens cannot make them.")
  var pair = false
  @Option(help: ArgumentHelp("The key to sign with: a JWK Set with one key that can.", valueName: "file"))
  var secretFile: String?
  @Option(help: ArgumentHelp("Who it is for.", valueName: "text"))
  var subject: String?
  @Option(help: ArgumentHelp("viewer, commenter, editor, runner or owner.", valueName: "role"))
  var role: String?
  @Option(help: ArgumentHelp("A role in one workflow, such as demo=editor. Repeatable.", valueName: "id=role"))
  var workflow: [String] = []
  @Option(help: ArgumentHelp("How the subject is called on the canvas.", valueName: "text"))
  var name: String?
  @Option(help: ArgumentHelp("person, bot or agent.", valueName: "kind"))
  var kind: String?
  @Option(help: ArgumentHelp("How long it is good: a number with s, m, h or d. (default: 12h)", valueName: "time"))
  var ttl = "12h"
  @Option(help: ArgumentHelp("What the server is started with as --jwt-issuer.", valueName: "text"))
  var issuer: String?
  @Option(help: ArgumentHelp("What the server is started with as --jwt-audience.", valueName: "text"))
  var audience: String?

  func validate() throws {
    guard newKey == nil else {
      guard secretFile == nil, subject == nil else { throw ValidationError("--new-key makes a key and no token") }
      return
    }
    guard secretFile != nil else { throw ValidationError("--secret-file: the key to sign with is needed; --new-key FILE makes one") }
    guard let subject, Principal.isSubject(subject), !Principal.isReserved(subject) else {
      throw ValidationError("--subject: 1 to \(Principal.subjectBytesMax) bytes, not beginning with key: or link:")
    }
    guard !pair else { throw ValidationError("--pair goes with --new-key") }
    _ = try claims(nowSeconds: 0)
  }

  func run() throws {
    if let newKey { return try makeKey(newKey) }
    guard let secretFile else { return }
    let set: KeySet
    do throws(ConfigurationFault) { set = try SigningKeys.load(secretFile) } catch {
      Console.error(error.text)
      throw ExitCode.badData
    }
    let signers = set.entries.filter { $0.key.canSign }
    guard signers.count == 1,
      let text = TokenMaker.make(
        claims: try claims(nowSeconds: UInt64(Date().timeIntervalSince1970)), key: signers[0].key, keyID: signers[0].id)
    else {
      Console.error("the key set \(secretFile) holds \(signers.count) keys that can sign; one is needed")
      throw ExitCode.badData
    }
    Console.line(text)
  }

  // MARK: claims

  private func claims(nowSeconds now: UInt64) throws -> JSONText {
    var members: [JSONValue.Member] = [.init("sub", .string(subject ?? ""))]
    members.append(.init("iat", .number(Double(now))))
    members.append(.init("exp", .number(Double(now + (try seconds(ttl))))))
    for (claim, text) in [("name", name), ("iss", issuer), ("aud", audience)] {
      if let text { members.append(.init(claim, .string(text))) }
    }
    if let name, !(1...64).contains(name.utf8.count) { throw ValidationError("--name: 1 to 64 bytes") }
    if let kind {
      guard ["person", "bot", "agent"].contains(kind) else { throw ValidationError("--kind: person, bot or agent") }
      members.append(.init("kind", .string(kind)))
    }
    if let role { members.append(.init("role", .string(try Self.role(role, "--role")))) }
    if !workflow.isEmpty {
      var roles: [JSONValue.Member] = []
      for text in workflow {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts[0] == "*" || WorkflowID(parts[0]) != nil, !roles.contains(where: { $0.name == parts[0] }) else {
          throw ValidationError("--workflow: \"\(text)\" is not of the form id=role, each id once")
        }
        roles.append(.init(parts[0], .string(try Self.role(parts[1], "--workflow"))))
      }
      members.append(.init("workflows", .object(roles)))
    }
    return JSONText(.object(members))
  }

  private static func role(_ word: String, _ flag: String) throws -> String {
    guard Role(word: word) != nil else {
      let known = Role.allCases.map { "\($0)" }
      throw ValidationError("\(flag): role \"\(word)\" is none of \(known.joined(separator: ", "))" + hint(for: word, among: known))
    }
    return word
  }

  private func seconds(_ text: String) throws -> UInt64 {
    let units: [Character: UInt64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let count = UInt64(text.dropLast()),
      (1...36_500).contains(count) || unit < 3600 && (1...1_000_000).contains(count)
    else { throw ValidationError("--ttl: a number with s, m, h or d, such as 12h") }
    return count * unit
  }

  // MARK: keys

  private func makeKey(_ path: String) throws {
    let id = Hex.encode(RandomBytes.make(8))
    let jwk: String
    if pair {
      let (x, y, number) = SignatureKey.makeP256()
      jwk = """
        {"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"\(id)","x":"\(Base64.encode(x, .url))","y":"\(Base64.encode(y, .url))",\
        "d":"\(Base64.encode(number, .url))"}
        """
    } else {
      jwk = #"{"kty":"oct","alg":"HS256","use":"sig","kid":"\#(id)","k":"\#(Base64.encode(RandomBytes.make(32), .url))"}"#
    }
    let text = #"{"keys":[\#(jwk)]}"# + "\n"
    // Nobody else may read it, not even for a moment.
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      Console.error("cannot make \(path): \(String(cString: strerror(errno)))")
      throw ExitCode(EX_CANTCREAT)
    }
    defer { close(file) }
    let bytes = Array(text.utf8)
    guard write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
      Console.error("cannot write \(path): \(String(cString: strerror(errno)))")
      throw ExitCode(EX_IOERR)
    }
    Console.note("key \(id) written to \(path)")
    if pair { Console.note("for servers that only check, leave out the member \"d\"") }
  }
}
