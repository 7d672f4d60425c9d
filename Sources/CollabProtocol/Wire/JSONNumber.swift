/// Unsigned decimals through a bare pointer.
enum DecimalDigits {
  static let pairs: StaticString = """
    0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
    5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
    """

  /// At most 20 bytes. - Returns: where the next byte goes.
  @inline(__always) static func write(_ value: UInt64, at start: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
    if value < 10 {
      start.pointee = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value)
      return start + 1
    }
    return writeLong(value, at: start)
  }

  private static func writeLong(_ value: UInt64, at start: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
    let end = start + count(value)
    var out = end
    var rest = value
    while rest >= 100 {
      let pair = Int(truncatingIfNeeded: rest % 100)
      rest /= 100
      out -= 2
      out.update(from: pairs.utf8Start + 2 * pair, count: 2)
    }
    if rest >= 10 {
      (out - 2).update(from: pairs.utf8Start + 2 * Int(truncatingIfNeeded: rest), count: 2)
    } else {
      out[-1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest)
    }
    return end
  }

  @inline(__always) private static func count(_ value: UInt64) -> Int {
    var digits = 1
    var bound: UInt64 = 10
    while digits < 20, value >= bound {
      digits += 1
      bound &*= 10
    }
    return digits
  }
}

/// Finite doubles as JSON numbers, exact in both directions.
enum JSONNumber {
  /// At most 26 bytes. Coordinates are mostly integers or have up to three decimals: those are written without the general algorithm.
  static func write(_ value: Double, at start: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
    var out = start
    let magnitude = value.magnitude
    guard magnitude < 1e12, value.bitPattern != (-0.0).bitPattern else { return general(value, at: start) }
    let thousandths = (magnitude * 1000).rounded()
    guard thousandths / 1000 == magnitude else { return general(value, at: start) }
    if value < 0 {
      out.pointee = UInt8(ascii: "-")
      out += 1
    }
    let scaled = UInt64(thousandths)
    out = DecimalDigits.write(scaled / 1000, at: out)
    var fraction = scaled % 1000
    guard fraction > 0 else { return out }
    out.pointee = UInt8(ascii: ".")
    out += 1
    var unit: UInt64 = 100
    while fraction > 0 {
      out.pointee = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: fraction / unit)
      out += 1
      fraction %= unit
      unit /= 10
    }
    return out
  }

  private static func general(_ value: Double, at start: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
    var text = value.isFinite ? value.description : "0"
    return text.withUTF8 { source in
      start.update(from: source.baseAddress!, count: source.count)
      return start + source.count
    }
  }

  static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]

  /// `mantissa * 10^exponent`, or `nil` where that takes the general algorithm.
  ///
  /// A mantissa below 2^53 and a power of ten up to 10^22 are both exact doubles, so one multiplication or division rounds once.
  /// Source: Clinger 1990.
  @inline(__always) static func exact(mantissa: UInt64, exponent: Int) -> Double? {
    guard mantissa < 1 << 53, (-22...22).contains(exponent) else { return nil }
    let digits = Double(mantissa)
    return exponent < 0 ? digits / powersOfTen[-exponent] : digits * powersOfTen[exponent]
  }
}
