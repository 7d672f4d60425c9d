/// What a message is read from. The reader finds the fields and names them by number; the message asks for the value in the type it wants.
///
/// Reading a value twice, or not at all, is a defect of the message's `read`: an unwanted one is skipped with `skip`.
protocol WireReader {
  var context: DecodeContext { get set }
  mutating func uint64() throws(DecodeError) -> UInt64
  mutating func uint32() throws(DecodeError) -> UInt32
  mutating func fixed32() throws(DecodeError) -> UInt32
  /// Finite: "NaN" and the infinities are malformed. Spec: WP8.
  mutating func double() throws(DecodeError) -> Double
  mutating func bool() throws(DecodeError) -> Bool
  /// - Returns: `nil` when it is longer, and then it is skipped.
  mutating func string(bytesMax: Int) throws(DecodeError) -> String?
  mutating func bytes(max: Int) throws(DecodeError) -> [UInt8]?
  /// - Returns: `nil` for 0 where that is no case, and for a value this version does not know.
  mutating func enumeration<E: WireEnum>(_ type: E.Type) throws(DecodeError) -> E?
  /// Fields that are present are set, the others stay: so a message that comes twice is merged.
  mutating func message<M: WireReadable>(_ message: inout M) throws(DecodeError)
  /// The elements of a list: all of them in JSON; in binary the one at hand, the others come as further fields.
  mutating func elements(_ element: (inout Self) throws(DecodeError) -> Void) throws(DecodeError)
  mutating func uint32s(into list: inout [UInt32]) throws(DecodeError)
  mutating func uint64s(into list: inout [UInt64]) throws(DecodeError)
  mutating func skip() throws(DecodeError)
  /// Called for each member of a oneof: a second one is malformed in JSON, in binary the last counts.
  func oneof(alreadySet: Bool) throws(DecodeError)
}

protocol WireReadable {
  /// For JSON.
  var names: FieldNames { get }
  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError)
}

/// What a reader knows beside its bytes.
struct DecodeContext {
  let limits: DecodeLimits
  /// Of the whole message.
  let byteCount: Int
  /// The first thing found wrong that concerns one change only. Set aside per change by whoever reads changes.
  private(set) var fault: Fault?
  /// Whether there is one: asked before every op, and cheaper than the fault itself.
  private(set) var isFaulty = false

  struct Fault {
    var code: RefusalCode
    var text: String
  }

  init(limits: DecodeLimits, byteCount: Int) {
    self.limits = limits
    self.byteCount = byteCount
  }

  /// The first one counts.
  mutating func note(_ code: RefusalCode, _ text: String) {
    guard !isFaulty else { return }
    fault = Fault(code: code, text: text)
    isFaulty = true
  }

  /// Hands the fault out and forgets it.
  mutating func takeFault() -> Fault? {
    guard isFaulty else { return nil }
    defer {
      fault = nil
      isFaulty = false
    }
    return fault
  }
}

extension WireReader {
  @inline(__always) var limits: DecodeLimits { context.limits }

  /// Notes a fault of the change being read; the first one counts.
  mutating func fault(_ code: RefusalCode, _ text: String) { context.note(code, text) }

  /// A text whose length the protocol bounds; longer is malformed. Spec: LM2.
  @inline(__always) mutating func string(_ what: StaticString, max: Int) throws(DecodeError) -> String {
    if let text = try string(bytesMax: max) { return text }
    throw .malformed("\(what) is longer than \(max) bytes")
  }

  @inline(__always) mutating func bytes(_ what: StaticString, max: Int) throws(DecodeError) -> [UInt8] {
    if let bytes = try bytes(max: max) { return bytes }
    throw .malformed("\(what) is longer than \(max) bytes")
  }

  /// A message that replaces what was read before only in the fields it has.
  @inline(__always) mutating func message<M: WireReadable>(or present: M) throws(DecodeError) -> M {
    var message = present
    try self.message(&message)
    return message
  }

  /// Checks before an element is appended to a list that now has `count`.
  @inline(__always) func room(for what: StaticString, count: Int, max: Int) throws(DecodeError) {
    guard count < max else { throw .tooLarge("more than \(max) \(what)") }
  }

  /// Columns of numbers are those of a version. Spec: LM2.
  @inline(__always) func roomInVersion(count: Int) throws(DecodeError) {
    guard count < limits.elementsMax else { throw .malformed("a version of more than \(limits.elementsMax) replicas") }
  }

  @inline(__always) mutating func texts(_ what: StaticString, bytesMax: Int, _ append: (String) -> Int) throws(DecodeError) {
    try elements { reader throws(DecodeError) in
      let text = try reader.string(what, max: bytesMax)
      let count = append(text)
      guard count <= reader.limits.elementsMax else { throw .tooLarge("more than \(reader.limits.elementsMax) of \(what)") }
    }
  }
}
