internal import CZlib

extension UnsafeMutablePointer<z_stream> {
  /// zlib keeps the address of the stream in its own state and refuses to work from another one: it needs a place that never moves.
  static func make() -> Self {
    let stream = Self.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    return stream
  }

  /// Where the next output goes. `room` holds at least one byte.
  func setOutput(_ room: UnsafeMutableRawBufferPointer) {
    pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
    pointee.avail_out = UInt32(min(room.count, Int(Int32.max)))
  }
}
