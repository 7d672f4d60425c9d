import Compression
import NIOCore

/// What was compressed comes back; what comes from strangers never grows beyond its limit, and the limit is the only thing that depends on it.
enum DeflateProperty {
  static func check(_ input: [UInt8], planted: Bool) throws(PropertyFault) -> FuzzTarget.Reach {
    var feed = ByteFeed(input)
    switch feed.below(3) {
    case 0: return try checkForeignMessages(&feed, planted: planted)
    case 1: return try checkForeignBlob(&feed)
    default: return try checkRoundTrip(&feed)
    }
  }

  /// Larger than anything small inputs unfold to as a rule.
  private static let plenty = 64 << 10

  private enum Outcome: Equatable {
    case bytes([UInt8])
    case fault(CompressionError)
  }

  /// One connection's messages, each with a length byte, under a narrow and a wide limit.
  private static func checkForeignMessages(_ feed: inout ByteFeed, planted: Bool) throws(PropertyFault) -> FuzzTarget.Reach {
    let setting = feed.byte()
    let (keepsContext, windowBits) = (setting & 1 != 0, 8 + Int(setting >> 1 & 7))
    let narrowMax = 1 + Int(feed.byte()) * 8
    let (narrow, wide) = (RawInflater(windowBits: windowBits), RawInflater(windowBits: windowBits))
    var taken = false
    while !feed.isEmpty {
      let message = feed.take(Int(feed.byte()))
      let unlimited = outcome { () throws(CompressionError) in try inflate(wide, message, plenty, keepsContext) }
      // Planted: the narrow limit is one too high.
      let limited = outcome { () throws(CompressionError) in
        try inflate(narrow, message, planted ? narrowMax + 1 : narrowMax, keepsContext)
      }
      try compare(limited, unlimited, bytesMax: narrowMax)
      guard case .bytes = unlimited, case .bytes = limited else { break }
      taken = true
    }
    return taken ? .taken : .refused
  }

  private static func checkForeignBlob(_ feed: inout ByteFeed) throws(PropertyFault) -> FuzzTarget.Reach {
    let narrowMax = Int(feed.byte()) * 8
    let blob = feed.rest()
    let unlimited = outcome { () throws(CompressionError) in try Zlib.decompress(blob, bytesMax: plenty) }
    try compare(outcome { () throws(CompressionError) in try Zlib.decompress(blob, bytesMax: narrowMax) }, unlimited, bytesMax: narrowMax)
    if case .bytes = unlimited { return .taken }
    return .refused
  }

  private static func compare(_ limited: Outcome, _ unlimited: Outcome, bytesMax: Int) throws(PropertyFault) {
    switch (limited, unlimited) {
    case (.bytes(let bytes), .bytes(let all)):
      try require(bytes == all, "a limit changes what comes out")
      try require(bytes.count <= bytesMax, "\(bytes.count) bytes where \(bytesMax) are allowed")
    case (.fault(.tooLarge(let named)), .bytes(let all)):
      try require(named == bytesMax && all.count > bytesMax, "\(all.count) bytes are too many where \(bytesMax) are allowed")
    case (.fault(.tooLarge), .fault): break
    case (.fault(let a), .fault(let b)): try require(a == b, "another fault under a narrow limit")
    case (.fault(let fault), .bytes), (.bytes, .fault(let fault)): throw PropertyFault("only one limit finds it \(fault)")
    }
  }

  private static func checkRoundTrip(_ feed: inout ByteFeed) throws(PropertyFault) -> FuzzTarget.Reach {
    let setting = feed.byte()
    let (level, windowBits, memoryLevel) = (feed.below(10), 8 + Int(setting & 7), 1 + feed.below(9))
    let keepsContext = setting & 8 != 0
    let deflater = RawDeflater(level: level, windowBits: windowBits, memoryLevel: memoryLevel)
    let (own, widest) = (RawInflater(windowBits: windowBits), RawInflater())
    repeat {
      // Repeated, so that it reaches beyond the window and beyond one step of output.
      let (times, piece) = (1 + feed.below(64), feed.take(Int(feed.byte())))
      let payload = [UInt8](repeatElement(piece, count: times).joined())
      var packed = ByteBuffer()
      deflater.appendMessage(ByteBuffer(bytes: payload), keepsContext: keepsContext, to: &packed)
      try require(packed.readableBytes <= payload.count + payload.count >> 8 + 64, "\(payload.count) bytes became \(packed.readableBytes)")
      for inflater in [own, widest] {
        let back = outcome { () throws(CompressionError) in
          try inflate(inflater, Array(packed.readableBytesView), payload.count, keepsContext)
        }
        try require(back == .bytes(payload), "a message does not come back")
      }
      try checkBlob(payload, level: level, cut: times)
    } while !feed.isEmpty
    return .taken
  }

  private static func checkBlob(_ payload: [UInt8], level: Int, cut: Int) throws(PropertyFault) {
    let blob = Zlib.compress(payload, level: level)
    func read(_ blob: [UInt8], _ bytesMax: Int) -> Outcome {
      outcome { () throws(CompressionError) in try Zlib.decompress(blob, bytesMax: bytesMax) }
    }
    try require(read(blob, payload.count) == .bytes(payload), "a blob does not come back")
    try require(read(blob + [0], payload.count) == .fault(.corrupt), "a byte behind a blob is passed over")
    try require(read(Array(blob.dropLast(1 + cut % blob.count)), payload.count) == .fault(.truncated), "a blob that is cut off is taken")
    if !payload.isEmpty {
      let bytesMax = payload.count - 1
      try require(read(blob, bytesMax) == .fault(.tooLarge(bytesMax: bytesMax)), "a blob beyond its limit is taken")
    }
    let half = payload.count / 2
    let joined = CRC32.checksum(Array(payload[half...]), seed: CRC32.checksum(Array(payload[..<half])))
    try require(joined == CRC32.checksum(payload), "a checksum in two pieces is another")
  }

  private static func inflate(
    _ inflater: RawInflater, _ message: [UInt8], _ bytesMax: Int, _ keepsContext: Bool
  ) throws(CompressionError) -> [UInt8] {
    Array(try inflater.message(ByteBuffer(bytes: message), bytesMax: bytesMax, keepsContext: keepsContext).readableBytesView)
  }

  private static func outcome(_ body: () throws(CompressionError) -> [UInt8]) -> Outcome {
    do throws(CompressionError) { return .bytes(try body()) } catch { return .fault(error) }
  }
}
