/// What one run of a plan with a schedule spends, in nanoseconds.
public struct ScheduleTimes: Sendable {
    /// A program of the plan.
    public struct Program: Sendable {
        /// How often it has run.
        public internal(set) var runs = 0
        /// What each of its steps has taken, in all of these together.
        public internal(set) var steps: [Int]
        /// The extents of its inputs when it ran last.
        public internal(set) var inputShapes: [[Int]] = []
    }

    /// What the schedule computes itself: extents that data decide, sequences, strings.
    public struct Item: Sendable {
        /// The node, and what is done, as the schedule calls them.
        public let name: String
        public let kind: String
        public internal(set) var runs = 0
        public internal(set) var nanoseconds = 0
    }

    public internal(set) var programs: [Program]
    public internal(set) var items: [Item]
}

extension Session {
    /// A run in which the steps of programs go one after the other and are timed; nil where the plan has no schedule.
    /// - Throws: what `run` throws.
    public func scheduleTimes() throws -> ScheduleTimes? {
        guard let runner else { return nil }
        var times = ScheduleTimes(
            programs: model.plan.programs.map { .init(steps: [Int](repeating: 0, count: $0.steps.count)) }, items: [])
        var places: [[Int?]] = []
        for block in runner.schedule.blocks {
            places.append(
                block.items.map { item -> Int? in
                    guard item.kind != .piece, item.blocks.isEmpty else { return nil }
                    times.items.append(.init(name: runner.schedule.names[item.name], kind: item.kind.choiceName ?? ""))
                    return times.items.count - 1
                })
        }
        runner.runsPiece = { session in
            guard let index = runner.sessions.firstIndex(where: { $0 === session }) else { return }
            times.programs[index].runs += 1
            try session.profile { times.programs[index].steps[$0] += $1 }
            times.programs[index].inputShapes = session.inputShapes
        }
        runner.timesItem = { block, position, nanoseconds in
            guard let index = places[block][position] else { return }
            times.items[index].runs += 1
            times.items[index].nanoseconds += Int(nanoseconds)
        }
        defer { (runner.runsPiece, runner.timesItem) = (nil, nil) }
        try run()
        return times
    }

    /// Bytes of memory for intermediate results, of all programs together where the plan has a schedule; those of the last run's extents.
    public var arenaBytes: Int { runner.map { $0.sessions.reduce(0) { $0 + $1.arenaBytes } } ?? arena?.peak ?? 0 }
}
