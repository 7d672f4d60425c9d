import CRDT
import CollabProtocol
import NIOCore
import NIOHTTP1
import RoomCore
import Rooms
import Storage
import WorkflowDocument
import WorkflowGraph

/// Makes a workflow of each canvas of a file. What is written goes through the room, like everybody's edits.
struct ImportDesk: Sendable {
  /// What became of one canvas.
  enum Outcome: Sendable {
    case made(WorkflowID, CanvasDocument)
    /// In words; nothing of it is there.
    case refused(sourceID: String?, title: String?, reason: String)

    var isMade: Bool { if case .made = self { true } else { false } }
  }

  let registry: RoomRegistry
  let door: AccessDesk
  let group: any EventLoopGroup

  /// Each becomes a workflow of its own; none is put into one that is there.
  func put(_ canvases: [Result<CanvasDocument, CanvasFault>], as hello: Hello, founder: String?) async throws -> [Outcome] {
    var outcomes: [Outcome] = []
    for canvas in canvases {
      switch canvas {
      case .failure(let fault): outcomes.append(.refused(sourceID: nil, title: nil, reason: "\(fault)"))
      case .success(let canvas):
        do { outcomes.append(try await put(canvas, as: hello, founder: founder)) } catch {
          // What is made already is told in any case.
          guard outcomes.contains(where: \.isMade) else { throw error }
          let rest = (error as? Problem)?.kind == .unconfirmed ? "look at what is there of it" : "try it again alone"
          let reason = "the server could not take it now; \(rest)"
          outcomes.append(.refused(sourceID: canvas.sourceID, title: canvas.title, reason: reason))
        }
      }
    }
    return outcomes
  }

  private func put(_ given: CanvasDocument, as hello: Hello, founder: String?) async throws -> Outcome {
    var canvas = given
    canvas.fillMissingPositions()
    func refused(_ reason: String) -> Outcome { .refused(sourceID: canvas.sourceID, title: canvas.title, reason: reason) }
    let limits = registry.configuration.limits.protocolLimits
    guard canvas.nodes.count <= limits.nodesMax, canvas.edges.count <= limits.edgesMax else {
      return refused(
        "it has \(canvas.nodes.count) nodes and \(canvas.edges.count) edges; a workflow has at most \(limits.nodesMax) and \(limits.edgesMax)"
      )
    }
    guard let workflow = try await makeEmpty(for: canvas, founder: founder) else { return refused("no free id was found for it") }
    do {
      guard let refusal = try await write(canvas, into: workflow, as: hello) else { return .made(workflow, canvas) }
      guard await takeBack(workflow) else { throw Problem.partlyDone }
      return refused(refusal)
    } catch let problem as Problem where problem.kind == .unconfirmed {
      throw problem
    } catch {
      // Nobody knows of it yet. What cannot be taken back is no refusal.
      guard await takeBack(workflow) else { throw Problem.partlyDone }
      throw error
    }
  }

  /// - Returns: false when a workflow that was made in vain stays, to be deleted by hand.
  func takeBack(_ workflow: WorkflowID) async -> Bool { (try? await registry.delete(workflow)) != nil }

  // MARK: a name

  /// Under its own id, one made of its title, or the next free one of that kind.
  func makeEmpty(for canvas: CanvasDocument, founder: String?) async throws -> WorkflowID? {
    let base = Self.id(canvas.sourceID ?? "") ?? Self.slug(canvas.title ?? "") ?? "workflow"
    for number in 1...Self.numberMax {
      guard let id = WorkflowID(number == 1 ? base : "\(base)-\(number)") else { return nil }
      if try await registry.create(id, founder: founder) { return id }
    }
    return nil
  }

  /// Of one name; whoever has so many should find another name.
  private static let numberMax = 100

  /// Room for a number behind it.
  private static let baseBytesMax = WorkflowID.bytesMax - 4

  /// An id as it is, where it can be one.
  private static func id(_ text: String) -> String? {
    WorkflowID(text) != nil && text.utf8.count <= baseBytesMax ? text : slug(text)
  }

  /// What an id may hold of a text, in lower case; `nil` when nothing is left.
  private static func slug(_ text: String) -> String? {
    var id = ""
    for scalar in text.unicodeScalars where id.utf8.count < baseBytesMax {
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
      if isPlain {
        id += String(scalar).lowercased()
      } else if !id.isEmpty, id.last != "-" {
        id += "-"
      }
    }
    while id.last == "-" { id.removeLast() }
    return id.isEmpty ? nil : id
  }

  // MARK: the content

  /// - Returns: why the room did not take all of it; `nil` when it did.
  private func write(_ canvas: CanvasDocument, into workflow: WorkflowID, as hello: Hello) async throws -> String? {
    var hello = hello
    hello.wants = Wants(changes: false, presence: false, runs: false, issues: false)
    hello.roleMax = .editor
    let guest = RoomGuest(hello, of: workflow, registry: registry, loop: group.next(), edits: true, door: door)
    defer { guest.leave() }
    var writer: ImportWriter?
    for try await event in guest.events {
      switch event {
      case .message(.welcome(let welcome)):
        guard let lease = welcome.lease else { throw Problem(.forbidden, "Making a workflow takes the role editor.") }
        writer = ImportWriter(lease.replica, CanvasOps.changes(for: canvas, limits: welcome.limits), at: welcome.serverMilliseconds)
      case .message(.ack(let ack)): if let refusal = ack.refused.first { return refusal.text }
      default: continue
      }
      guard let batch = writer?.next() else { return nil }
      guest.send(.change(batch))
    }
    throw RoomGuest.Ended(code: .goingAway, reason: "the room is gone")
  }
}

/// One change after the other, each when the one before is durable.
private struct ImportWriter {
  private let replica: ReplicaID
  private let changes: [[Op]]
  private let milliseconds: UInt64
  private var clock = HybridClock()
  private var sent = 0

  init(_ replica: ReplicaID, _ changes: [[Op]], at milliseconds: UInt64) {
    self.replica = replica
    self.changes = changes
    self.milliseconds = milliseconds
  }

  mutating func next() -> ChangeBatch? {
    guard sent < changes.count else { return nil }
    defer { sent += 1 }
    let seq = UInt64(sent + 1)
    let change = Change(replica: replica, seq: seq, hlc: clock.tick(nowMilliseconds: milliseconds), ops: changes[sent])
    return ChangeBatch(batch: seq, changes: [change], seen: 0)
  }
}
