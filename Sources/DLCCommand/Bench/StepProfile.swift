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
    /// The median of a run in one go, in nanoseconds.
    let wholeRun: Int
    /// What a run spends outside of its steps, in nanoseconds: the median difference between a run in one go and the steps
    /// of the run after it.
    let betweenSteps: Int

    /// Runs in one go and step by step in turn for the given time, at least five times each, so that what disturbs the
    /// machine disturbs both. The session's inputs are set.
    init(_ session: Session, _ bindings: [String: Int], seconds: Double) throws {
        let plan = session.model.plan
        machine = try Machine(plan.target, threads: session.threads)
        let samples = try Self.samples(of: session, seconds: seconds)
        let allConstants = Double(plan.constantBytes)
        var rows: [Row] = []
        for (index, step) in plan.steps.enumerated() {
            let cost = StepCost(step, bindings)
            let (roofline, isArithmetic) = cost.roofline(machine, allConstants: allConstants)
            rows.append(
                Row(
                    index: index, layer: step.name, kernel: step.kernel.label, summary: step.summary, result: step.resultText,
                    nanoseconds: Self.median(samples.steps[index]), cost: cost, roofline: roofline, isArithmetic: isArithmetic))
        }
        self.rows = rows
        runs = samples.whole.count
        wholeRun = Self.median(samples.whole)
        let differences = samples.whole.indices.map { run in samples.whole[run] - samples.steps.reduce(0) { $0 + $1[run] } }
        betweenSteps = max(0, Self.median(differences))
    }

    /// Nanoseconds of the steps together.
    var total: Int { rows.reduce(0) { $0 + $1.nanoseconds } }

    /// Steps of one kernel, the one that takes longest first.
    var groups: [(kernel: String, rows: [Row])] {
        func time(_ rows: [Row]) -> Int { rows.reduce(0) { $0 + $1.nanoseconds } }
        return Dictionary(grouping: rows, by: \.kernel).map { ($0.key, $0.value) }
            .sorted { (time($0.1), $1.0) > (time($1.1), $0.0) }
    }

    /// Nanoseconds of every step in every run, and of runs in one go.
    private static func samples(of session: Session, seconds: Double) throws -> (steps: [[Int]], whole: [Int]) {
        let most = 1000
        var steps = [[Int]](repeating: [], count: session.model.plan.steps.count)
        for index in steps.indices { steps[index].reserveCapacity(most) }
        var whole: [Int] = []
        let end = dlc_nanoseconds() + Int64(seconds * 1e9)
        repeat {
            let start = dlc_nanoseconds()
            try session.run()
            whole.append(Int(dlc_nanoseconds() - start))
            try session.profile { step, time in steps[step].append(time) }
        } while whole.count < 5 || (dlc_nanoseconds() < end && whole.count < most)
        return (steps, whole)
    }

    private static func median(_ samples: [Int]) -> Int { samples.sorted()[samples.count / 2] }
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
