import CollabProtocol
import Logging
import NIOCore
import RoomCore
import Storage
import WorkflowDocument
import WorkflowGraph

/// What one room's sessions look up in the past: read elsewhere, answered on the room's loop. States wait here, encoded for who asked,
/// until they are sent.
struct RoomLibrary {
  private let workflow: WorkflowID
  private let services: RoomServices
  private var states: [UInt64: [ByteBuffer]] = [:]

  init(_ workflow: WorkflowID, services: RoomServices) {
    self.workflow = workflow
    self.services = services
  }

  mutating func put(_ number: UInt64, _ payloads: [ByteBuffer]) { states[number] = payloads }

  mutating func take(_ number: UInt64) -> [ByteBuffer]? { states.removeValue(forKey: number) }

  func look(_ number: UInt64, _ look: HistoryLook, for id: SessionID, as encoding: WireEncoding, _ room: RoomHandle) {
    let (history, workflow) = (services.history, workflow)
    services.environment.task {
      switch look {
      case .page(let request, let newest):
        do throws(StoreError) {
          let page = try await history.page(of: workflow, before: request.before, count: Int(request.count))
          let message = HistoryPage(
            request: request.request, entries: page.entries, nextBefore: page.nextBefore, floor: page.floor,
            position: min(page.position, newest))
          room.tell([.looked(number, for: id, .page(message))])
        } catch {
          room.tell([.looked(number, for: id, .noPage(Self.report(error, request.request)))])
        }
      case .state(let position, let request):
        do throws(StoreError) {
          guard let blob = try await history.blob(of: workflow, at: position) else {
            throw StoreError(.outOfOrder, "history does not reach back to position \(position)")
          }
          let payloads = blob.payloads(as: encoding) { .state(StateChunk(request: request, snapshot: $0)) }
          room.onLoop { $0.putState(number, payloads, request: request, for: id) }
        } catch {
          room.tell([.looked(number, for: id, .noState(Self.report(error, request)))])
        }
      }
    }
  }

  func name(_ version: NamedVersion, _ room: RoomHandle) {
    let (history, workflow, logger) = (services.history, workflow, services.logger)
    services.environment.task {
      do throws(StoreError) {
        switch try await history.keep(version, of: workflow) {
        case .kept(let kept): room.tell([.versionNamed(kept)])
        case .notNew(let present): room.tell([.versionNotNew(version.id, present: present)])
        }
      } catch {
        if error.code != .limit, error.code != .outOfOrder {
          logger.warning("a version was not named", metadata: ["workflow": "\(workflow)", "reason": "\(error)"])
        }
        room.tell([.versionNotNamed(version.id, error.refusalCode, text: error.text)])
      }
    }
  }

  private static func report(_ error: StoreError, _ request: UInt64) -> ErrorReport {
    ErrorReport(request: request, code: error.refusalCode, text: error.text)
  }
}
