import DLCRuntime

/// An order of steps in which states are written after everything that can fail and after everybody who reads the old value.
///
/// What must come before what is a graph over the steps and one more node, the commit: steps that can fail come before it,
/// steps that write states after it. A choice that would close a circle is not made.
///
/// As far as that allows, a state is written as soon as its next value can be: a weight's gradient need not be kept until all
/// others are known, and is still in cache when the weight is updated.
struct CommitSchedule {
    private(set) var steps: [Plan.Step] = []
    /// Nodes that must come after each; step i is node i + 1.
    private var after: [Set<Int>] = [[]]
    private static let commit = 0
    private var writersOfBuffers: [Int: [Int]] = [:]
    private var readersOfBuffers: [Int: [Int]] = [:]
    /// Steps that read each state's old value.
    private var readersOfStates: [Int: [Int]] = [:]
    /// Buffers that shall be the memory of states.
    private var renamed: [Int: Int] = [:]
    private var writersOfStates: [Int: Int] = [:]

    init(_ steps: [Plan.Step]) {
        for step in steps { append(step) }
    }

    /// Adds a step, which reads what the steps so far have written.
    mutating func append(_ step: Plan.Step) {
        let index = steps.count
        steps.append(step)
        after.append([])
        if step.definition.reportsStatus { after[index + 1].insert(Self.commit) }
        for case let operand? in step.operands {
            switch operand.location {
            case .buffer(let buffer):
                for writer in writersOfBuffers[buffer] ?? [] { order(writer, before: index) }
                readersOfBuffers[buffer, default: []].append(index)
            case .state(let state):
                readersOfStates[state, default: []].append(index)
                if let writer = writersOfStates[state] { order(index, before: writer) }
            case .constant, .input, .packed: break
            }
        }
        for case .buffer(let buffer)? in step.results.map({ $0?.location }) {
            for earlier in (writersOfBuffers[buffer] ?? []) + (readersOfBuffers[buffer] ?? []) { order(earlier, before: index) }
            writersOfBuffers[buffer, default: []].append(index)
        }
    }

    /// The step that alone writes a buffer which no state has taken.
    func soleWriter(of buffer: Int) -> Int? {
        guard renamed[buffer] == nil, let writers = writersOfBuffers[buffer], writers.count == 1 else { return nil }
        return writers[0]
    }

    /// Lets a buffer that one step writes be the memory of a state.
    /// - Parameter check: a step that fails where that one would, and comes before the commit in its place.
    /// - Returns: whether that is possible; where it is not, nothing has changed.
    mutating func place(_ buffer: Int, writtenBy step: Int, in state: Int, check: Plan.Step? = nil) -> Bool {
        let before = self
        if let check {
            after[step + 1].remove(Self.commit)
            append(check)
        }
        guard claim(state, by: step) else {
            self = before
            return false
        }
        renamed[buffer] = state
        return true
    }

    /// Adds a step that writes a state.
    /// - Returns: whether that is possible; where it is not, nothing has changed.
    mutating func write(_ state: Int, by step: Plan.Step) -> Bool {
        let before = self
        append(step)
        if claim(state, by: steps.count - 1) { return true }
        self = before
        return false
    }

    private mutating func claim(_ state: Int, by step: Int) -> Bool {
        let before = after
        after[Self.commit].insert(step + 1)
        for reader in readersOfStates[state] ?? [] { order(reader, before: step) }
        guard sorted() != nil else {
            after = before
            return false
        }
        writersOfStates[state] = step
        return true
    }

    private mutating func order(_ first: Int, before second: Int) {
        if first != second { after[first + 1].insert(second + 1) }
    }

    /// Bytes of each result up to which a step that leads to a state's next value runs as soon as it can: counters, rates and
    /// sums, without which an update could not.
    private static let smallBytes = 4096

    /// The nodes of steps that write states, and of small ones that lead to them.
    private func early() -> Set<Int> {
        var early = Set(writersOfStates.values)
        for index in steps.indices.reversed() where !early.contains(index) && Self.isSmall(steps[index]) {
            let readers = steps[index].results.flatMap { result -> [Int] in
                guard case .buffer(let buffer)? = result?.location else { return [] }
                return readersOfBuffers[buffer] ?? []
            }
            if readers.contains(where: early.contains) { early.insert(index) }
        }
        return Set(early.map { $0 + 1 })
    }

    private static func isSmall(_ step: Plan.Step) -> Bool {
        step.results.allSatisfy { result in
            guard let result else { return true }
            guard let count = result.shape.constants.flatMap({ try? Checked.count($0) }) else { return false }
            return count <= smallBytes / max(1, result.type.size)
        }
    }

    /// The steps in order.
    func ordered() throws -> [Plan.Step] {
        guard let order = sorted(early: early()) else { throw DLCError("the steps wait for each other") }
        func moved(_ operand: Plan.Operand?) -> Plan.Operand? {
            guard var operand, case .buffer(let buffer) = operand.location, let state = renamed[buffer] else { return operand }
            operand.location = .state(state)
            return operand
        }
        return order.map { index in
            var step = steps[index]
            step.operands = step.operands.map(moved)
            step.results = step.results.map(moved)
            return step
        }
    }

    /// Steps in an order that keeps the given one as far as it can but for `early` nodes, which come as soon as they can; nil where
    /// there is none.
    private func sorted(early: Set<Int> = []) -> [Int]? {
        func precedes(_ a: Int, _ b: Int) -> Bool {
            early.contains(a) == early.contains(b) ? a < b : early.contains(a)
        }
        var waiting = [Int](repeating: 0, count: after.count)
        for later in after { for node in later { waiting[node] += 1 } }
        var ready = after.indices.filter { waiting[$0] == 0 }.sorted { precedes($1, $0) }  // the next one last
        var order: [Int] = []
        while let node = ready.popLast() {
            order.append(node)
            for later in after[node] {
                waiting[later] -= 1
                if waiting[later] > 0 { continue }
                let position = ready.firstIndex { precedes($0, later) } ?? ready.count
                ready.insert(later, at: position)
            }
        }
        return order.count == after.count ? order.filter { $0 != Self.commit }.map { $0 - 1 } : nil
    }
}
