/// UTF-8 as it arrives, in pieces cut anywhere; a bad byte is found when it comes, not at the end (RFC 3629: no overlong forms, no
/// surrogates, nothing beyond U+10FFFF).
struct UTF8Validator {
  /// Continuation bytes still to come, and the range the next of them must lie in.
  private var missing: UInt8 = 0
  private var lower: UInt8 = 0x80
  private var upper: UInt8 = 0xBF

  /// Whether the bytes so far end with a whole character.
  var isComplete: Bool { missing == 0 }

  /// - Returns: `false` when no continuation can make the bytes valid.
  /// - Complexity: O(bytes), eight at a time through ASCII.
  mutating func feed(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    while index < bytes.count {
      if missing == 0 {
        while index + 8 <= bytes.count, bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 {
          index += 8
        }
        guard index < bytes.count else { break }
        guard lead(bytes[index]) else { return false }
      } else {
        guard bytes[index] >= lower, bytes[index] <= upper else { return false }
        missing -= 1
        (lower, upper) = (0x80, 0xBF)
      }
      index += 1
    }
    return true
  }

  private mutating func lead(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x00...0x7F: return true
    case 0xC2...0xDF: missing = 1
    case 0xE0: (missing, lower) = (2, 0xA0)
    case 0xED: (missing, upper) = (2, 0x9F)
    case 0xE1...0xEF: missing = 2
    case 0xF0: (missing, lower) = (3, 0x90)
    case 0xF4: (missing, upper) = (3, 0x8F)
    case 0xF1...0xF3: missing = 3
    default: return false
    }
    return true
  }

  static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var validator = Self()
    return validator.feed(bytes) && validator.isComplete
  }
}
