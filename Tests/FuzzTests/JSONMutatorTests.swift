import Foundation
import FuzzProperties
import Testing

@Suite struct JSONMutatorTests {
  private static let inputs = [
    #"{"run":{"request":"5","include":{"replica":[1,2],"seq":["3","4"]},"policy":"QUEUE"}}"#,
    #"{"ping":{"id":"9007199254740993"}}"#, #"[{"a":[]},{"\"":-1.5e3},"\\",true,null]"#,
  ]

  @Test("what was JSON is JSON afterwards, and another one most of the time; what one input has, another gets")
  func staysJSON() throws {
    var mutator = JSONMutator()
    var made: Set<String> = []
    for seed in 0..<600 as Range<UInt64> {
      let text = Self.inputs[Int(seed % 3)]
      let mutated = mutator.mutate(Array(text.utf8), seed: seed)
      let bytes = try #require(mutated)
      _ = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
      made.insert(String(decoding: bytes, as: UTF8.self))
    }
    #expect(made.count > 300)
    #expect(made.contains { $0.contains("ping") && $0.contains("policy") })
  }

  @Test("the same seeds make the same inputs: a run can be repeated")
  func repeats() {
    let twice = (0..<2).map { _ in
      var mutator = JSONMutator()
      return (0..<100).map { mutator.mutate(Array(Self.inputs[$0 % 3].utf8), seed: UInt64($0)) }
    }
    #expect(twice[0] == twice[1])
  }

  @Test("what is not JSON is left to others", arguments: ["", "{", "[1,]", #"{"a"}"#, #""\"#, "1 2", String(repeating: "[", count: 5000)])
  func notJSON(text: String) {
    var mutator = JSONMutator()
    let mutated = mutator.mutate(Array(text.utf8), seed: 1)
    #expect(mutated == nil)
  }
}
