import DLC
import Foundation

/// Fuzzes in this process and says so line by line, so that another knows what was tried when this one dies.
struct Worker {
    let patterns: [Sketch]
    let folder: String

    /// Seconds for one case, also on a machine that others use; a process that takes longer ends by a signal.
    static let seconds: UInt32 = 300
    static func limit() { alarm(seconds) }

    func run(_ first: UInt64, _ count: Int) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for seed in first..<first &+ UInt64(count) {
            Self.limit()
            say("begin", "\(seed)")
            var generator = Generator(seed: seed, patterns: patterns)
            guard let test = generator.next() else {
                say("none", "\(seed)")
                continue
            }
            guard let failure = try? Check.failure(test) else {
                say("done", "\(seed)", "\(test.runs.count)")
                continue
            }
            let path = "\(folder)/\(seed).dlir"
            try write(test, failure, path)
            report("failed", seed, failure, path)
            var reducer = Reducer(test, seconds: 20) { candidate in
                Self.limit()
                guard let other = try? Check.failure(candidate) else { return false }
                return other.kind == failure.kind && other.culprit.prefix(6) == failure.culprit.prefix(6)
            }
            reducer.reduce()
            let last = (try? Check.failure(reducer.test)) ?? failure
            try write(reducer.test, last, path)
            report("reduced", seed, last, path)
        }
    }

    private func write(_ test: FuzzCase, _ failure: Failure, _ path: String) throws {
        let lines = "\(failure.kind.rawValue): \(failure.culprit): \(failure.message)".split(separator: "\n").map { "// \($0)\n" }
            .joined()
        try (test.text() + lines).write(toFile: path, atomically: true, encoding: .utf8)
    }

    private func report(_ word: String, _ seed: UInt64, _ failure: Failure, _ path: String) {
        say(word, "\(seed)", failure.key, failure.message.split(separator: "\n").joined(separator: " ").prefix(300).description, path)
    }

    private func say(_ words: String...) {
        print(
            words.map { $0.replacingOccurrences(of: "\t", with: " ").replacingOccurrences(of: "\n", with: " ") }.joined(separator: "\t"))
        fflush(nil)
    }
}
