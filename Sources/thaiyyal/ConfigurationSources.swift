import Configuration
import Foundation
import Synchronization
import SystemPackage

/// Where settings come from: flags before environment before file before defaults.
///
/// The flags were parsed by ArgumentParser, which knows help texts and typing errors; from here on they are one more provider.
struct ConfigurationSources {
  private let reader: ConfigReader
  private let answers = AnswerRecorder()

  /// - Parameters: `file`: a JSON object of settings by key; `nil`: none.
  init(flags: [Setting: ConfigValue], environment: [String: String], file: String?) async throws(ConfigurationFault) {
    try Self.checkNames(environment: environment)
    var providers: [any ConfigProvider] = [
      InMemoryProvider(name: Origin.flags, values: Self.values(flags)),
      EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "thaiyyal"),
    ]
    if let file { providers.append(try await Self.provider(of: file)) }
    providers.append(InMemoryProvider(name: Origin.defaults, values: Self.values(Setting.defaults)))
    reader = ConfigReader(providers: providers, accessReporter: answers)
  }

  func text(_ setting: Setting) throws(ConfigurationFault) -> String {
    try read(setting, "a text") { () throws in try reader.requiredString(forKey: setting.path) }
  }

  func texts(_ setting: Setting) throws(ConfigurationFault) -> [String] {
    try read(setting, "a list of texts") { () throws in try reader.requiredStringArray(forKey: setting.path) }
  }

  func flag(_ setting: Setting) throws(ConfigurationFault) -> Bool {
    try read(setting, "true or false") { () throws in try reader.requiredBool(forKey: setting.path) }
  }

  func number(_ setting: Setting, in range: ClosedRange<Int>) throws(ConfigurationFault) -> Int {
    let number = try read(setting, "a whole number") { () throws in try reader.requiredInt(forKey: setting.path) }
    guard range.contains(number) || origin(of: setting) == Origin.defaults else {
      throw ConfigurationFault(
        "\(setting.rawValue): \(number) is not within \(range.lowerBound)...\(range.upperBound) (\(origin(of: setting)))")
    }
    return number
  }

  /// What the last read of this setting came from, in words.
  func origin(of setting: Setting) -> String { answers.origin(of: setting) }

  private func read<Value>(_ setting: Setting, _ shape: String, _ body: () throws -> Value) throws(ConfigurationFault) -> Value {
    do { return try body() } catch {
      throw ConfigurationFault("\(setting.rawValue): \(shape) is needed (\(answers.origin(of: setting)))")
    }
  }

  private static func values(_ settings: [Setting: ConfigValue]) -> [AbsoluteConfigKey: ConfigValue] {
    Dictionary(uniqueKeysWithValues: settings.map { (AbsoluteConfigKey([$0.key.rawValue]), $0.value) })
  }

  // MARK: names that nobody knows

  private static func checkNames(environment: [String: String]) throws(ConfigurationFault) {
    let known = Setting.allCases.map(\.environmentName) + [Setting.fileEnvironmentName, Setting.clientTokenEnvironmentName]
    for name in environment.keys.sorted() where name.hasPrefix(Setting.environmentPrefix) && !known.contains(name) {
      throw ConfigurationFault("unknown environment variable \(name)" + hint(for: name, among: known))
    }
  }

  private static func provider(of file: String) async throws(ConfigurationFault) -> any ConfigProvider {
    let object: Any
    do {
      object = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: file)))
    } catch {
      throw ConfigurationFault("cannot read the configuration file \(file): \(firstSentence(error))")
    }
    guard let members = object as? [String: Any] else { throw ConfigurationFault("the configuration file \(file) is no JSON object") }
    let known = Setting.allCases.map(\.rawValue)
    for name in members.keys.sorted() where !known.contains(name) {
      throw ConfigurationFault("unknown key \"\(name)\" in \(file)" + hint(for: name, among: known))
    }
    do {
      return try await FileProvider<JSONSnapshot>(filePath: FilePath(file))
    } catch {
      throw ConfigurationFault("cannot read the configuration file \(file): \(firstSentence(error))")
    }
  }

  private static func firstSentence(_ error: any Error) -> String {
    let text = (error as NSError).localizedDescription
    return text.split(separator: "\n").first.map(String.init) ?? text
  }
}

/// How `ConfigurationSources` calls its providers where a person reads it.
enum Origin {
  static let flags = "flag"
  static let defaults = "default"
}

/// Remembers which provider answered for each key.
private final class AnswerRecorder: AccessReporter {
  private let origins = Mutex<[String: String]>([:])

  func report(_ event: AccessEvent) {
    let answering = event.providerResults.first { result in
      switch result.result {
      case .success(let found): found.value != nil
      case .failure: true
      }
    }
    guard let key = event.metadata.key.components.last, let answering else { return }
    origins.withLock { $0[key] = Self.words(answering.providerName, key) }
  }

  func origin(of setting: Setting) -> String { origins.withLock { $0[setting.rawValue] } ?? Origin.defaults }

  private static func words(_ provider: String, _ key: String) -> String {
    if provider.contains(Origin.flags) { return Origin.flags }
    if provider.contains(Origin.defaults) { return Origin.defaults }
    guard provider.contains("Environment") else { return "configuration file" }
    return "environment variable " + (Setting(rawValue: key)?.environmentName ?? key)
  }
}

/// "; did you mean X?" for the nearest of `known`, or nothing when none is near.
func hint(for name: String, among known: [String]) -> String {
  let near = known.map { ($0, editDistance(name.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
  guard let near, near.1 <= max(2, name.count / 4) else { return "" }
  return "; did you mean \(near.0)?"
}

/// Insertions, deletions and replacements from one word to the other. O(a · b), for names.
func editDistance(_ a: String, _ b: String) -> Int {
  let target = Array(b)
  var row = Array(0...target.count)
  for (i, character) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for j in target.indices {
      let replaced = diagonal + (character == target[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
    }
  }
  return row[target.count]
}
