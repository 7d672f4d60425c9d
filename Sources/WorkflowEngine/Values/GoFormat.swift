import WorkflowGraph

/// Go's `%v` and `%T`, which end up in texts and messages.
enum GoFormat {
  /// `%v`.
  static func text(of value: Value) -> String {
    switch value {
    case .null: "<nil>"
    case .bool(let bool): bool ? "true" : "false"
    case .number(let number): text(of: number)
    case .integer(let integer): String(integer)
    case .text(let text): text
    case .nilArray: "[]"
    case .texts(let texts): "[" + texts.joined(separator: " ") + "]"
    case .array(let array): "[" + array.elements.map { text(of: $0) }.joined(separator: " ") + "]"
    case .object(let object): "map[" + object.members.map { "\($0.name):\(text(of: $0.value))" }.joined(separator: " ") + "]"
    }
  }

  /// `%v` of a float64: the shortest digits, with an exponent below 1e-4 and from 1e6 on.
  static func text(of number: Double) -> String {
    guard let decimal = ShortestDecimal(number) else { return number.isNaN ? "NaN" : number < 0 ? "-Inf" : "+Inf" }
    let sign = decimal.isNegative ? "-" : ""
    let digits = String(decoding: decimal.digits, as: UTF8.self)
    let exponent = decimal.pointPlace - 1
    if exponent < -4 || exponent >= 6 {
      let mantissa = digits.utf8.count == 1 ? digits : "\(digits.prefix(1)).\(digits.dropFirst())"
      let magnitude = String(exponent.magnitude)
      return "\(sign)\(mantissa)e\(exponent < 0 ? "-" : "+")\(magnitude.utf8.count < 2 ? "0" : "")\(magnitude)"
    }
    if decimal.pointPlace <= 0 { return sign + "0." + String(repeating: "0", count: -decimal.pointPlace) + digits }
    if decimal.pointPlace >= digits.utf8.count {
      return sign + digits + String(repeating: "0", count: decimal.pointPlace - digits.utf8.count)
    }
    return "\(sign)\(digits.prefix(decimal.pointPlace)).\(digits.dropFirst(decimal.pointPlace))"
  }

  /// `%T`.
  static func typeName(of value: Value) -> String {
    switch value {
    case .null: "<nil>"
    case .bool: "bool"
    case .number: "float64"
    case .integer: "int"
    case .text: "string"
    case .array, .nilArray: "[]interface {}"
    case .texts: "[]string"
    case .object: "map[string]interface {}"
    }
  }
}
