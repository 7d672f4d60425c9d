import Testing

/// The house rules, as tests. Each is proved able to fail in `CanaryTests`.
@Suite struct TidyTests {
  private func expectNone(_ violations: [Violation], sourceLocation: SourceLocation = #_sourceLocation) {
    for violation in violations.prefix(50) { Issue.record("\(violation)", sourceLocation: sourceLocation) }
    if violations.count > 50 { Issue.record("and \(violations.count - 50) more", sourceLocation: sourceLocation) }
  }

  @Test("the repository is found: a rule over no files proves nothing")
  func repositoryIsFound() {
    #expect(Repository.here.swift.count > 20)
    #expect(Repository.here.file("Package.swift") != nil)
    let targets = Set(Repository.here.swift.compactMap(\.target))
    #expect(targets.count > 5)
  }

  @Test("a target imports only what the table in docs/ARCHITECTURE.md allows") func imports() {
    expectNone(ImportRule.violations(in: .here))
  }

  @Test("ring 0 knows no clock and no chance; nobody forces, detaches or prints") func words() {
    expectNone(WordRule.violations(in: .here))
  }

  @Test("no promises instead of work, no paths of one machine") func texts() { expectNone(TextRule.violations(in: .here)) }

  @Test("files and functions are short, or say why not") func lengths() { expectNone(LengthRule.violations(in: .here)) }

  @Test("every rule of protocol/SPEC.md is quoted by a test") func spec() { expectNone(SpecRule.violations(in: .here)) }

  @Test("what the compiler cannot check carries a proof") func proofs() { expectNone(ProofRule.violations(in: .here)) }

  @Test("a decision is one page with five headings") func decisions() { expectNone(DecisionRule.violations(in: .here)) }
}
