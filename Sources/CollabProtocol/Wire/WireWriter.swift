/// What a message is written to. Each message names its fields once, with number and JSON name; the conforming types make of that
/// the binary form, the JSON form, or the room either may need. A field with its default value is left out, except in a list.
///
/// Everything is inlined into `MessageCodec.encode`, so the abstraction costs nothing at run time.
protocol WireWriter {
  mutating func uint32(_ number: UInt32, _ name: StaticString, _ value: UInt32)
  mutating func uint64(_ number: UInt32, _ name: StaticString, _ value: UInt64)
  mutating func fixed32(_ number: UInt32, _ name: StaticString, _ value: UInt32)
  mutating func double(_ number: UInt32, _ name: StaticString, _ value: Double)
  mutating func bool(_ number: UInt32, _ name: StaticString, _ value: Bool)
  mutating func bytes(_ number: UInt32, _ name: StaticString, _ value: [UInt8])
  mutating func enumeration<E: WireEnum>(_ number: UInt32, _ name: StaticString, _ value: E)
  /// Written also when empty: for `optional` fields and elements of lists.
  mutating func presentString(_ number: UInt32, _ name: StaticString, _ value: String)
  mutating func message(_ number: UInt32, _ name: StaticString, _ body: (inout Self) -> Void)
  mutating func messages<T>(_ number: UInt32, _ name: StaticString, _ items: [T], _ body: (inout Self, T) -> Void)
  mutating func strings<T>(_ number: UInt32, _ name: StaticString, _ items: [T], _ text: (T) -> String)
  mutating func uint32s<T>(_ number: UInt32, _ name: StaticString, _ items: [T], _ value: (T) -> UInt32)
  mutating func uint64s<T>(_ number: UInt32, _ name: StaticString, _ items: [T], _ value: (T) -> UInt64)
}

extension WireWriter {
  @inline(__always) mutating func string(_ number: UInt32, _ name: StaticString, _ value: String) {
    if !value.isEmpty { presentString(number, name, value) }
  }
  @inline(__always) mutating func optionalString(_ number: UInt32, _ name: StaticString, _ value: String?) {
    if let value { presentString(number, name, value) }
  }
  @inline(__always) mutating func optionalEnumeration<E: WireEnum>(_ number: UInt32, _ name: StaticString, _ value: E?) {
    if let value { enumeration(number, name, value) }
  }
}

/// An enum of the protocol: raw value and name as in `collab.proto`; 0 is the default and not written.
protocol WireEnum: CaseIterable, RawRepresentable<UInt8> {
  var wireName: StaticString { get }
}
