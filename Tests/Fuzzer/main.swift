import CLibFuzzer
import FuzzProperties
import Glibc

// fuzz TARGET [libFuzzer's arguments]: one target under libFuzzer. FUZZ_PLANTED=1 puts the target's planted defect in place.

private let named = CommandLine.arguments.dropFirst().first.flatMap(FuzzTarget.init(rawValue:))
// A merge runs this program anew with arguments of its own: what is fuzzed comes by the environment then.
guard let target = named ?? getenv("FUZZ_TARGET").flatMap({ FuzzTarget(rawValue: String(cString: $0)) }) else {
  print("usage: fuzz TARGET [libFuzzer's arguments]; targets: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))")
  exit(64)
}
setenv("FUZZ_TARGET", target.rawValue, 1)

/// Written once, before the first input; libFuzzer calls from this thread only.
private nonisolated(unsafe) var current = (target: target, planted: getenv("FUZZ_PLANTED") != nil)

private func arguments() -> [UnsafeMutablePointer<CChar>?] {
  let lengths = CommandLine.arguments.contains { $0.hasPrefix("-max_len=") } ? [] : ["-max_len=\(target.bytesMax)"]
  return ([CommandLine.arguments[0]] + lengths + CommandLine.arguments.dropFirst(named == nil ? 1 : 2)).map { strdup($0) } + [nil]
}

private var count = Int32(0)
private var list = arguments()
count = Int32(list.count - 1)
let status = list.withUnsafeMutableBufferPointer { buffer -> Int32 in
  var base = buffer.baseAddress
  return LLVMFuzzerRunDriver(&count, &base) { bytes, size in
    let input = [UInt8](UnsafeBufferPointer(start: bytes, count: size))
    do {
      _ = try current.target.check(input, planted: current.planted)
    } catch {
      fatalError("\(current.target.rawValue): \(error)")
    }
    return 0
  }
}
exit(status)
