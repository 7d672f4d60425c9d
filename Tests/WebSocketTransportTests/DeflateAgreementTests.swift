import Testing

@testable import WebSocketTransport

@Suite struct DeflateAgreementTests {
  private func answer(_ header: String, _ configuration: DeflateConfiguration = DeflateConfiguration()) -> String? {
    ExtensionOffer.parse(header).flatMap { DeflateAgreement.answer($0, configuration)?.header }
  }

  @Test(
    "[RFC 7692 §7.1] a server that keeps no context answers",
    arguments: [
      ("permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
      ("permessage-deflate; client_max_window_bits", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
      (
        "permessage-deflate; server_max_window_bits=10; client_max_window_bits=11",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11"
      ),
      (
        "permessage-deflate; server_max_window_bits=\"9\"",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9"
      ),
      (" , x-other ; a=b , PERMESSAGE-DEFLATE", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
      ("permessage-deflate; strange, permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
    ])
  func answers(offer: String, expected: String) { #expect(answer(offer) == expected) }

  @Test("[RFC 7692 §7.1] a server that keeps context says only what limits somebody")
  func answersWithContext() {
    var own = DeflateConfiguration()
    own.keepsOwnContext = true
    own.allowsPeerContext = true
    #expect(answer("permessage-deflate", own) == "permessage-deflate")
    #expect(answer("permessage-deflate; server_no_context_takeover", own) == "permessage-deflate; server_no_context_takeover")
    #expect(answer("permessage-deflate; client_no_context_takeover", own) == "permessage-deflate; client_no_context_takeover")
    own.windowBits = 11
    own.peerWindowBits = 12
    #expect(answer("permessage-deflate", own) == "permessage-deflate; server_max_window_bits=11")
    #expect(
      answer("permessage-deflate; client_max_window_bits", own)
        == "permessage-deflate; server_max_window_bits=11; client_max_window_bits=12")
    #expect(
      answer("permessage-deflate; server_max_window_bits=9; client_max_window_bits=9", own)
        == "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9")
  }

  @Test(
    "[RFC 7692 §7] offers that cannot be met are declined",
    arguments: [
      "x-webkit-deflate-frame", "permessage-deflate; server_max_window_bits", "permessage-deflate; server_max_window_bits=7",
      "permessage-deflate; server_max_window_bits=16", "permessage-deflate; server_max_window_bits=08",
      "permessage-deflate; client_max_window_bits=",
      "permessage-deflate; server_no_context_takeover=1", "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
      "permessage-deflate; unknown", "permessage-deflate; client_max_window_bits=+9", "",
    ])
  func declines(offer: String) { #expect(answer(offer) == nil) }

  @Test(
    "[RFC 6455 §9.1] what is not in the grammar is told",
    arguments: ["permessage-deflate;", "; a", "a b", "a; =1", "a; b=\"", "a; b=\"\"", "a; b=\"x y\"", "a; b=\"x\\", "a;;b", "é", "a=b"])
  func grammar(header: String) { #expect(ExtensionOffer.parse(header) == nil) }

  @Test("the number of parameters is bounded")
  func manyParameters() { #expect(ExtensionOffer.parse("a" + String(repeating: "; b", count: 17)) == nil) }

  private func clientAgreement(_ header: String, _ configuration: DeflateConfiguration = DeflateConfiguration()) -> DeflateAgreement? {
    ExtensionOffer.parse(header).flatMap { DeflateAgreement(answer: $0, configuration) }
  }

  @Test("a client offers what it wants and takes what answers it")
  func client() throws {
    var own = DeflateConfiguration()
    #expect(
      DeflateAgreement.offer(own) == "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits")
    let taken = try #require(clientAgreement("permessage-deflate; server_no_context_takeover; client_max_window_bits=10", own))
    #expect(!taken.serverKeepsContext && !taken.clientKeepsContext && taken.clientWindowBits == 10 && taken.serverWindowBits == 15)
    #expect(clientAgreement("permessage-deflate") == nil, "the server would keep context although we asked it not to")
    own.allowsPeerContext = true
    own.keepsOwnContext = true
    own.peerWindowBits = 12
    #expect(clientAgreement("permessage-deflate", own) == nil, "a larger window than we asked for")
    let context = try #require(clientAgreement("permessage-deflate; server_max_window_bits=12", own))
    #expect(context.serverKeepsContext && context.clientKeepsContext && context.serverWindowBits == 12)
    #expect(clientAgreement("permessage-deflate; client_max_window_bits; server_max_window_bits=12", own) == nil)
    #expect(clientAgreement("permessage-deflate, permessage-deflate") == nil)
    #expect(clientAgreement("other") == nil)
  }
}
