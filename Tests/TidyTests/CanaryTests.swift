import Testing

/// Each rule finds a planted violation and lets the near miss beside it pass.
@Suite struct CanaryTests {
  private static let table = SourceFile(
    path: TargetTable.path,
    text: """
      | ring | target | does | imports |
      |---|---|---|---|
      | 0 | `Core` | thinks | `Collections`, `Other` |
      | 1 | `Edge` | acts | `Core`, `Foundation` |
      """)

  private func repository(_ files: (String, String)...) -> Repository {
    Repository([Self.table] + files.map { SourceFile(path: $0.0, text: $0.1) })
  }

  @Test(
    "imports: a foreign module, whatever is written before it; a target that is in no table",
    arguments: [
      "import Foundation", "public import struct Foundation.Data", "@preconcurrency import Glibc", "  internal import NIOCore",
    ])
  func imports(line: String) {
    let bad = ImportRule.violations(in: repository(("Sources/Core/A.swift", "\(line)\n")))
    #expect(bad.count == 1 && bad.first?.line == 1)
    #expect(ImportRule.violations(in: repository(("Sources/Unknown/A.swift", ""))).count == 1)
    #expect(ImportRule.violations(in: Repository([])).count == 1)
  }

  @Test("imports: what is allowed, and what only looks like an import")
  func importsAllowed() {
    let good = """
      import DequeModule
      public import Other
      import Synchronization
      // import Foundation
      let text = "import Foundation"
      /* import Glibc */
      """
    #expect(ImportRule.violations(in: repository(("Sources/Core/A.swift", good), ("Sources/Edge/B.swift", "import Foundation"))) == [])
  }

  @Test("words: each one is found in ring 0", arguments: (WordRule.core + WordRule.everywhere + [WordRule.printing]).map(\.word))
  func words(word: String) {
    let line =
      word.hasPrefix(".")
      ? "let x = Time\(word))" : word.hasSuffix("(") ? "_ = \(word))" : "let x =\(word.hasPrefix(" ") ? "" : " ")\(word) y"
    #expect(WordRule.violations(in: repository(("Sources/Core/A.swift", line))).count == 1, "\(line)")
    #expect(WordRule.violations(in: repository(("Sources/Core/A.swift", "// \(line)\nlet text = \"\"\"\n\(line)\n\"\"\""))) == [])
  }

  @Test("words: longer names are not meant, and ring 1 may look at the clock")
  func wordsAllowed() {
    let core =
      "let time = room.now; let randomness = debugPrint(nowhere.nowhere); footprint(1); UpDate(); try? x(); x as? Y; Int.random(in: a, using: &g)"
    #expect(WordRule.violations(in: repository(("Sources/Core/A.swift", core))) == [])
    #expect(WordRule.violations(in: repository(("Sources/Edge/A.swift", "let time = Date()"))) == [])
    #expect(WordRule.violations(in: repository(("Sources/thaiyyal/A.swift", "print(1)"), ("Tests/A/B.swift", "try! x()"))) == [])
    #expect(WordRule.violations(in: repository(("Sources/Edge/A.swift", "try! x()"))).count == 1)
  }

  @Test("texts: promises and places, in any file", arguments: TextRule.promises + TextRule.places.map { $0 + "x" })
  func texts(text: String) {
    for path in ["Sources/Core/A.swift", "docs/A.md", "Makefile"] {
      #expect(TextRule.violations(in: repository((path, "a\n// \(text)\n"))).map(\.line) == [2], "\(path)")
    }
    #expect(TextRule.violations(in: repository(("docs/A.md", "METHODOLOGY, XXXL, home/work, https://example.org/users/"))) == [])
  }

  @Test("lengths: a long file and a long function, unless they say why")
  func lengths() {
    let long = String(repeating: "let x = 1\n", count: 401)
    #expect(LengthRule.violations(in: repository(("Sources/Core/A.swift", long))).map(\.line) == [0])
    #expect(LengthRule.violations(in: repository(("Sources/Core/A.swift", "// Long: one table, read as one\n" + long))) == [])
    #expect(LengthRule.violations(in: repository(("Sources/Core/A.swift", "// Long: why\n" + long))).count == 1)

    let body = String(repeating: "  x += 1 // {\n", count: 58)
    for head in ["func f(a: [Int] = []) -> Int {", "  public init?(a: () -> Void = {}) {", "static func f<T>(\n  a: T\n) {"] {
      #expect(
        LengthRule.violations(in: repository(("Sources/Core/A.swift", "\n\(head)\n\(body)}\n"))).map(\.line)
          == (head.contains("\n") ? [2] : []))
      let found = LengthRule.violations(in: repository(("Sources/Core/A.swift", "\n\(head)\n  let text = \"}\"\n\(body)}\n")))
      #expect(found.map(\.line) == [2], "\(head)")
      #expect(
        LengthRule.violations(in: repository(("Sources/Core/A.swift", "// Long: a table of all cases\n\(head)\n\(body)\(body)}\n"))) == [])
    }
    let requirements = "protocol P {\n  func f()\n" + String(repeating: "  func g(a: Int)\n", count: 90) + "}\nstruct S {\n" + body + "}"
    #expect(LengthRule.violations(in: repository(("Sources/Core/A.swift", requirements))) == [])
  }

  @Test("spec: a rule without a test, a test without a rule, a rule twice")
  func spec() {
    let spec = "# Rules\n- **AB1** one\n**AB2** two\n| **AB3b** | three |\nsee **AB9** and **bold**\n"
    let tests = ("Tests/A/B.swift", "@Test(\"[AB1] x\") f()\n@Test(\"[AB2, AB3b] y\") g()\nlet x = [AB7]")
    #expect(SpecRule.violations(in: repository((SpecRule.path, spec), tests)) == [])
    let missing = ("Tests/A/B.swift", "@Test(\"[AB1] x\") f()\n// AB2\n@Test(\"AB3b\") g()")
    #expect(SpecRule.violations(in: repository((SpecRule.path, spec), missing)).map(\.line) == [3, 4])
    #expect(SpecRule.violations(in: repository((SpecRule.path, spec + "- **AB1** again\n"), tests)).map(\.line) == [6])
    let unknown = SpecRule.violations(
      in: repository((SpecRule.path, spec), tests, ("Tests/A/C.swift", "@Test(\"[AB8] z\") f()\n@Test(\"[QQ1] z\") f()")))
    #expect(unknown.map(\.path) == ["Tests/A/C.swift"])
    #expect(SpecRule.violations(in: repository((SpecRule.path, "nothing"))).count == 1)
    #expect(SpecRule.violations(in: repository()) == [])
  }

  @Test("proofs: unchecked without a comment", arguments: ["final class A: @unchecked Sendable {}", "nonisolated(unsafe) var a = 1"])
  func proofs(line: String) {
    #expect(ProofRule.violations(in: repository(("Sources/Core/A.swift", "\nlet y = 1\n\(line)\n"))).map(\.line) == [3])
    #expect(ProofRule.violations(in: repository(("Sources/Core/A.swift", "// short\n\(line)\n"))).map(\.line) == [2])
    #expect(
      ProofRule.violations(in: repository(("Sources/Core/A.swift", "/// Never changes after it was made.\n@frozen\n\(line)\n"))) == [])
    let far = "/// Never changes after it was made.\n" + String(repeating: "let y = 1\n", count: 6)
    #expect(ProofRule.violations(in: repository(("Sources/Core/A.swift", "\(far)\(line)\n"))).map(\.line) == [8])
    #expect(ProofRule.violations(in: repository(("Tests/Core/A.swift", "\(line)  // Never changes after it was made.\n"))) == [])
  }

  @Test("decisions: a heading missing, a bad name, a number twice")
  func decisions() {
    let good = DecisionRule.headings.map { "## \($0)\ntext\n" }.joined()
    #expect(DecisionRule.violations(in: repository(("docs/adr/0001-one.md", good), ("docs/adr/0002-two.md", good))) == [])
    #expect(DecisionRule.violations(in: repository(("docs/adr/0001-one.md", good), ("docs/adr/0001-two.md", good))).count == 1)
    #expect(DecisionRule.violations(in: repository(("docs/adr/one.md", good))).count == 1)
    for heading in DecisionRule.headings {
      let bad = good.replacing("## \(heading)\n", with: "# \(heading)\n")
      #expect(DecisionRule.violations(in: repository(("docs/adr/0001-one.md", bad))).count == 1, "\(heading)")
    }
    #expect(DecisionRule.violations(in: repository(("docs/adr/0001-one.md", good + String(repeating: "\n", count: 90)))).count == 1)
  }

  @Test("code only: comments, texts, raw texts and code inside texts are told apart")
  func codeOnly() {
    #expect(CodeOnly.of("a // b\nc") == "a     \nc")
    #expect(CodeOnly.of("a /* b /* c */ d */ e") == "a                   e")
    #expect(CodeOnly.of(#"f("x \( g("y)") ) z") + h"#) == "f(" + String(repeating: " ", count: 18) + ") + h")
    #expect(CodeOnly.of(##"a #"x " \(y) "# b"##) == "a               b")
    #expect(CodeOnly.of("\"\"\"\nx \"y\" // z\n\"\"\" w") == "   \n" + String(repeating: " ", count: 10) + "\n    w")
    #expect(CodeOnly.of(#""\\" + a"#) == #"     + a"#)
  }
}
