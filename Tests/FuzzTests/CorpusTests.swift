import Foundation
import FuzzProperties
import Testing

/// The kept inputs go through the same properties as under libFuzzer, in every run of the tests.
@Suite struct CorpusTests {
  @Test("every kept input keeps the property, and enough of them get past the first checks", arguments: FuzzTarget.allCases)
  func kept(target: FuzzTarget) throws {
    let inputs = try Corpus.inputs(target)
    var taken = 0
    for input in inputs {
      do {
        if try target.check(input.bytes) == .taken { taken += 1 }
      } catch {
        Issue.record("\(input.path): \(error)")
      }
    }
    #expect(inputs.count >= 20 && taken >= 10, "\(taken) of \(inputs.count) kept inputs are taken: they prove little")
  }

  @Test("a planted defect is found by a kept input: the property can fail", arguments: FuzzTarget.allCases)
  func planted(target: FuzzTarget) throws {
    let finders = try Corpus.inputs(target).filter { input in
      do throws(PropertyFault) {
        _ = try target.check(input.bytes, planted: true)
        return false
      } catch { return true }
    }
    #expect(!finders.isEmpty)
  }

  @Test("no input at all is an input", arguments: FuzzTarget.allCases)
  func empty(target: FuzzTarget) throws {
    for input in [[], [0], [1], [0xFF]] as [[UInt8]] { _ = try target.check(input) }
  }

  /// The proof of a handshake is random: where it went into what is compared, two readings of one answer were never the same.
  @Test("a server's first message may hold the mark of the proof: it is a message like any other")
  func proofInMessage() throws {
    let message = Array("\n: @\r\nSec-WebSocket-Accept: @".utf8)
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: @\r\n\r\n"
    // A client's turn, without compression.
    let input = [0b11] + Array(answer.utf8) + [0x81, UInt8(message.count)] + message
    #expect(try FuzzTarget.upgrade.check(input) == .taken)
  }

  @Test("the kept inputs stay small")
  func size() throws {
    let bytes = try FuzzTarget.allCases.flatMap(Corpus.inputs).reduce(0) { $0 + $1.bytes.count }
    #expect(bytes < 200 << 10)
  }
}

/// `fixtures/fuzz/TARGET`: what libFuzzer found worth keeping, and inputs that once found a defect (`found-…`).
enum Corpus {
  struct Input {
    var path: String
    var bytes: [UInt8]
  }

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func inputs(_ target: FuzzTarget) throws -> [Input] {
    let folder = root.appendingPathComponent("fixtures/fuzz/\(target.rawValue)")
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
      Input(path: "\(target.rawValue)/\(name)", bytes: Array(try Data(contentsOf: folder.appendingPathComponent(name))))
    }
  }
}
