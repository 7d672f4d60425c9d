import Foundation
import Gateway
import Glibc
import Hashing

/// How the server is watched and replaced, checked.
struct OperationsConfiguration {
  enum LogFormat: String, CaseIterable {
    case text, json
    /// Text on a terminal, where a person reads; JSON elsewhere, where a program does.
    case auto

    var isJSON: Bool {
      switch self {
      case .text: false
      case .json: true
      case .auto: isatty(STDERR_FILENO) != 1
      }
    }
  }

  var metricsTokenFile: String?
  var logFormat: LogFormat
  /// How long a data file that another server has is waited for.
  var takeover: Duration

  init(_ sources: ConfigurationSources) throws(ConfigurationFault) {
    let file = try sources.text(.metricsToken)
    metricsTokenFile = file.isEmpty ? nil : file
    let text = try sources.text(.logFormat)
    guard let format = LogFormat(rawValue: text) else {
      let known = LogFormat.allCases.map(\.rawValue)
      throw ConfigurationFault(
        "log-format: \"\(text)\" is none of \(known.joined(separator: ", ")) (\(sources.origin(of: .logFormat)))"
          + hint(for: text, among: known))
    }
    logFormat = format
    takeover = .seconds(try sources.number(.takeoverSeconds, in: 0...3600))
  }

  /// - Parameter isPrivate: only programs of this machine reach the server, and all of them may do everything there anyway.
  func metricsAccess(isPrivate: Bool) throws(ConfigurationFault) -> MetricsAccess {
    guard let file = metricsTokenFile else { return isPrivate ? .open : .closed }
    let secret: String
    do { secret = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines) } catch {
      throw ConfigurationFault("metrics-token: cannot read \(file): \((error as NSError).localizedDescription)")
    }
    guard (AccessToken.secretBytesMin...AccessToken.secretBytesMax).contains(secret.utf8.count) else {
      throw ConfigurationFault(
        "metrics-token: the secret in \(file) must have \(AccessToken.secretBytesMin) to \(AccessToken.secretBytesMax) bytes")
    }
    return .secret(digest: SHA256.digest(secret))
  }
}
