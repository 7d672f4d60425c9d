import CLibFuzzer
import FuzzProperties
import Glibc

// fuzz TARGET [libFuzzer's arguments]: one target under libFuzzer. FUZZ_PLANTED=1 puts the target's planted defect in place.
// fuzz TARGET --sound FILE...: names those of the files in which nothing is found, one a line.

private let named = CommandLine.arguments.dropFirst().first.flatMap(FuzzTarget.init(rawValue:))
// A merge runs this program anew with arguments of its own: what is fuzzed comes by the environment then.
guard let target = named ?? getenv("FUZZ_TARGET").flatMap({ FuzzTarget(rawValue: String(cString: $0)) }) else {
  print("usage: fuzz TARGET [libFuzzer's arguments]; targets: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))")
  exit(64)
}
setenv("FUZZ_TARGET", target.rawValue, 1)

/// Written once, before the first input; libFuzzer calls from this thread only.
private nonisolated(unsafe) var current = (target: target, planted: getenv("FUZZ_PLANTED") != nil)

private nonisolated(unsafe) var mutator = JSONMutator()

/// JSON is changed as JSON three times of four, everything else as bytes.
@_cdecl("LLVMFuzzerCustomMutator")
func mutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ sizeMax: Int, _ seed: UInt32) -> Int {
  guard current.target.isJSON, seed % 4 != 0,
    let bytes = mutator.mutate([UInt8](UnsafeBufferPointer(start: data, count: size)), seed: UInt64(seed)), bytes.count <= sizeMax
  else { return LLVMFuzzerMutate(data, size, sizeMax) }
  data.update(from: bytes, count: bytes.count)
  return bytes.count
}

private func bytes(of path: String) -> [UInt8] {
  guard let file = fopen(path, "rb") else { fatalError("\(path): \(String(cString: strerror(errno)))") }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: target.bytesMax)
  let count = fread(&bytes, 1, bytes.count, file)
  return Array(bytes.prefix(count))
}

if CommandLine.arguments.dropFirst(2).first == "--sound" {
  for path in CommandLine.arguments.dropFirst(3) where (try? target.check(bytes(of: path), planted: current.planted)) != nil { print(path) }
  exit(0)
}

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
