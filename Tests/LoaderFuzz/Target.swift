import Foundation

/// One file of the loader that `--loader=NAME` chose; the fuzzer runs its process from one thread.
nonisolated(unsafe) private var loader = Loader.onnx
nonisolated(unsafe) private var path = ""

/// Reads the program's own options, which the fuzzer leaves alone: `--loader=NAME`, `--write-corpus=FOLDER`.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafePointer<CChar>?>>
) -> CInt {
    for index in 1..<max(1, Int(count.pointee)) {
        guard let argument = arguments.pointee[index].map({ String(cString: $0) }) else { continue }
        if argument.hasPrefix("--loader=") {
            guard let known = Loader(rawValue: String(argument.dropFirst(9))) else {
                print("no loader \(argument.dropFirst(9)); there are: \(Loader.allCases.map(\.rawValue).joined(separator: " "))")
                exit(64)
            }
            loader = known
        } else if argument.hasPrefix("--write-corpus=") {
            do {
                try Corpus.write(to: String(argument.dropFirst(15)))
                exit(0)
            } catch {
                print("error: \(error)")
                exit(1)
            }
        }
    }
    path = FileManager.default.temporaryDirectory.appending(path: "dlc-fuzz-\(getpid()).\(loader.rawValue)").path(percentEncoded: false)
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0, write(descriptor, bytes, count) == count else { fatalError("cannot write \(path)") }
    close(descriptor)
    loader.load(path)
    return 0
}
