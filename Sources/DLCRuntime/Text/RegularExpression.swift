import DLCTensor

/// A regular expression in RE2's syntax, asked whether the whole of a text matches, or where it matches first.
///
/// All ways through the expression are followed at once (Thompson, Regular Expression Search Algorithm, 1968), so that a text of n
/// characters takes n times the states of the expression at most: no expression goes back over a text.
package struct RegularExpression: Sendable {
    private enum State: Sendable {
        case take(RegexCharacters, next: Int)
        case fork(Int, Int)
        case check(RegexPosition, next: Int)
        case end
    }

    private let states: [State]
    private let start: Int

    /// - Throws: where the pattern is no expression of RE2's, or too large.
    package init(_ pattern: String) throws {
        let node = try RegexParser.parse(pattern)
        var builder = Builder()
        start = try located("expression '\(pattern.printable())'") { try builder.build(node, before: 0) }
        states = builder.states
    }

    /// Makes states from the last to the first.
    private struct Builder {
        var states: [State] = [.end]
        /// Nodes built, counted ones as often as they are repeated.
        private var nodes = 0
        /// For counted repetitions inside each other.
        private static let most = 100_000

        init() {}

        /// Adds the states of a node and returns where it begins.
        mutating func build(_ node: RegexNode, before next: Int) throws -> Int {
            nodes += 1
            guard nodes <= Self.most else { throw DLCError("is too large: more than \(Self.most) states") }
            switch node {
            case .empty: return next
            case .set(let characters): return add(.take(characters, next: next))
            case .position(let position): return add(.check(position, next: next))
            case .sequence(let nodes): return try nodes.reversed().reduce(next) { try build($1, before: $0) }
            case .choice(let nodes):
                let first = try nodes.map { try build($0, before: next) }
                return first.dropLast().reversed().reduce(first[first.count - 1]) { add(.fork($1, $0)) }
            case .repetition(let node, let least, let most):
                var first = next
                if let most {
                    for _ in 0..<max(0, most - least) { first = add(.fork(try build(node, before: first), next)) }
                } else {
                    first = add(.end)
                    states[first] = .fork(try build(node, before: first), next)
                }
                for _ in 0..<least { first = try build(node, before: first) }
                return first
            }
        }

        private mutating func add(_ state: State) -> Int {
            states.append(state)
            return states.count - 1
        }
    }

    /// Whether all of a text matches.
    package func matchesWhole(of text: [UInt8]) -> Bool {
        let codes = Self.codes(text)
        var (current, following) = (Places(states.count), Places(states.count))
        enter(start, &current, codes, at: 0)
        for (index, code) in codes.enumerated() {
            if current.list.isEmpty { return false }
            following.clear()
            for place in current.list {
                if case .take(let characters, let next) = states[place], characters.contains(code) {
                    enter(next, &following, codes, at: index + 1)
                }
            }
            swap(&current, &following)
        }
        return current.list.contains { if case .end = states[$0] { true } else { false } }
    }

    /// Where the expression matches first from a place on: as far to the left as it can, there by the alternatives that are named first
    /// (Cox, "Regular Expression Matching: the Virtual Machine Approach", 2009). Nil where it does not.
    package func firstMatch(in codes: [UInt32], from first: Int) -> Range<Int>? {
        var (current, following) = (Places(states.count), Places(states.count))
        var found: Range<Int>?
        for index in first...max(first, codes.count) {
            // One that begins here comes after all that have begun before.
            if found == nil { enter(start, &current, codes, at: index, from: index) }
            if current.list.isEmpty { return found }
            following.clear()
            search: for place in current.list {
                switch states[place] {
                case .end:
                    found = current.starts[place]..<index
                    break search
                case .take(let characters, let next):
                    if index < codes.count, characters.contains(codes[index]) {
                        enter(next, &following, codes, at: index + 1, from: current.starts[place])
                    }
                default: break
                }
            }
            swap(&current, &following)
        }
        return found
    }

    /// States, each once, in the order in which they came, and where the match begins that each is of.
    private struct Places {
        private(set) var list: [Int] = []
        private(set) var starts: [Int]
        private var isIn: [Bool]

        init(_ count: Int) {
            isIn = [Bool](repeating: false, count: count)
            starts = [Int](repeating: 0, count: count)
        }

        mutating func insert(_ place: Int, _ start: Int) -> Bool {
            if isIn[place] { return false }
            isIn[place] = true
            starts[place] = start
            list.append(place)
            return true
        }

        mutating func clear() {
            for place in list { isIn[place] = false }
            list.removeAll(keepingCapacity: true)
        }
    }

    /// Adds a state and all that follow it without a character.
    private func enter(_ first: Int, _ places: inout Places, _ codes: [UInt32], at index: Int, from start: Int = 0) {
        var open = [first]
        while let place = open.popLast() {
            guard places.insert(place, start) else { continue }
            switch states[place] {
            case .fork(let a, let b): open += [b, a]
            case .check(let position, let next): if Self.holds(position, codes, index) { open.append(next) }
            default: break
            }
        }
    }

    private static func holds(_ position: RegexPosition, _ codes: [UInt32], _ index: Int) -> Bool {
        func isWord(_ index: Int) -> Bool {
            guard codes.indices.contains(index) else { return false }
            return RegexCharacters.perl(UInt8(ascii: "w"))?.contains { $0.contains(codes[index]) } ?? false
        }
        switch position {
        case .textStart: return index == 0
        case .textEnd: return index == codes.count
        case .lineStart: return index == 0 || codes[index - 1] == 0x0a
        case .lineEnd: return index == codes.count || codes[index] == 0x0a
        case .wordBoundary: return isWord(index - 1) != isWord(index)
        case .noWordBoundary: return isWord(index - 1) == isWord(index)
        }
    }

    /// The characters of a text; what is no UTF-8 is none.
    private static func codes(_ text: [UInt8]) -> [UInt32] {
        if text.allSatisfy({ $0 < 0x80 }) { return text.map(UInt32.init) }
        var codes: [UInt32] = []
        codes.reserveCapacity(text.count)
        var decoder = UTF8()
        var bytes = text.makeIterator()
        while true {
            switch decoder.decode(&bytes) {
            case .scalarValue(let scalar): codes.append(scalar.value)
            case .emptyInput: return codes
            case .error: codes.append(RegexCharacters.none)
            }
        }
    }
}
