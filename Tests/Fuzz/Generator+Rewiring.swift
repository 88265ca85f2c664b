import DLC

/// Changes to what a graph's values are and who reads them.
extension Generator {
    /// Another element type everywhere.
    mutating func changeType() throws {
        guard let old = rng.maybePick(sketch.inputs.map(\.type.element)) else { return }
        let new: ElementType =
            old.isFloat
            ? rng.pick([.float32, .float64, .float16, .bfloat16]) : rng.pick([.int8, .uint8, .int32, .int64, .int16, .uint32])
        for index in sketch.inputs.indices where sketch.inputs[index].type.element == old {
            sketch.inputs[index].type.element = new
            let name = sketch.inputs[index].name
            inputs[name] = try inputs[name]?.converted(to: new)
        }
        for index in sketch.steps.indices {
            if let tensor = sketch.steps[index].constant, tensor.type == old {
                sketch.steps[index].op = Constant(try tensor.converted(to: new))
            }
        }
    }

    /// A dimension of 1 more or less.
    mutating func changeRank() throws {
        guard let index = rng.maybePick(Array(sketch.inputs.indices)), let tensor = inputs[sketch.inputs[index].name] else { return }
        var shape = sketch.inputs[index].type.shape
        if let one = shape.firstIndex(of: 1), rng.chance(0.5) {
            shape.remove(at: one)
        } else {
            shape.insert(1, at: rng.below(shape.count + 1))
        }
        sketch.inputs[index].type.shape = shape
        inputs[sketch.inputs[index].name] = try tensor.reshaped(shape.map { try $0.evaluate(bindings) })
    }

    /// A constant becomes an input, or an input a constant.
    mutating func swapConstantAndInput() throws {
        let constants = sketch.steps.indices.filter { sketch.steps[$0].constant != nil }
        if let index = rng.maybePick(constants), rng.chance(0.6), let tensor = sketch.steps[index].constant {
            let id = addInput(tensor, isPlain: true)
            sketch.replaceUses(of: sketch.steps[index].results[0], by: id)
            sketch.steps.remove(at: index)
        } else if let index = rng.maybePick(Array(sketch.inputs.indices)), sketch.inputs.count > 1,
            sketch.inputs[index].type.shape.constants != nil,
            let tensor = inputs[sketch.inputs[index].name]
        {
            let id = sketch.addConstant(tensor, at: 0)
            sketch.replaceUses(of: sketch.inputs[index].id, by: id)
            sketch.inputs.remove(at: index)
        }
    }

    /// Two operands, of whatever node, become one value of their type.
    mutating func alias() throws {
        let facts = try sketch.facts()
        guard let index = rng.maybePick(sketch.steps.indices.filter { !sketch.steps[$0].operands.isEmpty }) else { return }
        let position = rng.below(sketch.steps[index].operands.count)
        guard let old = sketch.steps[index].operands[position], let type = facts[old]?.type else { return }
        let known = sketch.inputs.map(\.id) + sketch.steps[..<index].flatMap(\.results)
        guard let other = rng.maybePick(known.filter { $0 != old && facts[$0]?.type == type }) else { return }
        sketch.steps[index].operands[position] = other
    }

    mutating func reorderOperands() {
        guard let index = rng.maybePick(sketch.steps.indices.filter { sketch.steps[$0].operands.count > 1 }) else { return }
        sketch.steps[index].operands = rng.shuffled(sketch.steps[index].operands)
    }

    /// An input becomes the result of something else: of a transpose, a reshape, a part of something larger, a function.
    mutating func lead() throws {
        guard let index = rng.maybePick(Array(sketch.inputs.indices)), let tensor = inputs[sketch.inputs[index].name] else { return }
        let input = sketch.inputs[index]
        let shape = input.type.shape
        let rank = shape.count
        var new: (op: any Operator, shape: Shape)
        switch rng.below(5) {
        case 0 where rank > 1:
            let perm = rng.shuffled(Array(0..<rank))
            new = (Transpose(perm), perm.indices.map { shape[perm.firstIndex(of: $0) ?? 0] })
        case 1: new = (Reshape(shape: shape), rng.chance(0.5) ? [try shape.product()] : [1] + shape)
        case 2 where rank > 0:
            let axis = rng.below(rank)
            var larger = shape
            let front = rng.below(3)
            larger[axis] = try larger[axis].plus(Dim(front + rng.below(3)))
            new = (Slice(starts: (0..<rank).map { Dim($0 == axis ? front : 0) }, sizes: shape, steps: shape.map { _ in 1 }), larger)
        case 3 where rank > 0 && shape[0].constant != nil:
            new = (try make("expand", ["shape": .dims(shape)]), rng.chance(0.5) ? [1] + shape.dropFirst() : Array(shape.dropFirst()))
        default: new = (try unary(Fact(input.type)), shape)
        }
        let extents = try new.shape.map { try $0.evaluate(bindings) }
        sketch.inputs[index].type.shape = new.shape
        inputs[input.name] = try .drawn(
            plain.contains(input.name) ? .plain : style, type: tensor.type, shape: extents, like: tensor, &rng)
        let moved = sketch.newID()
        sketch.replaceUses(of: input.id, by: moved)
        sketch.steps.insert(Sketch.Step(op: new.op, operands: [input.id], results: [moved]), at: 0)
    }
}
