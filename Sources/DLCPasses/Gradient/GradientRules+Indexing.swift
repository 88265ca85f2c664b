import DLCGraph
import DLCOps

extension GradientRules {
    /// Operators that take elements from, or put them to, places that data says.
    static let indexing: [GradientRule] = [
        GradientRule(Gather.self, single: { gradient, op, node, adjoint in
            guard let x = node.operands[0] else { return [] }
            let shape = gradient.shape(x)
            let axis = try InferenceRules.axis(op.axis, rank: shape.count)
            return [try gradient.add(GatherGradient(axis: axis, shape: shape), node.operands[1], adjoint)]
        }),
        GradientRule(GatherGradient.self, single: { gradient, op, node, adjoint in
            [nil, try gradient.add(Gather(axis: op.axis), adjoint, node.operands[0])]
        }),
        GradientRule(GatherElements.self, single: { gradient, op, node, adjoint in
            guard let x = node.operands[0] else { return [] }
            return [try gradient.add(ScatterElements(axis: op.axis, reduction: .add), gradient.full(0, like: x), node.operands[1], adjoint)]
        }),
        GradientRule(GatherND.self, single: { gradient, op, node, adjoint in
            guard let x = node.operands[0], let indices = node.operands[1] else { return [] }
            let full = try withBatch(&gradient, indices, op.batchDims)
            return [try gradient.add(ScatterND(reduction: .add), gradient.full(0, like: x), full, adjoint)]
        }),
        GradientRule(ScatterElements.self, single: { gradient, op, node, adjoint in
            try Scattering(
                reduction: op.reduction, scatter: { try $0.add(ScatterElements(axis: op.axis, reduction: $3), $1, node.operands[1], $2) },
                gather: { try $0.add(GatherElements(axis: op.axis), $1, node.operands[1]) }
            ).gradients(&gradient, node, adjoint)
        }),
        GradientRule(ScatterND.self, single: { gradient, op, node, adjoint in
            try Scattering(
                reduction: op.reduction, scatter: { try $0.add(ScatterND(reduction: $3), $1, node.operands[1], $2) },
                gather: { try $0.add(GatherND(), $1, node.operands[1]) }
            ).gradients(&gradient, node, adjoint)
        }),
        GradientRule(TopK.self, { gradient, op, node, adjoints in
            guard let x = node.operands[0], let adjoint = adjoints[0] else { return [] }
            return [try gradient.add(ScatterElements(axis: op.axis, reduction: .add), gradient.full(0, like: x), node.results[1], adjoint)]
        }),
        GradientRule(Compress.self, single: compress),
        GradientRule(OneHot.self, single: { gradient, op, node, adjoint in
            let type = gradient.type(adjoint).element
            let hit = try gradient.add(op, node.operands[0], gradient.builder.constant(Tensor(doubles: [0, 1], type: type, shape: [2])))
            let axes = Array(gradient.shape(adjoint).indices)
            let hot = try gradient.add(Reduce(.sum, axes: axes, keepDims: false), gradient.times(adjoint, hit))
            let cold = try gradient.add(Reduce(.sum, axes: axes, keepDims: false), gradient.times(adjoint, gradient.complement(hit)))
            return [nil, try gradient.concat([gradient.reshape(cold, to: [1]), gradient.reshape(hot, to: [1])], axis: 0)]
        }),
        .zero(NonZero.self),
        .zero(Numbers.self),
        GradientRule(Measure.self, single: { _, _, _, adjoint in [adjoint] }),
        .none(Unique.self, because: "data decide which of its equal elements are kept"),
        .none(ImageDecoder.self, because: "the bytes of a file do not vary"),
        .none(If.self, because: "data decide which graph runs"),
        .none(Loop.self, because: "data decide how often it runs"),
        .zero(ArgReduce.self),
    ]

    /// Index vectors with the places of the batch dimensions in front.
    private static func withBatch(_ gradient: inout GradientBuilder, _ indices: Value, _ batchDims: Int) throws -> Value {
        if batchDims == 0 { return indices }
        let column = Shape(gradient.shape(indices).dropLast()) + [1]
        var parts: [Value] = []
        for axis in 0..<batchDims {
            var shape = Shape(repeating: 1, count: column.count)
            shape[axis] = column[axis]
            let places = try gradient.reshape(gradient.range(column[axis]), to: shape)
            parts.append(try gradient.cast(gradient.expand(places, to: column), to: gradient.type(indices).element))
        }
        return try gradient.concat(parts + [indices], axis: column.count - 1)
    }

    /// Every slice of x takes from the adjoint what stands at the number of kept slices up to it, or the zero in front.
    @Sendable private static func compress(
        _ gradient: inout GradientBuilder, _ op: Compress, _ node: Node, _ adjoint: Value
    ) throws -> [Value?] {
        guard let x = node.operands[0], let condition = node.operands[1] else { return [] }
        let shape = gradient.shape(x)
        let axis = try op.axis.map { try InferenceRules.axis($0, rank: shape.count) } ?? 0
        let extent = try op.axis == nil ? shape.product() : shape[axis]
        let rest = try extent.minus(gradient.shape(condition)[0])
        let isKept = try gradient.add(Pad(pads: [0, rest]), gradient.cast(condition, to: .int64))
        let places = try gradient.add(Binary(.mul), gradient.add(CumSum(axis: 0), isKept), isKept)
        var pads = Shape(repeating: 0, count: 2 * gradient.shape(adjoint).count)
        pads[axis] = 1
        let spread = try gradient.add(Gather(axis: axis), gradient.add(Pad(pads: pads), adjoint), places)
        return [try gradient.reshape(spread, to: shape), nil]
    }
}

/// The gradients of putting updates to places of x.
private struct Scattering {
    let reduction: ScatterReduction
    /// Puts the second tensor to its places in the first.
    let scatter: (inout GradientBuilder, Value, Value, ScatterReduction) throws -> Value
    /// Takes what stands at the places.
    let gather: (inout GradientBuilder, Value) throws -> Value

    func gradients(_ gradient: inout GradientBuilder, _ node: Node, _ adjoint: Value) throws -> [Value?] {
        guard let x = node.operands[0], let updates = node.operands[2], let y = node.results.first else { return [] }
        let arriving = try gather(&gradient, adjoint)
        switch reduction {
        case .add: return [adjoint, nil, arriving]
        case .none:
            // Of several updates to one place only the last has a gradient.
            let shape = gradient.shape(updates)
            let numbers = try gradient.reshape(gradient.range(shape.product()), to: shape)
            let nobody = try gradient.expand(gradient.extent(-1), to: gradient.shape(x))
            let last = try scatter(&gradient, nobody, numbers, .none)
            let isUntouched = try gradient.isEqual(last, gradient.extent(-1))
            let isLast = try gradient.isEqual(gather(&gradient, last), numbers)
            return [try gradient.masked(adjoint, where: isUntouched), nil, try gradient.masked(arriving, where: isLast)]
        case .mul:
            // The product of all but one is that of all by it; where zeros are among them, of those that are not.
            let (one, type) = (try gradient.scalar(1, like: x), gradient.type(x).element)
            let (isZeroX, isZeroU) = (try gradient.isZero(x), try gradient.isZero(updates))
            let (safeX, safeU) = (try gradient.select(isZeroX, one, x), try gradient.select(isZeroU, one, updates))
            let product = try scatter(&gradient, safeX, safeU, .mul)
            let zeros = try scatter(&gradient, gradient.cast(isZeroX, to: type), gradient.cast(isZeroU, to: type), .add)
            let others = try gradient.productOfOthers(safeX, isZeroX, product, zeros)
            let (products, zerosThere) = (try gather(&gradient, product), try gather(&gradient, zeros))
            let othersOfUpdates = try gradient.productOfOthers(safeU, isZeroU, products, zerosThere)
            return [try gradient.times(adjoint, others), nil, try gradient.times(arriving, othersOfUpdates)]
        case .max, .min:
            // In equal parts to all that are as large as the result.
            let type = gradient.type(x).element
            let isX = try gradient.isEqual(x, y)
            let isUpdate = try gradient.isEqual(updates, gather(&gradient, y))
            let count = try scatter(&gradient, gradient.cast(isX, to: type), gradient.cast(isUpdate, to: type), .add)
            let share = try gradient.over(adjoint, gradient.add(Binary(.max), count, gradient.scalar(1, like: count)))
            return [
                try gradient.masked(share, where: isX), nil,
                try gradient.masked(gather(&gradient, share), where: isUpdate),
            ]
        }
    }
}

extension GradientBuilder {
    /// The product of all elements of a group but one, from the element (1 where it is 0), whether it is 0, and the group's
    /// product without zeros and number of zeros. That which of them are zeros changes with them has no part in the next
    /// derivative.
    mutating func productOfOthers(_ safe: Value, _ isZero: Value, _ product: Value, _ zeros: Value) throws -> Value {
        let ifNotZero = try masked(over(product, safe), where: self.isZero(zeros))
        let ifZero = try masked(product, where: isEqual(zeros, scalar(1, like: zeros)))
        return try select(isZero, ifZero, ifNotZero)
    }
}
