import Logging
import RoomCore
import Storage

/// What all rooms of a server share.
struct RoomServices: Sendable {
  let store: any WorkflowStore
  let loader: RoomLoader
  let history: HistoryLibrary
  let engine: any RunEngine
  let configuration: RoomConfiguration
  let metrics: any RoomMetrics
  let outboxLedger: OutboxLedger
  let logger: Logger
  let environment: RoomEnvironment
  /// For a session that reached a room just after it was unloaded.
  let readmit: @Sendable (Entry) -> Void
}
