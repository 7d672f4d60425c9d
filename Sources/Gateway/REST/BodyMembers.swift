import Access
import CollabProtocol
import Hummingbird
import NIOHTTP1
import WorkflowGraph

/// A JSON object of known members, each asked for by the type it must have. What is wrong is a 422 that names the member.
struct BodyMembers: Sendable {
  let value: JSONValue
  /// As it came.
  let text: String

  init(_ request: Request, bytesMax: Int, members known: Set<String>) async throws {
    guard let text = try await RESTAccess.json(request, bytesMax: bytesMax) else {
      throw Problem(.badRequest, "The body must be a JSON object.")
    }
    guard let value = try? text.value(), case .object(let members) = value else {
      throw Problem(.unprocessableEntity, "The body must be a JSON object.")
    }
    guard members.allSatisfy({ known.contains($0.name) }) else {
      throw Problem(.unprocessableEntity, "The body has members beside \(known.sorted().joined(separator: ", ")).")
    }
    self.value = value
    self.text = text.text
  }

  /// `nil` when it is left out.
  func text(_ name: String, bytes: ClosedRange<Int>) throws -> String? {
    guard let value = value[name] else { return nil }
    guard let text = value.stringValue, bytes.contains(text.utf8.count),
      text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f })
    else {
      throw Problem(
        .unprocessableEntity, "\(name) is a text of \(bytes.lowerBound) to \(bytes.upperBound) bytes, without control characters.")
    }
    return text
  }

  func role(_ name: String, in roles: [Role]) throws -> Role {
    guard let role = value[name]?.stringValue.flatMap({ Role(word: $0) }), roles.contains(role) else {
      throw Problem(.unprocessableEntity, "\(name) is one of \(roles.map { "\($0)" }.joined(separator: ", ")).")
    }
    return role
  }

  /// Milliseconds since 1970 that are still to come; `nil` when it is left out.
  func future(_ name: String, nowMilliseconds: UInt64) throws -> UInt64? {
    guard let value = value[name] else { return nil }
    guard let number = value.numberValue, let milliseconds = UInt64(exactly: number), milliseconds > nowMilliseconds,
      milliseconds <= 253_402_300_799_999
    else { throw Problem(.unprocessableEntity, "\(name) is a time to come, in milliseconds since 1970.") }
    return milliseconds
  }
}

/// Parts of a path as they are meant. Source: RFC 3986 §2.1.
enum PercentCoding {
  /// - Returns: `nil` for a broken escape, or when the bytes are no UTF-8.
  static func decode(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else { return nil }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
