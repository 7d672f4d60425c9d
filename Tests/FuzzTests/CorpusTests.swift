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
