import CKernels
import DLC

/// Times of a plan's steps, each run alone in its place.
struct StepProfile {
    /// The fastest time of each step in nanoseconds: what it takes undisturbed.
    private(set) var nanoseconds: [Int]
    private(set) var runs = 0

    /// Runs step by step for the given time, at least five times. The session's inputs are set.
    init(_ session: Session, seconds: Double) throws {
        var least = [Int](repeating: .max, count: session.model.plan.steps.count)
        let end = dlc_nanoseconds() + Int64(seconds * 1e9)
        repeat {
            try session.profile { step, time in least[step] = min(least[step], time) }
            runs += 1
        } while runs < 5 || dlc_nanoseconds() < end
        nanoseconds = least
    }

    /// A row per step in the order of execution, then the time by operator.
    func table(_ plan: Plan, _ bindings: [String: Int]) -> String {
        var table = Table([
            ("step", .right), ("layer", .left), ("operator", .left), ("result", .left), ("µs", .right), ("share", .right),
            ("GFLOP/s", .right),
        ])
        let total = max(1, nanoseconds.reduce(0, +))
        func share(_ time: Int) -> String { Format.fixed(100 * Double(time) / Double(total), 1) + " %" }
        func speed(_ operations: Int, _ time: Int) -> String {
            operations > 0 && time > 0 ? Format.fixed(Double(operations) / Double(time), 1) : ""
        }
        var groups: [String: (time: Int, count: Int, operations: Int)] = [:]
        var sum = 0
        for (index, step) in plan.steps.enumerated() {
            let time = nanoseconds[index]
            let operations = (try? step.operations.evaluate(bindings)) ?? 0
            let result = step.results.first.flatMap { $0 }
            table.add([
                "\(index)", step.name, step.summary, result.map { Describe.type($0.type, $0.shape) } ?? "",
                Format.fixed(Double(time) / 1e3, 1), share(time), speed(operations, time),
            ])
            let known = groups[step.summary] ?? (0, 0, 0)
            groups[step.summary] = (known.time + time, known.count + 1, known.operations &+ operations)
            sum &+= operations
        }
        table.addRule()
        for (name, group) in groups.sorted(by: { ($0.value.time, $1.key) > ($1.value.time, $0.key) }) {
            table.add(["\(group.count)", "", name, "", Format.fixed(Double(group.time) / 1e3, 1), share(group.time), speed(group.operations, group.time)])
        }
        table.addRule()
        table.add(["\(plan.steps.count)", "", "", "", Format.fixed(Double(total) / 1e3, 1), "", speed(sum, total)])
        return table.text
    }

    /// One run in the Trace Event Format ("JSON object format", complete events, times in µs).
    func trace(_ plan: Plan, _ bindings: [String: Int]) -> String {
        var events: [String] = []
        var start = 0
        for (index, step) in plan.steps.enumerated() {
            let time = nanoseconds[index]
            let operations = (try? step.operations.evaluate(bindings)) ?? 0
            let result = step.results.first.flatMap { $0 }.map { Describe.type($0.type, $0.shape) } ?? ""
            events.append(
                "{\"name\": \(Format.json(step.summary)), \"cat\": \"step\", \"ph\": \"X\", \"pid\": 1, \"tid\": 1, "
                    + "\"ts\": \(Format.fixed(Double(start) / 1e3, 3)), \"dur\": \(Format.fixed(Double(time) / 1e3, 3)), "
                    + "\"args\": {\"layer\": \(Format.json(step.name)), \"result\": \(Format.json(result)), \"flop\": \(operations)}}")
            start += time
        }
        return "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n" + events.joined(separator: ",\n") + "\n]}\n"
    }
}
