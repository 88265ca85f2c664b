import DLCRuntime
import Foundation

// Changes one part of a compiled plan at a time, its checksum recomputed, then loads and runs it:
//
//     FuzzPlans [--seconds N] [--every N] [--from N] [--schedules] [--pairs] [--bytes]
//
// Built with `swift build -c release --product FuzzPlans --sanitize=address` it sees every read and write beyond what a
// step's operands and results span. Workers are processes: one that dies is a finding, and the next begins behind it.
// `--schedules` takes only plans with a schedule, `--pairs` changes two parts, `--bytes` changes bytes of the table. The last line
// has the figures; the status is 1 where something was found.

struct Arguments {
    var seconds = Double.infinity
    var every = 1
    var from = 0
    var isScheduled = false
    var isPairs = false
    var isBytes = false
    var worker: (subject: Int, change: Int, progress: String)?

    init(_ words: [String]) {
        func after(_ word: String, _ place: Int = 1) -> String? {
            words.firstIndex(of: word).flatMap { $0 + place < words.count ? words[$0 + place] : nil }
        }
        seconds = after("--seconds").flatMap { Double($0) } ?? .infinity
        every = max(1, after("--every").flatMap { Int($0) } ?? 1)
        from = after("--from").flatMap { Int($0) } ?? 0
        isScheduled = words.contains("--schedules")
        (isPairs, isBytes) = (words.contains("--pairs"), words.contains("--bytes"))
        if let subject = after("--worker").flatMap({ Int($0) }), let change = after("--worker", 2).flatMap({ Int($0) }),
            let path = after("--worker", 3)
        {
            worker = (subject, change, path)
        }
    }
}

let arguments = Arguments(CommandLine.arguments)
if let worker = arguments.worker {
    Worker(arguments, worker.progress).run(from: worker.subject, worker.change)
} else {
    exit(Parent(arguments).run() ? 0 : 1)
}
