import CRDT
import CollabProtocol
import HTTPTypes
import Hummingbird
import NIOHTTP1
import WorkflowGraph

/// How a run is asked for: the body of the request, `Idempotency-Key`, and `Prefer` (RFC 7240).
struct RunOptions {
  var request = RunRequest()
  /// Zero: answer as soon as it has begun.
  var wait: Duration

  static let bodyBytesMax = 256 << 10
  static let waitMax = Duration.seconds(300)
  static let waitDefault = Duration.seconds(30)

  /// - Parameters:
  ///   - waits: whether the address waits for the end unless told otherwise.
  ///   - key: used when the request brings none: a run of its own.
  init(_ request: Request, _ body: JSONText?, waits: Bool, key: String) throws {
    wait = waits ? Self.waitDefault : .zero
    self.request.request = RunDesk.request
    self.request.idempotencyKey = key
    if let body { try take(body) }
    try checkKey()
    if let header = try OnceDesk.key(of: request) { self.request.idempotencyKey = header }
    for preference in (request.headers[Self.prefer] ?? "").split(separator: ",") {
      take(preference: preference.prefix { $0 != ";" }.lowercased().filter { $0 != " " })
    }
  }

  private static let prefer = HTTPField.Name("prefer")!

  private func checkKey() throws {
    guard (1...128).contains(request.idempotencyKey.utf8.count) else {
      throw Problem(.badRequest, "An idempotency key has 1 to 128 bytes.")
    }
  }

  private mutating func take(preference: String) {
    if preference == "respond-async" { wait = .zero }
    guard preference.hasPrefix("wait=") else { return }
    // What is not understood is no preference (RFC 7240 §2).
    guard let seconds = Int(preference.dropFirst(5).filter { $0 != "\"" }), seconds >= 0 else { return }
    wait = min(.seconds(min(seconds, 3600)), Self.waitMax)
  }

  private mutating func take(_ body: JSONText) throws {
    guard case .object(let members)? = try? body.value() else { throw Problem(.badRequest, "The body must be a JSON object.") }
    for member in members {
      switch member.name {
      case "policy":
        request.policy = try Self.choice(member, ["coalesce": .coalesce, "queue": .queue, "parallel": .parallel, "reject": .reject])
      case "parked": request.parked = try Self.choice(member, ["refuse": .refuse, "prune": .prune])
      case "idempotencyKey":
        guard let key = member.value.stringValue else { throw Problem(.badRequest, "idempotencyKey must be a text.") }
        request.idempotencyKey = key
      case "include": request.include = try Self.version(member.value)
      default: throw Problem(.badRequest, "There is no option \(JSONText.string(member.name).text.prefix(80)).")
      }
    }
  }

  private static func choice<T>(_ member: JSONValue.Member, _ choices: [String: T]) throws -> T {
    guard let name = member.value.stringValue, let choice = choices[name] else {
      throw Problem(.badRequest, "\(member.name) must be one of: \(choices.keys.sorted().joined(separator: ", ")).")
    }
    return choice
  }

  /// `{"replica":[…],"seq":[…]}` as in the protocol [CR4]; a seq is a number or a text of digits.
  private static func version(_ value: JSONValue) throws -> Version {
    let fault = Problem(.badRequest, "include must be a version: replica ascending from 1, seq at least 1, both equally long.")
    guard let replicas = value["replica"]?.arrayValue, let seqs = value["seq"]?.arrayValue, replicas.count == seqs.count,
      replicas.count <= 4096
    else { throw fault }
    var version = Version()
    var last = 0.0
    for (replica, seq) in zip(replicas, seqs) {
      guard let replica = replica.numberValue, replica > last, let id = UInt32(exactly: replica),
        let seq = seq.stringValue.flatMap({ UInt64($0) }) ?? seq.numberValue.flatMap({ UInt64(exactly: $0) }), seq > 0
      else { throw fault }
      last = replica
      version.raise(ReplicaID(id), to: seq)
    }
    return version
  }
}
