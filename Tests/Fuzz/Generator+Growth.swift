import DLC

/// Chains: operators put onto values that a graph has.
extension Generator {
    /// Puts an operator onto some value and makes its result an output, perhaps in place of the value.
    mutating func grow() throws {
        let facts = try sketch.facts()
        let values = facts.keys.sorted()
        guard let x = rng.maybePick(values), let fact = facts[x] else { return }
        let results = rng.chance(0.25) ? try attached(x, fact) : try grown(x, fact, facts)
        if rng.chance(0.6) { sketch.outputs.removeAll { $0.id == x } }
        for (index, id) in results.enumerated() where index == 0 || rng.chance(0.3) { sketch.addOutput(id) }
    }

    private mutating func grown(_ x: Int, _ fact: Fact, _ facts: [Int: Fact]) throws -> [Int] {
        let shape = fact.shape
        let rank = shape.count
        let axis = rank > 0 ? rng.below(rank) : 0
        switch rng.below(rank == 0 ? 6 : 28) {
        case 0, 1: return sketch.add(try unary(fact), [x])
        case 2, 3: return try binary(x, fact, facts)
        case 4:
            return sketch.add(
                try make(
                    "cast",
                    ["to": .type(rng.pick([.float32, .float64, .float16, .int32, .int64, .bool, fact.element, rng.pick(Self.narrow)]))]),
                [x])
        case 5, 6: return sketch.add(try reshape(shape), [x])
        case 7, 8: return sketch.add(Transpose(rng.shuffled(Array(0..<rank))), [x])
        case 9, 10: return sketch.add(try slice(shape), [x])
        case 11, 12: return try concat(x, fact, facts, axis)
        case 13: return sketch.add(try make("expand", ["shape": .dims([2] + shape.map { $0 == 1 ? Dim(rng.pick([1, 3])) : $0 })]), [x])
        case 14:
            let pads = (0..<2 * rank).map { _ in Dim(rng.pick([0, 0, 1, 2])) }
            return sketch.add(try make("pad", ["pads": .dims(pads)]), [x])
        case 15: return sketch.add(try make("tile", ["repeats": .dims((0..<rank).map { _ in Dim(rng.pick([1, 1, 2])) })]), [x])
        case 16:
            guard let extent = shape[axis].constant, extent > 0 else { throw DLCError("no extent to gather from") }
            let count = rng.pick([0, 1, 2, 3])
            let indexes = try Tensor(
                (0..<count).map { _ in Int64(rng.below(extent)) - (rng.chance(0.2) ? Int64(extent) : 0) }, shape: [count])
            return sketch.add(try make("gather", ["axis": .int(axis)]), [x, sketch.addConstant(indexes)])
        case 17, 18:
            let name = rng.pick([
                "reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_l2", "reduce_sum_square", "reduce_log_sum_exp",
            ])
            let axes = rng.shuffled(Array(0..<rank)).prefix(1 + rng.below(rank)).sorted()
            return sketch.add(try make(name, ["axes": .ints(axes), "keepdims": .bool(rng.chance(0.5))]), [x])
        case 19: return sketch.add(try make(rng.pick(["softmax", "log_softmax"]), ["axis": .int(axis)]), [x])
        case 20:
            return sketch.add(
                try make("cum_sum", ["axis": .int(axis), "reverse": .bool(rng.chance(0.5)), "exclusive": .bool(rng.chance(0.5))]), [x])
        case 21: return sketch.add(try make(rng.pick(["arg_max", "arg_min"]), ["axis": .int(axis)]), [x])
        case 22, 23: return try product(x, fact)
        case 24: return try window(x, fact)
        case 25, 26: return try decidedByData(x, fact)
        default: return try norm(x, fact)
        }
    }

    /// Types that nothing computes in.
    static let narrow = ElementType.allCases.filter(\.isNarrow)

    mutating func unary(_ fact: Fact) throws -> any Operator {
        if fact.element == .bool { return try make("not") }
        if !fact.element.isFloat { return try make(rng.pick(["neg", "abs", "relu", "sign"])) }
        return try make(
            rng.pick([
                "relu", "neg", "abs", "exp", "sigmoid", "tanh", "erf", "gelu", "sqrt", "reciprocal", "sign", "floor", "round", "softplus",
                "hard_sigmoid", "elu", "leaky_relu", "swish", "mish", "selu", "hard_swish", "log", "sin",
            ]))
    }

    private mutating func binary(_ x: Int, _ fact: Fact, _ facts: [Int: Fact]) throws -> [Int] {
        let name =
            fact.element == .bool ? rng.pick(["and", "or", "xor"]) : rng.pick(["add", "sub", "mul", "max", "min", "add", "mul", "div"])
        let op = try make(name)
        let others = facts.keys.sorted().filter { facts[$0]?.element == fact.element && $0 != x }
        let other: Int
        if let picked = rng.maybePick(others), rng.chance(0.5) {
            other = picked
        } else {
            let extents = fact.shape.map { $0.constant ?? 1 }.map { rng.chance(0.4) ? 1 : $0 }
            let kept = Array(extents.suffix(rng.below(extents.count + 1)))
            let isConstant = rng.chance(0.7)
            let tensor = try Tensor.drawn(
                rng.chance(0.5) ? .coarse : isConstant ? .plain : style, type: fact.element, shape: kept, like: nil, &rng)
            other = isConstant ? sketch.addConstant(tensor) : addInput(tensor)
        }
        return sketch.add(op, rng.chance(0.7) ? [x, other] : [other, x])
    }

    private mutating func reshape(_ shape: Shape) throws -> any Operator {
        var result = shape
        for _ in 0..<(1 + rng.below(3)) {
            switch rng.below(3) {
            case 0: result.insert(1, at: rng.below(result.count + 1))
            case 1 where result.count > 1:
                let at = rng.below(result.count - 1)
                result[at] = try result[at].times(result.remove(at: at + 1))
            default:
                guard let at = rng.maybePick(result.indices.filter { result[$0].constant.map { $0 > 1 && $0 % 2 == 0 } ?? false }) else {
                    if let one = result.firstIndex(of: 1) { result.remove(at: one) }
                    continue
                }
                let half = (result[at].constant ?? 2) / 2
                result.replaceSubrange(at...at, with: rng.chance(0.5) ? [2, Dim(half)] : [Dim(half), 2])
            }
        }
        return Reshape(shape: result)
    }

    private mutating func slice(_ shape: Shape) throws -> any Operator {
        var (starts, sizes, steps) = (Shape(), Shape(), [Int]())
        for dim in shape {
            if dim.constant == nil, rng.chance(0.5) {
                let (start, size, step) = try symbolicPart(dim)
                starts.append(start)
                sizes.append(size)
                steps.append(step)
                continue
            }
            guard let extent = dim.constant, extent > 0, rng.chance(0.6) else {
                starts.append(0)
                sizes.append(dim)
                steps.append(1)
                continue
            }
            let start = rng.below(extent)
            let step = rng.pick([1, 1, 1, 2, -1, -2])
            let room = step > 0 ? (extent - 1 - start) / step + 1 : start / -step + 1
            starts.append(Dim(start))
            sizes.append(Dim(rng.below(room + 1)))
            steps.append(step)
        }
        return Slice(starts: starts, sizes: sizes, steps: steps)
    }

    /// The first half of an extent, all but its first, its last, or all of it backwards.
    private mutating func symbolicPart(_ dim: Dim) throws -> (start: Dim, size: Dim, step: Int) {
        switch rng.below(4) {
        case 0: return (0, try dim.quotient(2), 1)
        case 1: return (1, try dim.minus(1), 1)
        case 2: return (try dim.minus(1), 1, 1)
        default: return (try dim.minus(1), dim, -1)
        }
    }

    private mutating func concat(_ x: Int, _ fact: Fact, _ facts: [Int: Fact], _ axis: Int) throws -> [Int] {
        let fitting = facts.keys.sorted().filter { id in
            guard let other = facts[id], other.element == fact.element, other.rank == fact.rank else { return false }
            return other.shape.indices.allSatisfy { $0 == axis || other.shape[$0] == fact.shape[$0] }
        }
        let parts = [x] + (0..<(1 + rng.below(3))).map { _ in rng.pick(fitting) }
        return sketch.add(try make("concat", ["axis": .int(axis)]), rng.shuffled(parts))
    }
}
