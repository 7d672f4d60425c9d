import Storage
import Testing
import WorkflowGraph

@testable import SQLiteStorage

/// The queue in front of the writer, as the value it is.
@Suite struct CommitQueueTests {
  private func job(_ byteCount: Int) -> Job { .append([], .demo, byteCount: byteCount) { _ in } }

  @Test("[ST6] a transaction is bounded in bytes; one big append still gets its own")
  func batches() {
    let max = Tuning.batchBytesMax
    #expect(CommitWriter.batches(of: []).isEmpty)
    #expect(CommitWriter.batches(of: [job(1), job(2)]).map(\.count) == [2])
    #expect(CommitWriter.batches(of: [job(max), job(1), job(max - 1), job(max * 3), job(0), job(1)]).map(\.count) == [1, 2, 1, 2])
  }

  @Test("[ST6] bytes count until they are answered, not only until they are taken")
  func bytes() throws {
    var queue = CommitQueue()
    let writes: [StoreWrite] = [.lease(lease(1))]
    let bytes = writes[0].byteCount
    let wakes = [
      queue.admit(writes, to: .demo, byteCount: bytes, byteCountMax: bytes) { _ in },
      queue.admit(writes, to: .demo, byteCount: bytes, byteCountMax: bytes) { _ in },
    ]
    #expect(wakes == [true, false])
    let work = queue.take()
    let taken = try #require(work)
    #expect(taken.jobs.count == 2)
    guard case .append = taken.jobs[0], case .refuse(let error, _, _) = taken.jobs[1] else {
      Issue.record("the second append must be refused in its place")
      return
    }
    #expect(error.code == .unavailable && queue.byteCount == bytes)
    queue.answered(taken.jobs)
    #expect(queue.byteCount == 0)
  }

  @Test("[ST1] one wake-up per rest; while closing, appends are refused in order, then nobody answers")
  func closing() throws {
    var queue = CommitQueue()
    let wakes = [queue.add(job(1)), queue.add(job(1))]
    #expect(wakes == [true, false])
    try queue.beginRead()
    queue.close {}
    var refusal: StoreError?
    do throws(StoreError) { try queue.beginRead() } catch { refusal = error }
    #expect(refusal == .closed)
    let late = queue.admit([], to: .demo, byteCount: 0, byteCountMax: 1) { _ in }
    #expect(late == false, "queued, to be refused at its place")
    let tooEarly = queue.takeClosers().count
    let jobs = queue.take()?.jobs.count
    let rest = queue.take() == nil
    #expect(tooEarly == 0 && jobs == 3 && rest)
    let tooLate = queue.admit([], to: .demo, byteCount: 0, byteCountMax: 1) { _ in }
    #expect(tooLate == nil)
    let whileReading = queue.takeClosers().count
    queue.endRead()
    let closers = queue.takeClosers().count
    #expect(whileReading == 0 && closers == 1 && queue.phase == .closed)
  }
}
