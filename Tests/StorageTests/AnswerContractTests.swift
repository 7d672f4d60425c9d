import Storage
import Testing

/// What every store must do about kept answers.
@Suite struct AnswerContractTests {
  private static let hour: UInt64 = 3_600_000

  private func with(_ kind: StoreKind, _ body: (any AnswerStore) async throws -> Void) async throws {
    try await kind.withStore { store in try await body(try #require(store as? any AnswerStore)) }
  }

  private func claim(_ number: Int, of holder: String = "ada", at time: UInt64 = 100 * hour, planned: String = "") -> AnswerClaim {
    let digest = (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } + [UInt8](repeating: 0, count: 28)
    return AnswerClaim(
      holder: holder, digest: digest, fingerprint: [UInt8](repeating: 7, count: 32), planned: planned, claimedAtMilliseconds: time)
  }

  @Test("[RQ1, RQ2] a key is claimed once; its answer is what was noted, byte for byte", arguments: StoreKind.allCases)
  func once(kind: StoreKind) async throws {
    try await with(kind) { (store: any AnswerStore) async throws in
      let mine = claim(1, planned: "0123")
      #expect(try await store.claim(mine) == .claimed)
      var other = mine
      (other.fingerprint, other.claimedAtMilliseconds) = ([1, 2], mine.claimedAtMilliseconds + 5)
      #expect(try await store.claim(other) == .known(mine, answer: nil))
      let answer = KeptAnswer(status: 201, location: "/é", tag: "\"t\"", body: [0, 1, 255])
      try await store.settle(mine, with: answer)
      #expect(try await store.claim(other) == .known(mine, answer: answer))
      #expect(try await store.claim(claim(1, of: "bob")) == .claimed)
      #expect(try await store.claim(claim(2)) == .claimed)
      for body in [nil, []] as [[UInt8]?] {
        let bare = KeptAnswer(status: 204, body: body)
        try await store.settle(claim(2), with: bare)
        #expect(try await store.claim(claim(2)) == .known(claim(2), answer: bare))
      }
    }
  }

  @Test("[RQ3] a key that is given back is free", arguments: StoreKind.allCases)
  func free(kind: StoreKind) async throws {
    try await with(kind) { (store: any AnswerStore) async throws in
      #expect(try await store.claim(claim(1)) == .claimed)
      try await store.settle(claim(1), with: nil)
      // Late word from a claim that has gone changes nothing.
      try await store.settle(claim(1), with: KeptAnswer(status: 200, body: []))
      #expect(try await store.claim(claim(1, at: 101 * Self.hour)) == .claimed)
      try await store.settle(claim(1), with: KeptAnswer(status: 200, body: []))
      #expect(try await store.claim(claim(1)) == .known(claim(1, at: 101 * Self.hour), answer: nil))
    }
  }

  @Test("[RQ4] claims and answers are there after a crash")
  func crash() async throws {
    let store = InMemoryWorkflowStore()
    let answer = KeptAnswer(status: 204, body: [])
    #expect(try await store.claim(claim(1)) == .claimed)
    try await store.settle(claim(1), with: answer)
    #expect(try await store.crash().claim(claim(1)) == .known(claim(1), answer: answer))
  }

  @Test("[RQ5] a key lasts a day", arguments: StoreKind.allCases)
  func age(kind: StoreKind) async throws {
    try await with(kind) { (store: any AnswerStore) async throws in
      let count = KeptAnswer.dropCountMax + 10
      for number in 0..<count { #expect(try await store.claim(claim(number)) == .claimed) }
      #expect(try await store.claim(claim(3, at: 124 * Self.hour - 1)) == .known(claim(3), answer: nil))
      // The last of a backlog too, though not all of that goes at once.
      #expect(try await store.claim(claim(count - 1, at: 124 * Self.hour)) == .claimed)
      #expect(try await store.claim(claim(0, at: 124 * Self.hour)) == .claimed)
    }
  }

  @Test(
    "[RQ5] of too many keys of a holder the first ones go, and of too many at all those of whoever has most", arguments: StoreKind.allCases)
  func bounds(kind: StoreKind) async throws {
    try await with(kind) { (store: any AnswerStore) async throws in
      #expect(try await store.claim(claim(1, of: "bob")) == .claimed)
      for number in 0...KeptAnswer.countPerHolderMax { #expect(try await store.claim(claim(number)) == .claimed) }
      #expect(try await store.claim(claim(1)) == .known(claim(1), answer: nil))
      #expect(try await store.claim(claim(1, of: "bob")) == .known(claim(1, of: "bob"), answer: nil))
      #expect(try await store.claim(claim(0)) == .claimed, "the first has gone")
      #expect(try await store.claim(claim(1)) == .claimed, "and made room for the one before")
    }
  }
}
