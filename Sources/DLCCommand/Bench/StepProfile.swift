import CKernels
import DLC

/// Times of a plan's steps, each run alone in its place, beside what they cost and what the machine can do. Of a plan with a schedule
/// the steps of all its programs, and what the schedule computes itself; a loop's steps count as often as it goes round.
struct StepProfile {
    struct Row {
        /// The program of a schedule that the step is of.
        var piece: Int?
        let index: Int
        let layer: String
        let kernel: String
        /// The operator in words.
        let summary: String
        /// Type and shape of the result.
        let result: String
        /// How often it goes in a run.
        var times = 1
        /// The median of the runs, all times together.
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
    let hasSchedule: Bool

    /// Runs in one go and step by step in turn for the given time, at least five times each, so that what disturbs the
    /// machine disturbs both. The session's inputs are set.
    init(_ session: Session, _ bindings: [String: Int], seconds: Double) throws {
        let plan = session.model.plan
        let machine = try Machine(plan.target, threads: session.threads)
        let allConstants = Double(plan.constantBytes)
        func row(_ step: Plan.Step, _ index: Int, _ bindings: [String: Int], _ samples: [Int], piece: Int? = nil, times: Int = 1) -> Row {
            let cost = StepCost(step, bindings)
            let (roofline, isArithmetic) = cost.roofline(machine, allConstants: allConstants)
            return Row(
                piece: piece, index: index, layer: step.name, kernel: step.kernel.label, summary: step.summary, result: step.resultText,
                times: times, nanoseconds: Self.median(samples), cost: cost.times(times), roofline: roofline * Double(times),
                isArithmetic: isArithmetic)
        }
        var rows: [Row] = []
        var (whole, between): ([Int], [Int]) = ([], [])
        hasSchedule = plan.schedule != nil
        if hasSchedule {
            var samples: [ScheduleTimes] = []
            (whole, between) = try Self.measured(session, seconds: seconds) {
                guard let times = try session.scheduleTimes() else { return 0 }
                samples.append(times)
                return times.programs.reduce(0) { $0 + $1.steps.reduce(0, +) } + times.items.reduce(0) { $0 + $1.nanoseconds }
            }
            let last = samples[samples.count - 1]
            for (piece, program) in plan.programs.enumerated() where last.programs[piece].runs > 0 {
                let bindings = try program.binding.values(last.programs[piece].inputShapes)
                for (index, step) in program.steps.enumerated() {
                    rows.append(
                        row(
                            step, index, bindings, samples.map { $0.programs[piece].steps[index] }, piece: piece,
                            times: last.programs[piece].runs))
                }
            }
            for (index, item) in last.items.enumerated() where item.runs > 0 {
                rows.append(
                    Row(
                        index: index, layer: item.name, kernel: item.kind, summary: "schedule", result: "", times: item.runs,
                        nanoseconds: Self.median(samples.map { $0.items[index].nanoseconds }), cost: .unknown, roofline: 0,
                        isArithmetic: false))
            }
        } else {
            var samples = [[Int]](repeating: [], count: plan.steps.count)
            for index in samples.indices { samples[index].reserveCapacity(Self.most) }
            (whole, between) = try Self.measured(session, seconds: seconds) {
                var sum = 0
                try session.profile { step, time in
                    samples[step].append(time)
                    sum += time
                }
                return sum
            }
            for (index, step) in plan.steps.enumerated() { rows.append(row(step, index, bindings, samples[index])) }
        }
        (self.machine, self.rows, runs) = (machine, rows, whole.count)
        wholeRun = Self.median(whole)
        betweenSteps = max(0, Self.median(between))
    }

    /// Nanoseconds of the steps together.
    var total: Int { rows.reduce(0) { $0 + $1.nanoseconds } }

    /// Steps of one kernel, the one that takes longest first.
    var groups: [(kernel: String, rows: [Row])] {
        func time(_ rows: [Row]) -> Int { rows.reduce(0) { $0 + $1.nanoseconds } }
        return Dictionary(grouping: rows, by: \.kernel).map { ($0.key, $0.value) }
            .sorted { (time($0.1), $1.0) > (time($1.1), $0.0) }
    }

    private static let most = 1000

    /// Nanoseconds of runs in one go, and of each less what its steps take in the run after it.
    /// - Parameter stepwise: a run step by step, and what its steps take together.
    private static func measured(
        _ session: Session, seconds: Double, _ stepwise: () throws -> Int
    ) throws -> (whole: [Int], between: [Int]) {
        var (whole, between): ([Int], [Int]) = ([], [])
        let end = dlc_nanoseconds() + Int64(seconds * 1e9)
        repeat {
            let start = dlc_nanoseconds()
            try session.run()
            whole.append(Int(dlc_nanoseconds() - start))
            between.append(whole[whole.count - 1] - (try stepwise()))
        } while whole.count < 5 || (dlc_nanoseconds() < end && whole.count < most)
        return (whole, between)
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
