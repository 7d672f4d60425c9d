import Synchronization

/// What one run may ask of the outside, all its nodes together: calls, and bytes of what comes back.
///
/// Nodes that wait run at the same time, so this is shared. Which of them finds the budget used up is a matter of time, unlike everything
/// else about a run.
public final class OutsideBudget: Sendable {
  private let limits: RunLimits
  private let calls = Atomic(0)
  private let bytes = Atomic(0)

  init(_ limits: RunLimits) { self.limits = limits }

  /// Before each call that goes out, those that a redirect or a further attempt needs too.
  public func takeCall() throws(NodeFailure) {
    let count = calls.wrappingAdd(1, ordering: .relaxed).newValue
    guard count <= limits.outsideCallsMax else {
      throw NodeFailure("maximum outside calls exceeded: \(count) (limit: \(limits.outsideCallsMax))")
    }
  }

  /// As bytes of a response come, before they are kept.
  /// - Parameters: `more` came now; `total` is how many this response has with them.
  public func takeBytes(_ more: Int, total: Int) throws(NodeFailure) {
    guard total <= limits.responseBytesMax else {
      throw NodeFailure("response too large: \(total) bytes (limit: \(limits.responseBytesMax))")
    }
    let sum = bytes.wrappingAdd(more, ordering: .relaxed).newValue
    guard sum <= limits.outsideBytesMax else {
      throw NodeFailure("responses too large: \(sum) bytes (limit: \(limits.outsideBytesMax))")
    }
  }
}
