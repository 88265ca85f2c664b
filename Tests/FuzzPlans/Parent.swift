import Foundation

/// Starts workers one after another, each behind the change that ended the one before.
struct Parent {
    private let arguments: Arguments

    init(_ arguments: Arguments) { self.arguments = arguments }

    /// - Returns: whether nothing was found.
    func run() -> Bool {
        if !Poison.isAvailable { print("built without the address sanitizer: only what ends the process is found") }
        let deadline = Date().addingTimeInterval(arguments.seconds)
        let folder = FileManager.default.temporaryDirectory.path()
        let (progress, errors) = ("\(folder)/FuzzPlans.\(getpid())", "\(folder)/FuzzPlans.\(getpid()).errors")
        defer { for path in [progress, errors] { try? FileManager.default.removeItem(atPath: path) } }
        var place = (subject: arguments.from, change: 0)
        var (tried, ran, findings) = (0, 0, 0)
        while true {
            _ = FileManager.default.createFile(atPath: progress, contents: Data(count: Worker.lineBytes))
            _ = FileManager.default.createFile(atPath: errors, contents: nil)
            let process = Process()
            process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            process.arguments =
                ["--worker", "\(place.subject)", "\(place.change)", progress, "--every", "\(arguments.every)"]
                + (arguments.isPairs ? ["--pairs"] : []) + (arguments.isBytes ? ["--bytes"] : [])
                + (arguments.isScheduled ? ["--schedules"] : [])
            process.standardError = FileHandle(forWritingAtPath: errors)
            var environment = ProcessInfo.processInfo.environment
            environment["ASAN_OPTIONS"] =
                "detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=4096:abort_on_error=1"
                + ":malloc_context_size=3:quarantine_size_mb=8"
            // The sanitizer reports; Swift's own report starts a process that holds this one up.
            environment["SWIFT_BACKTRACE"] = "enable=no"
            process.environment = environment
            guard (try? process.run()) != nil else {
                print("cannot start a worker")
                return false
            }
            while process.isRunning, Date() < deadline { usleep(50_000) }
            let isLate = process.isRunning
            if isLate { process.terminate() }
            process.waitUntilExit()
            let line = String(
                decoding: FileManager.default.contents(atPath: progress)?.prefix { $0 != 0 && $0 != 10 } ?? Data(), as: UTF8.self)
            let words = line.split(separator: " ", maxSplits: 4)
            let numbers = words.prefix(4).compactMap { Int($0) }
            guard numbers.count == 4 else {
                print("a worker ended at once: \(report(errors))")
                return false
            }
            tried += numbers[2]
            ran += numbers[3]
            if isLate || (process.terminationReason == .exit && process.terminationStatus == 0) { break }
            findings += 1
            let end = process.terminationStatus == SIGPROF ? "takes longer than half a minute" : report(errors)
            print("FOUND \(numbers[0]) \(numbers[1]): \(words.last ?? "")\n    \(end)")
            fflush(nil)
            place = (numbers[0], numbers[1] + arguments.every)
        }
        print("\(tried) changed plans, \(ran) of them ran, \(findings) findings")
        fflush(nil)
        return findings == 0
    }

    /// The lines of a report that say most.
    private func report(_ path: String) -> String {
        let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        let lines = text.split(separator: "\n").filter { line in
            line.contains("ERROR: ") || line.contains("#0 ") || line.contains("#1 ") || line.contains("#2 ") || line.contains("atal error")
                || line.contains("longer than")
        }
        return lines.prefix(5).map { String($0.prefix(220)) }.joined(separator: "\n    ")
    }
}
