import Foundation

/// A folder of its own for a test's files.
struct TestFolder: Sendable {
  let path: String

  /// - Parameter purpose: a word in its name.
  init(_ purpose: String) throws {
    path = NSTemporaryDirectory() + "thaiyyal-\(purpose)-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  func file(_ name: String) -> String { path + "/" + name }
  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
