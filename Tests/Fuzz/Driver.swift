import DLC
import Foundation
import Synchronization

/// Keeps worker processes fuzzing, notes what they find and what they die of, and prints it in groups.
struct Driver: Sendable {
    let patterns: [String]
    let folder: String
    let jobs: Int
    let first: UInt64
    /// How long, or how many seeds.
    let seconds: Double?
    let count: Int?

    private struct Found {
        var key: String
        var message: String
        var path: String
    }

    private struct Tally {
        var next: UInt64
        var graphs = 0
        var runs = 0
        var found: [UInt64: Found] = [:]
    }

    private static let batch = 100

    /// The number of distinct failures.
    func run() throws -> Int {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let end = seconds.map { Date(timeIntervalSinceNow: $0) }
        let last = count.map { first &+ UInt64($0) }
        let tally = Mutex(Tally(next: first))
        DispatchQueue.concurrentPerform(iterations: jobs) { _ in
            while end.map({ Date() < $0 }) ?? true {
                let (start, size) = tally.withLock { tally in
                    let start = tally.next
                    let size = min(Self.batch, last.map { Int($0 - min(start, $0)) } ?? Self.batch)
                    tally.next = start &+ UInt64(size)
                    return (start, size)
                }
                if size == 0 { return }
                work(start, size, tally)
            }
        }
        return tally.withLock { report($0) }
    }

    /// Runs a batch in a process, and what is left of it in another where that dies.
    private func work(_ start: UInt64, _ size: Int, _ tally: borrowing Mutex<Tally>) {
        var next = start
        while next < start &+ UInt64(size) {
            let rest = Int(start &+ UInt64(size) - next)
            let result = Self.child(["work", "--first", "\(next)", "--count", "\(rest)", "--output", folder] + options)
            var begun = next
            var hasFailed = false
            tally.withLock { tally in
                for line in result.output.split(separator: "\n") {
                    let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
                    guard words.count > 1, let seed = UInt64(words[1]) else { continue }
                    switch words[0] {
                    case "begin": (begun, hasFailed) = (seed, false)
                    case "done": (tally.graphs, tally.runs) = (tally.graphs + 1, tally.runs + (Int(words[2]) ?? 0))
                    case "failed", "reduced":
                        if words[0] == "failed" { tally.graphs += 1 }
                        hasFailed = true
                        if words.count > 4 { tally.found[seed] = Found(key: words[2], message: words[3], path: words[4]) }
                    default: break
                    }
                }
            }
            if result.crashed, !hasFailed {
                let found = crash(begun, result)
                tally.withLock { $0.found[begun] = found }
            } else if !result.crashed, result.status != 0 {
                tally.withLock { $0.found[begun] = Found(key: "worker", message: result.fault, path: "") }
            }
            if !result.crashed { return }
            next = begun &+ 1
        }
    }

    private var options: [String] { patterns.flatMap { ["--patterns", $0] } }

    /// The case of a seed that killed its worker, reduced in processes of its own.
    private func crash(_ seed: UInt64, _ result: Child) -> Found {
        let kind: Failure.Kind = result.status == SIGALRM ? .hang : .crash
        let failure = Failure(kind: kind, culprit: "signal \(result.status)", message: result.fault)
        let shown = Self.child(["show", "\(seed)"] + options)
        let path = "\(folder)/\(seed).dlir"
        guard !shown.crashed else {
            return Found(key: failure.key + " (in the oracle)", message: "seed \(seed): " + result.fault, path: "")
        }
        try? shown.output.write(toFile: path, atomically: true, encoding: .utf8)
        if kind == .crash { _ = Self.child(["isolate", path]) }
        return Found(key: failure.key, message: result.fault, path: path)
    }

    private func report(_ tally: Tally) -> Int {
        let groups = Dictionary(grouping: tally.found.sorted { $0.key < $1.key }) { $0.value.key }
        for (key, members) in groups.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) }) {
            // The smallest graph says most.
            let texts = members.map { ($0.value, (try? String(contentsOfFile: $0.value.path, encoding: .utf8)) ?? "") }
            guard let (found, text) = texts.min(by: { $0.1.utf8.count < $1.1.utf8.count }) else { continue }
            print("== \(members.count) × \(key)")
            print("   \(found.message)")
            print("   seeds \(members.prefix(5).map { String($0.key) }.joined(separator: ", ")); \(found.path)")
            print(
                text.split(separator: "\n").filter { !$0.hasPrefix("// ") }.prefix(40).map { "   \($0.prefix(400))" }.joined(
                    separator: "\n"))
        }
        print("\(tally.graphs) graphs, \(tally.runs) runs, seeds \(first) to \(tally.next &- 1): \(groups.count) findings")
        return groups.count
    }
}

/// How a process ended.
struct Child {
    var output: String
    var errors: String
    var status: Int32
    /// Whether a signal ended it.
    var crashed: Bool

    /// What stopped it and where, from Swift's backtrace; else what it said last.
    var fault: String {
        let lines = errors.split(separator: "\n").map(String.init)
        let reason = lines.first { $0.contains("Swift runtime failure") || $0.contains("Fatal error") || $0.contains("ERROR: ") }
        let place = lines.first { $0.contains(" at /") && !$0.contains("/<compiler-generated>") && !$0.contains("swift-backtrace") }
        let file = place?.components(separatedBy: "/").last ?? ""
        return String("\(reason ?? (place == nil ? lines.last ?? "no message" : "trap")) \(file)".prefix(300))
    }
}

extension Driver {
    /// Runs this program with other arguments.
    /// - Parameter traces: whether a crash says where, which takes a second.
    static func child(_ arguments: [String], traces: Bool = true) -> Child {
        let process = Process()
        process.environment = ProcessInfo.processInfo.environment.merging([
            "SWIFT_BACKTRACE": "enable=\(traces ? "yes" : "no"),color=no,limit=16"
        ]) { $1 }
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        if !FileManager.default.fileExists(atPath: process.executableURL?.path ?? "") {
            process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        }
        process.arguments = arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        do { try process.run() } catch { return Child(output: "", errors: "\(error)", status: 1, crashed: false) }
        let said = Mutex(Data())
        let queue = DispatchQueue(label: "errors")
        queue.async { said.withLock { $0 = errors.fileHandleForReading.readDataToEndOfFile() } }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        queue.sync {}
        return Child(
            output: String(decoding: data, as: UTF8.self), errors: String(decoding: said.withLock { $0 }, as: UTF8.self),
            status: process.terminationStatus,
            crashed: process.terminationReason == .uncaughtSignal)
    }
}
