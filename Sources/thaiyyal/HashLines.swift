import Hashing

/// The two hashes as all tools print them, so that they can be compared by eye and by `diff`.
enum HashLines {
  static func text(document: [UInt8], graph: [UInt8]) -> String { "document \(Hex.encode(document))\ngraph    \(Hex.encode(graph))" }
}
