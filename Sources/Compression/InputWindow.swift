internal import CZlib

/// Input handed to zlib in pieces: `avail_in` counts in 32 bits, Swift's buffers in 64.
struct InputWindow {
  private let bytes: UnsafeRawBufferPointer
  private(set) var offset = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isConsumed: Bool { offset == bytes.count }

  mutating func feed(_ stream: UnsafeMutablePointer<z_stream>, _ step: (UnsafeMutablePointer<z_stream>) -> Int32) -> Int32 {
    let count = UInt32(min(bytes.count - offset, Int(Int32.max)))
    // zlib takes a mutable pointer but never writes to its input.
    stream.pointee.next_in = bytes.baseAddress.map { UnsafeMutablePointer(mutating: ($0 + offset).assumingMemoryBound(to: UInt8.self)) }
    stream.pointee.avail_in = count
    let result = step(stream)
    offset += Int(count - stream.pointee.avail_in)
    stream.pointee.next_in = nil
    stream.pointee.avail_in = 0
    return result
  }
}
