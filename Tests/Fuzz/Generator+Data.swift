import DLC

/// Values whose extents, or whether they are computed at all, only data decide.
extension Generator {
    mutating func decidedByData(_ x: Int, _ fact: Fact) throws -> [Int] {
        switch rng.below(7) {
        case 0: return try places(x)
        case 1, 2: return try kept(x, fact)
        case 3:
            let axis: AttributeValue = fact.rank > 0 && rng.chance(0.4) ? .int(rng.below(fact.rank)) : .none
            return sketch.add(try make("unique", ["axis": axis, "sorted": .bool(rng.chance(0.6))]), [x], results: 4)
        case 4: return try numbered(x, fact)
        case 5: return try branches(x, fact)
        default: return try rounds(x, fact)
        }
    }

    /// The places of what is not zero, or what is there.
    private mutating func places(_ x: Int) throws -> [Int] {
        let places = sketch.add(try make("non_zero"), [x])[0]
        if rng.chance(0.3) { return [places] }
        let columns = sketch.add(Transpose([1, 0]), [places])[0]
        return sketch.add(try make("gather_nd"), [x, columns])
    }

    /// The slices along an axis whose greatest element is above 0, or the elements that are.
    private mutating func kept(_ x: Int, _ fact: Fact) throws -> [Int] {
        guard fact.rank > 0, fact.element != .bool else { throw DLCError("nothing to compare") }
        let axis = rng.below(fact.rank)
        let isFlat = rng.chance(0.3)
        var line = x
        if isFlat {
            line = sketch.add(Reshape(shape: [try fact.shape.product()]), [x])[0]
        } else if fact.rank > 1 {
            let others = (0..<fact.rank).filter { $0 != axis }
            line = sketch.add(try make("reduce_max", ["axes": .ints(others), "keepdims": .bool(false)]), [x])[0]
        }
        return sketch.add(try make("compress", ["axis": isFlat ? .none : .int(axis)]), [x, try isPositive(line, fact.element)])
    }

    private mutating func isPositive(_ x: Int, _ type: ElementType) throws -> Int {
        let zero = sketch.addConstant(try Tensor(filling: 0, type: type, shape: []))
        return sketch.add(try make("greater"), [x, zero])[0]
    }

    /// As many numbers as the place of the greatest element says, or the value as many times.
    private mutating func numbered(_ x: Int, _ fact: Fact) throws -> [Int] {
        let count = try fact.shape.product()
        guard fact.element.isFloat, try count.evaluate(bindings.merging(unknowns(of: count)) { $1 }) > 0 else {
            throw DLCError("there is no greatest element")
        }
        let flat = sketch.add(Reshape(shape: [count]), [x])[0]
        let place = sketch.add(try make("arg_max", ["axis": .int(0), "keepdims": .bool(false)]), [flat])[0]
        if rng.chance(0.5) {
            let (start, step) = (try Tensor([Int64(rng.below(3) - 1)], shape: []), try Tensor([Int64(rng.pick([1, 2, 3]))], shape: []))
            return sketch.add(try make("range"), [sketch.addConstant(start), place, sketch.addConstant(step)])
        }
        let known = sketch.add(try make("numbers"), [place], results: 2)
        guard let number = try sketch.facts()[known[0]]?.content?.first else { throw DLCError("the number is not known") }
        return sketch.add(try make("expand", ["shape": .dims([number] + fact.shape)]), [x])
    }

    /// What data decide may be anything; 1 is taken.
    private func unknowns(of dim: Dim) -> [String: Int] {
        Dictionary(dim.symbols.filter { bindings[$0] == nil }.map { ($0, 1) }) { first, _ in first }
    }

    /// One function or another, perhaps of another extent, as the sign of the greatest element says.
    private mutating func branches(_ x: Int, _ fact: Fact) throws -> [Int] {
        guard fact.element != .bool else { throw DLCError("nothing to compare") }
        let truth = try isPositive(greatest(x, fact), fact.element)
        let op = If(then: try body("then", fact), otherwise: try body("otherwise", fact))
        return sketch.add(op, [truth, x, x])
    }

    private mutating func greatest(_ x: Int, _ fact: Fact) throws -> Int {
        if fact.rank == 0 { return x }
        return sketch.add(try make("reduce_max", ["axes": .ints(Array(0..<fact.rank)), "keepdims": .bool(false)]), [x])[0]
    }

    /// A graph of some steps over one value.
    private mutating func body(_ name: String, _ fact: Fact) throws -> Graph {
        var builder = GraphBuilder(name: name)
        let x = try builder.input("x", fact.type)
        var y = try builder.add1(unary(fact), [x])
        if fact.rank > 0, rng.chance(0.5) {
            let axis = rng.below(fact.rank)
            y =
                rng.chance(0.5)
                ? try builder.add1(make("concat", ["axis": .int(axis)]), [y, x])
                : try builder.add1(make("reduce_max", ["axes": .ints([axis])]), [y])
        }
        try builder.output("y", rng.chance(0.3) ? builder.add1(unary(fact), [y]) : y)
        return builder.graph
    }

    /// A loop over the value that stays as large as it is or grows, for some rounds or until its greatest element is above 0, with rows.
    private mutating func rounds(_ x: Int, _ fact: Fact) throws -> [Int] {
        guard fact.element != .bool else { throw DLCError("nothing to compare") }
        let grows = fact.rank > 0 && rng.chance(0.4)
        var type = fact.type
        if grows { type.shape[0] = Dim(symbol: "carried\(sketch.steps.count)") }
        var builder = GraphBuilder(name: "body")
        let round = try builder.input("round", TensorType(.int64, []))
        let goesOn = try builder.input("goes_on", TensorType(.bool, []))
        let value = try builder.input("x", type)
        let first = try builder.input("first", fact.type)
        var next = try builder.add1(make(rng.pick(["neg", "abs", "relu"])), [value])
        next =
            grows
            ? try builder.add1(make("concat", ["axis": .int(0)]), [next, first])
            : try builder.add1(make(rng.pick(["max", "min", "sub"])), [next, first])
        var condition = goesOn
        if rng.chance(0.4) {
            let axes = Array(0..<fact.rank)
            let most = fact.rank == 0 ? next : try builder.add1(make("reduce_max", ["axes": .ints(axes), "keepdims": .bool(false)]), [next])
            let zero = try builder.constant(Tensor(filling: 0, type: fact.element, shape: []))
            condition = try builder.add1(make(rng.pick(["greater", "less"])), [most, zero])
        }
        try builder.output("again", condition)
        try builder.output("next", next)
        let hasRows = rng.chance(0.5)
        if hasRows {
            let row = try builder.add1(make("cast", ["to": .type(fact.element)]), [round])
            try builder.output("row", rng.chance(0.5) ? builder.add1(make("add"), [first, row]) : row)
        }
        let count = sketch.addConstant(try Tensor([Int64(rng.pick([0, 1, 2, 3, 5]))], shape: []))
        let most = rng.chance(0.5) ? count : addInput(try Tensor([Int64(rng.below(5))], shape: []))
        return sketch.add(Loop(body: builder.graph, carried: 1), [most, nil, x, x], results: hasRows ? 2 : 1)
    }
}
