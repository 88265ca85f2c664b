import DLCTensor

extension KernelDefinition {
    /// Holds a step to the declaration: operands are there, and types, shapes and layouts are what the kernel reads and
    /// writes. Elements of a result never share a place.
    /// - Throws: naming the operand, what it is and what it should be.
    func check(operands: [BoundOperand?], results: [BoundOperand?]) throws {
        var state = ShapeCheck(names)
        try Self.each(self.operands, operands, "operand") { try state.check($0, $1) }
        try Self.each(self.results, results, "result") { rule, operand in
            try state.check(rule, operand)
            guard operand.keepsElementsApart else {
                throw DLCError("result \(rule.name): strides \(operand.strides) of \(operand.shape) overlap")
            }
        }
        try state.checkCounts()
    }

    private static func each(
        _ rules: [OperandRule], _ operands: [BoundOperand?], _ kind: String, _ body: (OperandRule, BoundOperand) throws -> Void
    ) throws {
        let isRepeated = rules.last?.presence == .repeated
        guard isRepeated ? operands.count >= rules.count - 1 : operands.count == rules.count else {
            throw DLCError("\(operands.count) \(kind)s where a kernel takes \(rules.count)")
        }
        for (index, operand) in operands.enumerated() {
            let rule = rules[min(index, rules.count - 1)]
            guard let operand else {
                if rule.presence == .optional { continue }
                throw DLCError("\(kind) \(rule.name) is missing")
            }
            try body(rule, operand)
        }
    }
}

/// What the shapes of a step have bound so far.
private struct ShapeCheck {
    private var extents: [Int?]
    private var groups: [ArraySlice<Int>?]
    private var type: ElementType?
    /// Operands of as many elements as an extent says that may not be bound yet.
    private var counts: [(extent: Int, rule: OperandRule, operand: BoundOperand)] = []

    init(_ names: (extents: Int, groups: Int)) {
        extents = [Int?](repeating: nil, count: names.extents)
        groups = [ArraySlice<Int>?](repeating: nil, count: names.groups)
    }

    mutating func check(_ rule: OperandRule, _ operand: BoundOperand) throws {
        guard rule.types.allows(operand.type) else {
            throw DLCError("\(rule.name) is \(operand.type)\(operand.shape); expected \(rule.types.text)")
        }
        if rule.types.isCommon {
            guard type == nil || type == operand.type else {
                throw DLCError("\(rule.name) is \(operand.type)\(operand.shape); expected \(type.map(\.name) ?? "")")
            }
            type = operand.type
        }
        guard try matches(rule, operand) else {
            throw DLCError("\(rule.name) has extents \(operand.shape); expected [\(rule.pattern)]\(bound)")
        }
        guard operand.lies(rule.layout) else {
            throw DLCError("\(rule.name) of \(operand.shape) has strides \(operand.strides); expected \(rule.layout.rawValue)")
        }
    }

    func checkCounts() throws {
        for (extent, rule, operand) in counts where operand.count != extents[extent] {
            throw DLCError("\(rule.name) has extents \(operand.shape); expected \(extents[extent].map { "\($0) elements" } ?? "nothing")")
        }
    }

    private var bound: String {
        let known = extents.compactMap { $0.map(String.init) } + groups.compactMap { $0.map { "\(Array($0))" } }
        return known.isEmpty ? "" : ", of which \(known.joined(separator: ", ")) are known"
    }

    private mutating func matches(_ rule: OperandRule, _ operand: BoundOperand) throws -> Bool {
        let (tokens, shape) = (rule.shape, operand.shape)
        switch tokens.first {
        case .count(let extent):
            counts.append((extent, rule, operand))
            return true
        case .countNumber(let number): return operand.count == number
        default: break
        }
        // One group of extents takes what the others leave.
        let fixed = tokens.reduce(0) { $0 + ($1.isGroup ? 0 : 1) }
        let spare = shape.count - fixed
        guard spare >= 0, spare == 0 || fixed < tokens.count else { return false }
        var axis = 0
        for token in tokens {
            switch token {
            case .group(let group):
                let part = shape[axis..<(axis + spare)]
                if let known = groups[group], !known.elementsEqual(part) { return false }
                groups[group] = part
                axis += spare
                continue
            case .anyGroup:
                axis += spare
                continue
            case .extent(let extent):
                if let known = extents[extent], known != shape[axis] { return false }
                extents[extent] = shape[axis]
            case .number(let number): if shape[axis] != number { return false }
            default: break
            }
            axis += 1
        }
        return true
    }
}
