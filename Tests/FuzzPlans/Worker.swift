import DLCRuntime
import Foundation

/// Goes through subjects and their changes, and keeps a line about where it is in a file.
final class Worker {
    private let arguments: Arguments
    private let progress: UnsafeMutableRawBufferPointer
    private var tried = 0
    private var ran = 0

    static let lineBytes = 1024

    init(_ arguments: Arguments, _ path: String) {
        self.arguments = arguments
        let file = open(path, O_RDWR)
        let memory = mmap(nil, Self.lineBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        progress = UnsafeMutableRawBufferPointer(start: memory, count: Self.lineBytes)
    }

    func run(from subject: Int, _ change: Int) {
        let subjects = Subjects.all()
        for index in subject..<subjects.count {
            guard let image = try? subjects[index].make(), !arguments.isScheduled || image.plan.schedule != nil else { continue }
            changes(of: image, index, subjects[index].name, from: index == subject ? change : 0)
        }
        note("done", subjects.count, 0)
    }

    private func changes(of image: PlanImage, _ subject: Int, _ name: String, from first: Int) {
        Poison.nowhere = UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: max(64, image.constantBytes), alignment: 64))
        defer { Poison.nowhere.deallocate() }
        let trial = Trial(image)
        guard let table = try? image.plan.table() else { return }
        var number = first
        while let (text, attempt) = change(image.plan, table, trial, number) {
            note("\(name): \(text)", subject, number)
            tried += 1
            limit(seconds: 30)
            if (try? attempt()) == true { ran += 1 }
            number += arguments.every
        }
        limit(seconds: 0)
    }

    /// Ends the process by SIGPROF once it has had so much processor time, whatever else the machine does; 0 lifts the limit.
    private func limit(seconds: Int) {
        var timer = itimerval(it_interval: timeval(), it_value: timeval(tv_sec: seconds, tv_usec: 0))
        setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
    }

    /// Change `number` in words, and what tries it; nil behind the last.
    private func change(_ plan: Plan, _ table: [UInt8], _ trial: Trial, _ number: Int) -> (String, () throws -> Bool)? {
        if arguments.isBytes {
            guard number / 5 < table.count else { return nil }
            var bytes = table
            let place = number / 5
            bytes[place] = [bytes[place] ^ 1, bytes[place] ^ 0x80, 0, 0xff, bytes[place] &+ 1][number % 5]
            return ("byte \(place) \(table[place]) → \(bytes[place])", { try trial.run(table: bytes) })
        }
        guard let (changed, text) = PlanChange.make(plan, number) else { return nil }
        guard arguments.isPairs else { return (text, { try trial.run(changed) }) }
        let second = number &* 7919 % 2503
        let both = PlanChange.make(changed, second)
        return ("\(text), \(both?.description ?? "")", { try trial.run(both?.plan ?? changed) })
    }

    private func note(_ text: String, _ subject: Int, _ number: Int) {
        let line = "\(subject) \(number) \(tried) \(ran) \(text)\n"
        for (index, byte) in line.utf8.prefix(Self.lineBytes - 1).enumerated() { progress[index] = byte }
        progress[min(line.utf8.count, Self.lineBytes - 1)] = 0
    }
}
