import DLC

/// Changes to a graph that may or may not leave it what a pass or kernel is made for.
extension Generator {
    mutating func mutate() {
        // Nodes of trees stay what they are.
        if sketch.steps.contains(where: { $0.op is TreeEnsemble }) {
            switch rng.below(4) {
            case 0: change { try $0.makeSymbol() }
            case 1: change { try $0.readTwice() }
            default: change { try $0.grow() }
            }
            return
        }
        switch rng.below(20) {
        case 0...3: change { try $0.changeExtent() }
        case 4, 5: change { try $0.makeSymbol() }
        case 6, 7: change { try $0.changeAttribute() }
        case 8, 9: change { try $0.insert() }
        case 10: change { try $0.readTwice() }
        case 11: change { try $0.changeConstant() }
        case 12: change { try $0.changeType() }
        case 13: change { try $0.changeRank() }
        case 14: change { try $0.swapConstantAndInput() }
        case 15: change { try $0.alias() }
        case 16: change { $0.reorderOperands() }
        case 17: change { try $0.lead() }
        default: change { try $0.grow() }
        }
    }

    /// Another number in the place of an extent: everywhere, or in one place.
    private mutating func changeExtent() throws {
        let extents = sketch.inputs.flatMap { $0.type.shape.compactMap(\.constant) }
        guard let old = rng.maybePick(extents) else { return }
        let new = rng.pick([0, 1, 1, 2, 3, old + 1, rng.pick(extents), 7, 16, 17, 33])
        try replaceExtent(old, by: Dim(new), everywhere: rng.chance(0.8))
    }

    /// A symbol in the place of an extent.
    private mutating func makeSymbol() throws {
        let extents = sketch.inputs.flatMap { $0.type.shape.compactMap(\.constant) }
        guard let old = rng.maybePick(extents) else { return }
        let free = ["N", "M", "T", "H", "W", "C"].filter { bindings[$0] == nil }
        guard let name = rng.maybePick(Array(free.prefix(3))) else { return }
        bindings[name] = old
        try replaceExtent(old, by: Dim(symbol: name), everywhere: rng.chance(0.5))
    }

    private mutating func replaceExtent(_ old: Int, by new: Dim, everywhere: Bool) throws {
        func replaced(_ shape: Shape) -> Shape { shape.map { $0.constant == old ? new : $0 } }
        let only =
            everywhere
            ? nil : rng.maybePick(sketch.inputs.indices.filter { sketch.inputs[$0].type.shape.contains { $0.constant == old } })
        for index in sketch.inputs.indices where only == nil || only == index {
            let input = sketch.inputs[index]
            if let only, only == index {
                let axis = rng.pick(input.type.shape.indices.filter { input.type.shape[$0].constant == old })
                sketch.inputs[index].type.shape[axis] = new
            } else {
                sketch.inputs[index].type.shape = replaced(input.type.shape)
            }
            let shape = try sketch.inputs[index].type.shape.map { try $0.evaluate(bindings) }
            if let tensor = inputs[input.name], tensor.shape != shape {
                inputs[input.name] = try .drawn(
                    plain.contains(input.name) ? .plain : style, type: tensor.type, shape: shape, like: tensor, &rng)
            }
        }
        if everywhere { try sketch.replaceExtents(ofSteps: old, by: new) }
    }

    /// Values of attributes that examples have, by operator and name.
    private static let seen: [String: [AttributeValue]] = {
        var seen: [String: [AttributeValue]] = [:]
        for (definition, examples) in examples {
            for example in examples {
                for (name, value) in example.op.attributes { seen["\(definition.name).\(name)", default: []].append(value) }
            }
        }
        return seen
    }()

    private mutating func changeAttribute() throws {
        let choices = sketch.steps.indices.filter { sketch.steps[$0].constant == nil && !sketch.steps[$0].op.attributes.isEmpty }
        guard let index = rng.maybePick(choices) else { return }
        let op = sketch.steps[index].op
        let (name, value) = rng.pick(op.attributes.map { ($0.name, $0.value) })
        if rng.chance(0.4), let other = rng.maybePick(Self.seen["\(op.name).\(name)"] ?? []) {
            sketch.steps[index].op = try op.setting(name, to: other)
            return
        }
        let new: AttributeValue
        switch value {
        case .bool(let flag): new = .bool(!flag)
        case .int(let number): new = .int(rng.pick([number + 1, number - 1, 0, 1, -1, -number]))
        case .float(let number): new = .float(rng.pick([0, 1, -number, number * 2, number + 0.5, 1e-3, -1]))
        case .ints(var numbers):
            guard let at = rng.maybePick(Array(numbers.indices)) else { return }
            if rng.chance(0.3) { numbers = rng.shuffled(numbers) } else { numbers[at] += rng.pick([1, -1, 2]) }
            new = .ints(numbers)
        case .dims(var dims):
            guard let at = rng.maybePick(Array(dims.indices)) else { return }
            dims[at] = try dims[at].plus(Dim(rng.pick([1, -1, 2])))
            new = .dims(dims)
        case .type:
            let usual: [ElementType] = [.float32, .float64, .float16, .bfloat16, .int8, .uint8, .int32, .int64, .bool]
            new = .type(rng.pick(usual + [rng.pick(Self.narrow)]))
        default: return
        }
        sketch.steps[index].op = try op.setting(name, to: new)
    }

    /// Something between a value and one of its readers: what changes nothing, or a function.
    private mutating func insert() throws {
        let places = sketch.steps.indices.flatMap { step in sketch.steps[step].operands.indices.map { (step, $0) } }.filter {
            sketch.steps[$0.0].operands[$0.1] != nil
        }
        guard let (index, position) = rng.maybePick(places), let x = sketch.steps[index].operands[position],
            let fact = try sketch.facts()[x]
        else { return }
        let (before, rank) = (sketch.steps.count, fact.rank)
        let new: Int
        switch rng.below(9) {
        case 0 where rank > 1:
            let perm = rng.shuffled(Array(0..<rank))
            let there = sketch.add(Transpose(perm), [x])[0]
            new = sketch.add(Transpose(perm.indices.map { perm.firstIndex(of: $0) ?? 0 }), [there])[0]
        case 1:
            let there = sketch.add(Reshape(shape: rng.chance(0.5) ? [1] + fact.shape : [try fact.shape.product()]), [x])[0]
            new = sketch.add(Reshape(shape: fact.shape), [there])[0]
        case 2:
            let there = sketch.add(try make("cast", ["to": .type(rng.pick([.float64, .float16, .int32, .float32]))]), [x])[0]
            new = sketch.add(try make("cast", ["to": .type(fact.element)]), [there])[0]
        case 3 where rank > 0: new = sketch.add(try make("concat", ["axis": .int(0)]), [x])[0]
        case 4: new = sketch.add(try make("pad", ["pads": .dims(Shape(repeating: 0, count: 2 * rank))]), [x])[0]
        case 5: new = sketch.add(try make("expand", ["shape": .dims(fact.shape)]), [x])[0]
        case 6:
            let (name, value) = rng.pick([
                ("add", 0.0), ("mul", 1.0), ("mul", 2.0), ("sub", 0.0), ("div", 1.0), ("add", -0.0), ("max", 0.0),
            ])
            let shape = rng.chance(0.7) ? [] : [Int](repeating: 1, count: rng.below(rank + 2))
            new = sketch.add(try make(name), [x, sketch.addConstant(try Tensor(filling: value, type: fact.element, shape: shape))])[0]
        case 7 where rank > 0:
            new = sketch.add(Slice(starts: fact.shape.map { _ in 0 }, sizes: fact.shape, steps: fact.shape.map { _ in 1 }), [x])[0]
        default: new = sketch.add(try unary(fact), [x])[0]
        }
        let added = Array(sketch.steps[before...])
        sketch.steps.removeLast(added.count)
        sketch.steps.insert(contentsOf: added, at: index)
        sketch.steps[index + added.count].operands[position] = new
    }

    /// A second reader of a value inside, or the value as an output.
    private mutating func readTwice() throws {
        let inner = sketch.steps.filter { $0.constant == nil }.flatMap(\.results)
        guard let id = rng.maybePick(inner), let fact = try sketch.facts()[id] else { return }
        sketch.addOutput(rng.chance(0.5) ? id : sketch.add(try unary(fact), [id])[0])
    }

    private mutating func changeConstant() throws {
        guard let index = rng.maybePick(sketch.steps.indices.filter { sketch.steps[$0].constant?.type.isFloat == true }),
            let tensor = sketch.steps[index].constant, tensor.count > 0
        else { return }
        var values = try tensor.doubles()
        let at = rng.below(values.count)
        values[at] = rng.pick([0, -0.0, 1, -1, values[at] * 1.01, -values[at], 1e-8, values[at] + 1])
        sketch.steps[index].op = Constant(try Tensor(doubles: values, type: tensor.type, shape: tensor.shape))
    }
}
