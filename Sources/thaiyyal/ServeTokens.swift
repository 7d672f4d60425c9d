import CollabProtocol
import Foundation
import Gateway
import WorkflowDocument

/// The file of access tokens: `{"tokens": [{"name": "ada", "role": "editor", "kind": "person", "secret": "…"}]}`; `kind` may be left out.
enum ServeTokens {
  private struct File: Decodable {
    struct Token: Decodable {
      var name: String
      var role: String
      var kind: String?
      var secret: String
    }
    var tokens: [Token]
  }

  private static let roles: [String: Role] = [
    "viewer": .viewer, "commenter": .commenter, "editor": .editor, "runner": .runner, "owner": .owner,
  ]
  private static let kinds: [String: Author.Kind] = ["person": .person, "bot": .bot, "agent": .agent]

  /// - Throws: `ConfigurationFault` naming the token that is wrong, never its secret.
  static func load(_ path: String) throws(ConfigurationFault) -> [AccessToken] {
    let file: File
    do {
      file = try JSONDecoder().decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    } catch let error as DecodingError {
      throw ConfigurationFault("the tokens file \(path) is not as it should be: \(place(of: error))")
    } catch {
      throw ConfigurationFault("cannot read the tokens file \(path): \((error as NSError).localizedDescription)")
    }
    guard !file.tokens.isEmpty else { throw ConfigurationFault("the tokens file \(path) holds no token: nobody could connect") }
    var names: Set<String> = []
    var tokens: [AccessToken] = []
    for token in file.tokens {
      guard names.insert(token.name).inserted else { throw ConfigurationFault("the tokens file \(path) names \"\(token.name)\" twice") }
      tokens.append(try make(token, path))
    }
    return tokens
  }

  private static func make(_ token: File.Token, _ path: String) throws(ConfigurationFault) -> AccessToken {
    guard let role = roles[token.role] else {
      let known = roles.keys.sorted()
      throw ConfigurationFault(
        "token \"\(token.name)\" in \(path): role \"\(token.role)\" is none of \(known.joined(separator: ", "))"
          + hint(for: token.role, among: known))
    }
    var kind: Author.Kind?
    if let text = token.kind {
      kind = kinds[text]
      guard kind != nil else {
        let known = kinds.keys.sorted()
        throw ConfigurationFault(
          "token \"\(token.name)\" in \(path): kind \"\(text)\" is none of \(known.joined(separator: ", "))" + hint(for: text, among: known)
        )
      }
    }
    guard let made = AccessToken(name: token.name, role: role, kind: kind, secret: token.secret) else {
      throw ConfigurationFault(
        "token \"\(token.name)\" in \(path): the name must not be empty, the secret must have \(AccessToken.secretBytesMin) to \(AccessToken.secretBytesMax) bytes"
      )
    }
    return made
  }

  /// Where the decoder stumbled. Its own text might quote a value, and a value may be a secret.
  private static func place(of error: DecodingError) -> String {
    let context: DecodingError.Context? =
      switch error {
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context), .dataCorrupted(let context): context
      @unknown default: nil
      }
    let path = (context?.codingPath ?? []).map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    if case .keyNotFound(let key, _) = error { return "\"\(key.stringValue)\" is missing at \(path.isEmpty ? "the top" : path)" }
    return path.isEmpty ? "it is no JSON of the form {\"tokens\": [{\"name\", \"role\", \"secret\"}]}" : "at \(path)"
  }
}
