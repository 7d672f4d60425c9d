/// Requests as bytes, one behind the other on one connection, for the whole pipeline of a server: a head may be read in one way only, and a
/// connection on which that is not so has ended.
enum RequestProperty {
  /// - Parameter input: the stream.
  static func check(_ input: [UInt8], planted: Bool) throws(PropertyFault) -> FuzzTarget.Reach {
    var random = Seeded(input)
    var stream = input
    // Planted: a Transfer-Encoding beside a Content-Length is not seen.
    if planted { stream = withoutCoding(stream) }
    let whole = try Answers(LocalServer.shared.answer(to: Pieces.single(stream)))
    let pieces = try Answers(LocalServer.shared.answer(to: Pieces.cut(stream, &random)))
    // A connection that ends with unread bytes may take its last answer along.
    let shorter = min(whole.statuses.count, pieces.statuses.count)
    try require(whole.statuses.prefix(shorter) == pieces.statuses.prefix(shorter), "in pieces \(pieces.statuses), whole \(whole.statuses)")
    for answers in [whole, pieces] { try checkAnswers(answers, StrictRequests(input)) }
    return whole.statuses.contains { $0 < 400 } ? .taken : .refused
  }

  private static func checkAnswers(_ answers: Answers, _ strict: StrictRequests) throws(PropertyFault) {
    try require(answers.rest.isEmpty || answers.statuses.last == 101, "bytes behind the last answer")
    for status in answers.statuses {
      try require((100...499).contains(status) || status == 501 || status == 505, "a strange status: \(status)")
    }
    try require(answers.statuses.count <= strict.requestCount + 1, "\(answers.statuses.count) answers to \(strict.requestCount) requests")
    if let place = strict.ambiguous, answers.statuses.count > place {
      let status = answers.statuses[place]
      try require((400...499).contains(status) || status == 501, "\(status) for a request that can be read in two ways")
      try require(answers.statuses.count == place + 1, "the connection goes on behind a request that can be read in two ways")
    }
    if !strict.namesToken { try require(!answers.tellsWorkflows, "workflows are told without a token") }
  }

  private static func withoutCoding(_ stream: [UInt8]) -> [UInt8] {
    let lines = stream.split(separator: 0x0A, omittingEmptySubsequences: false)
    let names = lines.map { String(decoding: $0.prefix { $0 != 0x3A }, as: UTF8.self).lowercased() }
    guard names.contains("content-length"), let place = names.firstIndex(of: "transfer-encoding") else { return stream }
    return Array((lines[..<place] + lines[(place + 1)...]).joined(separator: [0x0A]))
  }
}

/// Answers taken apart by the plainest rules of RFC 9112 §6.
private struct Answers {
  var statuses: [Int] = []
  /// What is no whole answer.
  var rest: ArraySlice<UInt8>
  var tellsWorkflows = false

  init(_ bytes: [UInt8]) throws(PropertyFault) {
    rest = bytes[...]
    while let end = rest.firstRange(of: Array("\r\n\r\n".utf8)), statuses.last != 101 {
      let lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self).replacing("\r\n", with: "\n").split(separator: "\n")
      guard let first = lines.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3)) else {
        throw PropertyFault("an answer that is none")
      }
      func values(_ name: String) -> [String] {
        lines.dropFirst().filter { $0.lowercased().hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
      }
      try require(lines.dropFirst().allSatisfy { $0.contains(": ") || $0.hasSuffix(":") }, "an answer with a field that is none")
      statuses.append(status)
      rest = rest[end.upperBound...]
      let (lengths, codings) = (values("content-length"), values("transfer-encoding"))
      try require(lengths.count + codings.count <= 1, "an answer of two lengths")
      // The answer to HEAD tells the length of a body that does not come.
      if rest.starts(with: Array("HTTP/1.1 ".utf8)) || rest.isEmpty || status == 101 || status == 304 { continue }
      if codings == ["chunked"] {
        try skipChunks()
      } else if let length = lengths.first.flatMap({ Int($0) }), rest.count >= length {
        tellsWorkflows = tellsWorkflows || status == 200 && String(decoding: rest.prefix(length), as: UTF8.self).hasPrefix(#"{"role""#)
        rest = rest.dropFirst(length)
      } else {
        return
      }
    }
  }

  private mutating func skipChunks() throws(PropertyFault) {
    while let end = rest.firstRange(of: [0x0D, 0x0A]) {
      guard let count = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16) else {
        throw PropertyFault("a chunk that is none")
      }
      guard rest.count >= end.upperBound - rest.startIndex + count + 2 else { return }
      rest = rest[(end.upperBound + count + 2)...]
      if count == 0 { return }
    }
  }
}

/// A reading of RFC 9112 that takes nothing but what every reader takes in the same way.
struct StrictRequests {
  /// Heads that end in the stream, at most.
  var requestCount = 0
  /// The place of the first request whose length two readers could see differently.
  var ambiguous: Int?
  var namesToken: Bool

  init(_ stream: [UInt8]) {
    namesToken = stream.firstRange(of: Array(LocalServer.token.utf8)) != nil
    // Every empty line may end a head, of whatever reader.
    for (index, byte) in stream.enumerated() where byte == 0x0A {
      let before = stream[..<index].last == 0x0D ? index - 1 : index
      if before == 0 || stream[before - 1] == 0x0A { requestCount += 1 }
    }
    readFirst(stream)
  }

  /// Of the first request only: where the others begin depends on the reader.
  private mutating func readFirst(_ stream: [UInt8]) {
    guard let end = stream.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
    let head = stream[..<end.lowerBound]
    guard head.first != 0x0D, head.first != 0x0A else { return }
    let lines = head.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in line.last == 0x0D ? line.dropLast() : line }
    var (lengths, codings): ([String], [String]) = ([], [])
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: 0x3A) else { continue }
      let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
      let value = String(decoding: line[(colon + 1)...], as: UTF8.self).drop { $0 == " " || $0 == "\t" }
      if name == "content-length" { lengths.append(String(value)) }
      if name == "transfer-encoding" { codings.append(value.lowercased()) }
    }
    let isTwice = !codings.isEmpty && !lengths.isEmpty || Set(lengths).count > 1
    let isNoLength = lengths.contains { length in length.isEmpty || !length.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x20 } }
    if isTwice || isNoLength { ambiguous = 0 }
  }
}
