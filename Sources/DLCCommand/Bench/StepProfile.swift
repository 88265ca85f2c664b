import CKernels
import DLC

/// Times of a plan's steps, each run alone in its place, beside what they cost and what the machine can do.
struct StepProfile {
    struct Row {
        let index: Int
        let layer: String
        let kernel: String
        /// The operator in words.
        let summary: String
        /// Type and shape of the result.
        let result: String
        /// The median of the runs.
        let nanoseconds: Int
        let cost: StepCost
        /// The least seconds on this machine.
        let roofline: Double
        /// Whether arithmetic bounds the step, and not its bytes.
        let isArithmetic: Bool
    }

    let machine: Machine
    let rows: [Row]
    let runs: Int
    /// The median of a whole run that is not interrupted, in nanoseconds.
    let wholeRun: Int

    /// Runs step by step for the given time, at least five times. The session's inputs are set.
    /// - Parameter wholeRun: nanoseconds of a whole run.
    init(_ session: Session, _ bindings: [String: Int], seconds: Double, wholeRun: Int) throws {
        let plan = session.model.plan
        machine = try Machine(plan.target, threads: session.threads)
        let (samples, runs) = try Self.samples(of: session, seconds: seconds)
        let allConstants = Double(plan.constantBytes)
        var rows: [Row] = []
        for (index, step) in plan.steps.enumerated() {
            let cost = StepCost(step, bindings)
            let (roofline, isArithmetic) = cost.roofline(machine, allConstants: allConstants)
            let sorted = samples[index].sorted()
            rows.append(
                Row(
                    index: index, layer: step.name, kernel: step.kernelName, summary: step.summary, result: step.resultText,
                    nanoseconds: sorted[sorted.count / 2], cost: cost, roofline: roofline, isArithmetic: isArithmetic))
        }
        (self.rows, self.runs, self.wholeRun) = (rows, runs, wholeRun)
    }

    /// Nanoseconds of the steps together.
    var total: Int { rows.reduce(0) { $0 + $1.nanoseconds } }

    /// What a run spends outside of its steps, in nanoseconds.
    var betweenSteps: Int { max(0, wholeRun - total) }

    /// Steps of one kernel, the one that takes longest first.
    var groups: [(kernel: String, rows: [Row])] {
        func time(_ rows: [Row]) -> Int { rows.reduce(0) { $0 + $1.nanoseconds } }
        return Dictionary(grouping: rows, by: \.kernel).map { ($0.key, $0.value) }
            .sorted { (time($0.1), $1.0) > (time($1.1), $0.0) }
    }

    /// Nanoseconds of every step in every run.
    private static func samples(of session: Session, seconds: Double) throws -> (steps: [[Int]], runs: Int) {
        let most = 1000
        var samples = [[Int]](repeating: [], count: session.model.plan.steps.count)
        for index in samples.indices { samples[index].reserveCapacity(most) }
        let end = dlc_nanoseconds() + Int64(seconds * 1e9)
        var runs = 0
        repeat {
            try session.profile { step, time in samples[step].append(time) }
            runs += 1
        } while runs < 5 || (dlc_nanoseconds() < end && runs < most)
        return (samples, runs)
    }
}

extension Sequence<StepProfile.Row> {
    /// Sums over some steps, and the rates that follow.
    var figures: StepFigures {
        var figures = StepFigures()
        for row in self {
            figures.nanoseconds += Double(row.nanoseconds)
            figures.operations += row.cost.operations
            figures.bytes += row.cost.bytes
            figures.roofline += row.roofline * 1e9
        }
        return figures
    }
}

/// Time in nanoseconds, operations, bytes and the least time of one step or several.
struct StepFigures {
    var nanoseconds = 0.0
    var operations = 0.0
    var bytes = 0.0
    var roofline = 0.0

    /// Of the definition.
    var gigaoperationsPerSecond: Double { rate(operations) }
    var gigabytesPerSecond: Double { rate(bytes) }
    /// The least time over the time taken.
    var rooflineShare: Double { rate(roofline) }

    private func rate(_ quantity: Double) -> Double { nanoseconds > 0 ? quantity / nanoseconds : 0 }
}
