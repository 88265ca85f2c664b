import Foundation

/// The fuzzer's driver, which `-sanitize=fuzzer` links.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ target: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The loader that `--loader=NAME` chose, the folder of this process, and in it the file that is read; the driver calls from one thread.
nonisolated(unsafe) private var loader = Loader.onnx
nonisolated(unsafe) private var folder = ""
nonisolated(unsafe) private var path = ""

/// libFuzzer over one loader. Options of its own begin with two hyphens, which the driver leaves alone:
/// `--loader=NAME`, `--write-corpus=FOLDER`. Runs in the root of the repository, whose `Corpus` it reads.
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
        do {
            folder = FileManager.default.temporaryDirectory.appending(path: "dlc-fuzz-\(getpid())").path(percentEncoded: false)
            path = "\(folder)/\(loader.file)"
            try prepare()
            signal(SIGPROF) { _ in
                // Only calls that a handler may make: the driver keeps the file of a process that aborts.
                let message: StaticString = "more than 10 s of processor time for one file\n"
                _ = write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
                abort()
            }
        } catch {
            print("error: \(error)")
            exit(1)
        }
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(runDriver(&count, &arguments, readOne))
    }

    /// Makes the folder with what stands beside the file.
    private static func prepare() throws {
        for place in [loader.file] + (loader.data?.others ?? []) {
            let url = URL(filePath: "\(folder)/\(place)")
            try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            guard place != loader.file else { continue }
            try FileManager.default.copyItem(at: URL(filePath: "Tests/LoaderFuzz/Corpus/png/rgb.png"), to: url)
        }
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
    limit(seconds: 10)
    loader.load(path, in: folder)
    limit(seconds: 0)
    return 0
}

/// Lets the process have so much processor time until SIGPROF; 0 lifts the limit. Other work on the machine counts for nothing.
private func limit(seconds: Int) {
    var timer = itimerval(it_interval: timeval(), it_value: timeval(tv_sec: seconds, tv_usec: 0))
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
}
