internal import Compression
internal import NIOCore
internal import Synchronization

/// Compressors and decompressors that keep nothing between messages, one set per event loop, made when first needed and kept as long as the
/// process. A few hundred kilobytes per loop instead of per connection.
final class LoopCodecs: Sendable {
  static let shared = LoopCodecs()

  private let loops = Mutex<[ObjectIdentifier: NIOLoopBound<Codecs>]>([:])

  private init() {}

  /// The set of the loop that calls. One lock per connection, none per message.
  func codecs(on loop: any EventLoop) -> Codecs {
    // The bound keeps its loop alive, so an identifier is never used twice.
    loops.withLock { loops in
      if let known = loops[ObjectIdentifier(loop)] { return known }
      let made = NIOLoopBound(Codecs(), eventLoop: loop)
      loops[ObjectIdentifier(loop)] = made
      return made
    }.value
  }

  /// Touched on its loop only.
  final class Codecs {
    private struct Kind: Hashable {
      var configuration: DeflateConfiguration
      var windowBits: Int
    }

    /// Reads every window.
    private(set) lazy var inflater = RawInflater(windowBits: 15)
    private var deflaters: [Kind: FrameDeflater] = [:]

    /// At most eight windows per configuration.
    func deflater(_ configuration: DeflateConfiguration, windowBits: Int) -> FrameDeflater {
      let kind = Kind(configuration: configuration, windowBits: windowBits)
      if let known = deflaters[kind] { return known }
      let made = FrameDeflater(configuration, windowBits: windowBits, keepsContext: false)
      deflaters[kind] = made
      return made
    }
  }
}
