/// A condition such as `>=10`: what condition nodes, loops and cases compare their input by.
///
/// Nothing is refused. What is no comparison is never met, and what is no number behind the operator counts as 0: the scan is Go's
/// `fmt.Sscanf("%f")`, of which every oddity is kept, because existing workflows live with it.
struct ConditionRule {
  private enum Test {
    case always(Bool)
    case compare(Operator, threshold: Double)
  }
  private enum Operator { case atLeast, atMost, equal, unequal, above, below }

  private let test: Test

  init(_ condition: String) {
    switch condition {
    case "true": test = .always(true)
    case "false": test = .always(false)
    default: test = Self.comparison(Array(condition.utf8))
    }
  }

  /// Compares the value, or the `value` of an object, if it is a number; anything else does not meet a comparison.
  func isMet(by value: Value) -> Bool {
    switch test {
    case .always(let answer): return answer
    case .compare(let comparison, let threshold):
      guard let number = value.number ?? value.object?["value"]?.number else { return false }
      switch comparison {
      case .atLeast: return number >= threshold
      case .atMost: return number <= threshold
      case .equal: return number == threshold
      case .unequal: return number != threshold
      case .above: return number > threshold
      case .below: return number < threshold
      }
    }
  }

  private static func comparison(_ bytes: [UInt8]) -> Test {
    guard bytes.count >= 2 else { return .always(false) }
    let (comparison, width): (Operator, Int)
    switch (bytes[0], bytes[1]) {
    case (UInt8(ascii: ">"), UInt8(ascii: "=")): (comparison, width) = (.atLeast, 2)
    case (UInt8(ascii: "<"), UInt8(ascii: "=")): (comparison, width) = (.atMost, 2)
    case (UInt8(ascii: "="), UInt8(ascii: "=")): (comparison, width) = (.equal, 2)
    case (UInt8(ascii: "!"), UInt8(ascii: "=")): (comparison, width) = (.unequal, 2)
    case (UInt8(ascii: ">"), _): (comparison, width) = (.above, 1)
    case (UInt8(ascii: "<"), _): (comparison, width) = (.below, 1)
    default: return .always(false)
    }
    var scan = GoFloatScan(String(decoding: bytes[width...], as: UTF8.self))
    return .compare(comparison, threshold: scan.scan() ?? 0)
  }
}
