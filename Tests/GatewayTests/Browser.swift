import Foundation

/// A headless Chromium of this machine, if there is one.
enum Browser {
  static let path: String? = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// The page's elements as they stand after its scripts have run for a while.
  static func elements(of url: String) async throws -> String {
    guard let path else { return "" }
    let profile = FileManager.default.temporaryDirectory.appending(path: "browser-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: profile) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(profile.path)", "--virtual-time-budget=10000", "--dump-dom",
      url,
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    // A child of a test may have SIGTERM blocked; nothing blocks SIGKILL.
    let limit = Task {
      try await Task.sleep(for: .seconds(30))
      kill(process.processIdentifier, SIGKILL)
    }
    defer { limit.cancel() }
    return await withCheckedContinuation { done in
      DispatchQueue.global().async {
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        done.resume(returning: String(decoding: bytes, as: UTF8.self))
      }
    }
  }
}
