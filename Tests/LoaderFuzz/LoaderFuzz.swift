import Foundation

/// The fuzzer's driver, which `-sanitize=fuzzer` links.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ target: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The loader that `--loader=NAME` chose, and the file that it reads; the driver calls from one thread.
nonisolated(unsafe) private var loader = Loader.onnx
nonisolated(unsafe) private var path = ""

/// libFuzzer over one loader. Options of its own begin with two hyphens, which the driver leaves alone:
/// `--loader=NAME`, `--write-corpus=FOLDER`.
@main
enum LoaderFuzz {
    static func main() {
        for argument in CommandLine.arguments.dropFirst() {
            if argument.hasPrefix("--write-corpus=") { writeCorpus(String(argument.dropFirst(15))) }
            guard argument.hasPrefix("--loader=") else { continue }
            guard let known = Loader(rawValue: String(argument.dropFirst(9))) else {
                print("no loader \(argument.dropFirst(9)); there are: \(Loader.allCases.map(\.rawValue).joined(separator: " "))")
                exit(64)
            }
            loader = known
        }
        let name = "dlc-fuzz-\(getpid()).\(loader.rawValue)"
        path = FileManager.default.temporaryDirectory.appending(path: name).path(percentEncoded: false)
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(runDriver(&count, &arguments, readOne))
    }

    private static func writeCorpus(_ folder: String) -> Never {
        do {
            try Corpus.write(to: folder)
            exit(0)
        } catch {
            print("error: \(error)")
            exit(1)
        }
    }
}

/// Lets the loader read the bytes as a file. The library's own main function, which is not run, names it too.
@_cdecl("LLVMFuzzerTestOneInput")
public func readOne(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0, write(descriptor, bytes, count) == count else { fatalError("cannot write \(path)") }
    close(descriptor)
    loader.load(path)
    return 0
}
