/// A plan's steps as recomputing sees them: which buffers each reads and writes, before any two buffers share memory.
struct RecomputeProblem {
    struct Step {
        /// Buffers that it reads and writes, each once.
        var operands: [Int]
        var results: [Int]
        /// Bytes that only the step itself needs.
        var workspace: Int
        /// What running it again takes, in microseconds.
        var cost: Double
        /// Whether it may run twice: it writes no state.
        var isRepeatable: Bool
        /// Whether it can fail, so that it must come before the first step that writes a state.
        var canFail: Bool
        var readStates: [Int]
        var writtenStates: [Int]
        /// Results that may take over the memory of an operand which ends with the step.
        var takeovers: [(result: Int, operand: Int)]
    }

    let steps: [Step]
    /// Bytes of each buffer.
    let bytes: [Int]
    /// Whether a buffer is read after the last step.
    let isKept: [Bool]
    /// The steps that read or write each buffer, in order.
    let touches: [[Int]]
    let writers: [[Int]]
    /// Whether a buffer's content can be made again: its writers are repeatable and read nothing of it.
    let isRepeatable: [Bool]
    private let stateWriters: [Int: [Int]]
    /// The first step that writes a state.
    let firstCommit: Int

    init(steps: [Step], bytes: [Int], kept: Set<Int>) {
        self.steps = steps
        self.bytes = bytes
        isKept = bytes.indices.map { kept.contains($0) }
        var touches = [[Int]](repeating: [], count: bytes.count)
        var writers = touches
        var stateWriters: [Int: [Int]] = [:]
        for (index, step) in steps.enumerated() {
            for buffer in Set(step.operands + step.results) { touches[buffer].append(index) }
            for buffer in step.results { writers[buffer].append(index) }
            for state in step.writtenStates { stateWriters[state, default: []].append(index) }
        }
        self.touches = touches
        self.writers = writers
        self.stateWriters = stateWriters
        isRepeatable = bytes.indices.map { buffer in
            !writers[buffer].isEmpty
                && writers[buffer].allSatisfy { steps[$0].isRepeatable && !steps[$0].operands.contains(buffer) }
        }
        firstCommit = steps.firstIndex { !$0.writtenStates.isEmpty } ?? steps.count
    }

    /// Whether a step finds the same states right before another as it did, and may stand there.
    func mayRepeat(_ step: Int, before other: Int) -> Bool {
        if steps[step].canFail, other > firstCommit { return false }
        return steps[step].readStates.allSatisfy { state in !(stateWriters[state] ?? []).contains { $0 >= step && $0 < other } }
    }

    /// The least that any order of recomputing needs: what one step reads, writes and works in.
    var floor: Int {
        steps.map { step in Set(step.operands + step.results).reduce(step.workspace) { $0 + bytes[$1] } }.max() ?? 0
    }
}

/// What is given up between two uses of a buffer.
enum GapMode: UInt8 {
    /// Its memory holds it.
    case kept
    /// It is computed again for the next use, or for what is computed again before that, and then held.
    case dropped
    /// It is computed again for each of them, and held for none.
    case transient
}

/// Which buffers give up their memory between which of their uses.
struct RecomputePolicy {
    /// By buffer, then by the place in its touches of the use before the gap; empty where nothing is given up.
    private(set) var modes: [[GapMode]]
    /// Buffers that stay beyond their last use, for what is computed from them again.
    private(set) var isExtended: [Bool]

    init(_ problem: RecomputeProblem) {
        modes = [[GapMode]](repeating: [], count: problem.bytes.count)
        isExtended = [Bool](repeating: false, count: problem.bytes.count)
    }

    func mode(_ buffer: Int, after touch: Int) -> GapMode { modes[buffer].isEmpty ? .kept : modes[buffer][touch] }

    mutating func set(_ buffer: Int, after touch: Int, to mode: GapMode, _ problem: RecomputeProblem) {
        if modes[buffer].isEmpty { modes[buffer] = [GapMode](repeating: .kept, count: problem.touches[buffer].count) }
        modes[buffer][touch] = mode
    }

    mutating func extend(_ buffer: Int) { isExtended[buffer] = true }

    /// All that is given up.
    var gaps: [(buffer: Int, touch: Int)] {
        modes.indices.flatMap { buffer in modes[buffer].indices.filter { modes[buffer][$0] != .kept }.map { (buffer, $0) } }
    }
}
