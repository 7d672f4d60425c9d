import NIOCore
import Synchronization

/// Knows the open connections, counts them, all and per address, and says when there are too many.
///
/// Shared by all event loops; one short lock per connection opened and closed.
final class ConnectionCensus: Sendable {
  enum Verdict: Equatable, Sendable {
    case admitted
    /// Counted, to be told why it is refused, and closed.
    case full, addressFull
    /// Not counted: so many are being refused that even telling them costs too much.
    case dropped
  }

  /// Connections that are told why they are refused, at once; beyond it they are closed without a word.
  static let refusalsAtOnceMax = 64

  private struct Counts {
    var admitted: [ObjectIdentifier: any Channel] = [:]
    var refusing = 0
    var perAddress: [String: Int] = [:]
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
  func enter(_ channel: any Channel) -> Verdict {
    let address = channel.remoteAddress?.ipAddress ?? ""
    let verdict = verdict(on: channel, from: address)
    if verdict != .dropped { channel.closeFuture.whenComplete { _ in self.leave(channel, from: address, after: verdict) } }
    return verdict
  }

  private func verdict(on channel: any Channel, from address: String) -> Verdict {
    counts.withLock { counts in
      counts.movements += 1
      let isFull = counts.admitted.count >= countMax
      if isFull || counts.perAddress[address, default: 0] >= countPerAddressMax {
        guard counts.refusing < Self.refusalsAtOnceMax else { return .dropped }
        counts.refusing += 1
        return isFull ? .full : .addressFull
      }
      counts.admitted[ObjectIdentifier(channel)] = channel
      counts.perAddress[address, default: 0] += 1
      return .admitted
    }
  }

  private func leave(_ channel: any Channel, from address: String, after verdict: Verdict) {
    counts.withLock { counts in
      counts.movements += 1
      switch verdict {
      case .admitted:
        counts.admitted[ObjectIdentifier(channel)] = nil
        let rest = counts.perAddress[address, default: 1] - 1
        counts.perAddress[address] = rest > 0 ? rest : nil
      case .full, .addressFull: counts.refusing -= 1
      case .dropped: break
      }
    }
  }
}
