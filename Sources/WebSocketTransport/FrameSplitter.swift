public import NIOCore

/// Takes apart what ``FrameEncoder`` put together, for receivers in the same process.
public enum FrameSplitter {
  /// - Returns: the payloads of whole, unmasked, uncompressed frames, as slices of `frames`.
  /// - Precondition: nothing else stands in `frames`.
  public static func payloads(of frames: ByteBuffer) -> [ByteBuffer] {
    var rest = frames
    var payloads: [ByteBuffer] = []
    while rest.readableBytes > 0 {
      guard case .header(let header) = rest.withUnsafeReadableBytes({ FrameHeader.parse($0) }), !header.isMasked, !header.isCompressed
      else {
        preconditionFailure("no frame of ours")
      }
      rest.moveReaderIndex(forwardBy: header.headerCount)
      guard let payload = rest.readSlice(length: header.payloadCount) else { preconditionFailure("half a frame") }
      payloads.append(payload)
    }
    return payloads
  }
}
