import CollabProtocol
import WorkflowDocument

/// Questions about the past, and tokens that were shown, until each is answered. Each belongs to one connection and fails with it. Spec: HI1, HI3, HI4, AC9.
struct PastRequests {
  enum Answer: Sendable {
    case page(HistoryPage)
    case versions(VersionList)
    case state(WorkflowDocument, position: UInt64)
    case role(RoleChanged)
  }

  private struct Entry {
    var continuation: CheckedContinuation<Answer, any Error>
    var assembly: SnapshotAssembly
  }

  private var entries: [UInt64: Entry] = [:]
  let bytesMax: Int

  init(bytesMax: Int) { self.bytesMax = bytesMax }

  mutating func add(_ request: UInt64, _ continuation: CheckedContinuation<Answer, any Error>) {
    entries[request] = Entry(continuation: continuation, assembly: SnapshotAssembly(bytesMax: bytesMax))
  }

  mutating func answer(_ request: UInt64, _ answer: Answer) { entries.removeValue(forKey: request)?.continuation.resume(returning: answer) }

  mutating func fail(_ request: UInt64, _ error: any Error) { entries.removeValue(forKey: request)?.continuation.resume(throwing: error) }

  mutating func take(_ chunk: StateChunk) {
    do throws(SnapshotAssembly.Fault) {
      guard let whole = try entries[chunk.request]?.assembly.add(chunk.snapshot) else { return }
      answer(chunk.request, .state(whole.document, position: whole.position))
    } catch {
      fail(chunk.request, ClientError.refused(.unavailable, error.text))
    }
  }

  mutating func failAll(_ error: any Error) {
    for request in entries.keys { fail(request, error) }
  }
}
