import Access
import Dispatch
import Foundation
import Gateway
import Glibc
import Logging
import Synchronization

/// The keys of signed tokens, from a file that may change while the server runs. Spec: AC8.
///
/// Looked at every few seconds, and read anew when it is another one, or at SIGHUP. A file that cannot be used is logged, and the keys stay.
final class SigningKeys: Sendable {
  private static let lookSeconds = 5

  /// What tells one content of the file from another, without reading it.
  private struct Stamp: Hashable {
    var file: UInt64
    var bytes: Int64
    var seconds: Int
    var nanoseconds: Int
  }

  let authenticator: SignedTokenAuthenticator
  private let path: String
  private let logger: Logger
  private let seen: Mutex<Stamp?>

  /// - Throws: when the file cannot be used.
  init(_ path: String, rules: TokenRules, logger: Logger) throws(ConfigurationFault) {
    self.path = path
    self.logger = logger
    // Before it is read: what changes afterwards is noticed.
    seen = Mutex(Self.stamp(path))
    let keys = try Self.load(path)
    for text in keys.passedOver { logger.notice("a key for signed tokens is passed over", metadata: ["which": "\(text)"]) }
    authenticator = SignedTokenAuthenticator(keys, rules: rules) { UInt64(Date().timeIntervalSince1970 * 1000) }
  }

  static func load(_ path: String) throws(ConfigurationFault) -> KeySet {
    let text: String
    do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
      throw ConfigurationFault("cannot read the key set \(path): \((error as NSError).localizedDescription)")
    }
    do throws(KeySet.Fault) { return try KeySet(parsing: text) } catch {
      throw ConfigurationFault("the key set \(path) cannot be used: \(error)")
    }
  }

  /// Looks at the file now and then until what is returned is cancelled.
  func watch() -> [any DispatchSourceProtocol] {
    let timer = DispatchSource.makeTimerSource(queue: .global())
    timer.schedule(deadline: .now() + .seconds(Self.lookSeconds), repeating: .seconds(Self.lookSeconds))
    timer.setEventHandler { [self] in look() }
    signal(SIGHUP, SIG_IGN)
    let hangUp = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
    hangUp.setEventHandler { [self] in reload() }
    timer.resume()
    hangUp.resume()
    return [timer, hangUp]
  }

  /// Reads the file anew if it is another one than the last time.
  func look() {
    let now = Self.stamp(path)
    if seen.withLock({ $0 != now }) { reload() }
  }

  func reload() {
    seen.withLock { $0 = Self.stamp(path) }
    do throws(ConfigurationFault) {
      let keys = try Self.load(path)
      authenticator.replaceKeys(keys)
      logger.notice("keys of signed tokens read anew", metadata: ["count": "\(keys.entries.count)"])
    } catch {
      logger.error("the new keys of signed tokens cannot be used, the old ones stay", metadata: ["error": "\(error.text)"])
    }
  }

  private static func stamp(_ path: String) -> Stamp? {
    var info = stat()
    guard stat(path, &info) == 0 else { return nil }
    return Stamp(file: UInt64(info.st_ino), bytes: Int64(info.st_size), seconds: info.st_mtim.tv_sec, nanoseconds: info.st_mtim.tv_nsec)
  }
}
