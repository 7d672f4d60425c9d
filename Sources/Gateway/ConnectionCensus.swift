import NIOCore
import OutboundPolicy
import Synchronization

/// Knows the open connections, counts them, all and per address, and says when there are too many.
///
/// Shared by all event loops; one short lock per connection opened and closed.
final class ConnectionCensus: Sendable {
  enum Verdict: Equatable, Sendable {
    case admitted
    /// Counted, to be told why it is refused, and closed.
    case full, addressFull, addressTooFast
    /// Not counted: so many are being refused that even telling them costs too much.
    case dropped
  }

  /// Connections that are told why they are refused, at once; beyond it they are closed without a word.
  static let refusalsAtOnceMax = 64

  private struct Counts {
    var admitted: [ObjectIdentifier: any Channel] = [:]
    var refusing = 0
    var perAddress: [IPAddress: Int] = [:]
    var movements: UInt64 = 0
  }

  private let countMax: Int
  private let countPerAddressMax: Int
  private let counts = Mutex(Counts())

  init(countMax: Int, countPerAddressMax: Int) {
    self.countMax = countMax
    self.countPerAddressMax = countPerAddressMax
  }

  /// Connections that were admitted and are not closed yet.
  var open: [any Channel] { counts.withLock { Array($0.admitted.values) } }

  /// Connections that came and connections that went, together, since the start.
  var movementCount: UInt64 { counts.withLock { $0.movements } }

  /// Takes note of a connection until it is closed.
  /// - Parameters:
  ///   - address: as it is counted; `nil`: not counted by address.
  ///   - isTooFast: its address opens connections faster than it may.
  func enter(_ channel: any Channel, from address: IPAddress?, isTooFast: Bool = false) -> Verdict {
    let verdict = verdict(on: channel, from: address, isTooFast: isTooFast)
    if verdict != .dropped { channel.closeFuture.whenComplete { _ in self.leave(channel, from: address, after: verdict) } }
    return verdict
  }

  /// A proxy opened this connection for somebody: counts it as theirs too, until it is closed.
  /// - Returns: false when they have all that they may have.
  func attribute(_ channel: any Channel, to address: IPAddress) -> Bool {
    let isAdmitted = counts.withLock { counts in
      guard counts.perAddress[address, default: 0] < countPerAddressMax else { return false }
      counts.perAddress[address, default: 0] += 1
      return true
    }
    if isAdmitted { channel.closeFuture.whenComplete { _ in self.counts.withLock { Self.leave(address, &$0) } } }
    return isAdmitted
  }

  private func verdict(on channel: any Channel, from address: IPAddress?, isTooFast: Bool) -> Verdict {
    counts.withLock { counts in
      counts.movements += 1
      let isFull = counts.admitted.count >= countMax
      let isAddressFull = address.map { counts.perAddress[$0, default: 0] >= countPerAddressMax } ?? false
      if isFull || isAddressFull || isTooFast {
        guard counts.refusing < Self.refusalsAtOnceMax else { return .dropped }
        counts.refusing += 1
        return isFull ? .full : isAddressFull ? .addressFull : .addressTooFast
      }
      counts.admitted[ObjectIdentifier(channel)] = channel
      if let address { counts.perAddress[address, default: 0] += 1 }
      return .admitted
    }
  }

  private static func leave(_ address: IPAddress, _ counts: inout Counts) {
    let rest = counts.perAddress[address, default: 1] - 1
    counts.perAddress[address] = rest > 0 ? rest : nil
  }

  private func leave(_ channel: any Channel, from address: IPAddress?, after verdict: Verdict) {
    counts.withLock { counts in
      counts.movements += 1
      switch verdict {
      case .admitted:
        counts.admitted[ObjectIdentifier(channel)] = nil
        if let address { Self.leave(address, &counts) }
      case .full, .addressFull, .addressTooFast: counts.refusing -= 1
      case .dropped: break
      }
    }
  }
}
