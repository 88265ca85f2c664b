import DLCGraph

/// How a scattered element meets the one that is there.
public enum ScatterReduction: String, Sendable, CaseIterable, AttributeConvertible {
    case none, add, mul, max, min

    /// The first opset that knows the reduction.
    var since: Int {
        switch self {
        case .none: 11
        case .add, .mul: 16
        case .max, .min: 18
        }
    }

    /// x with `updates[i]` put at element `places[i]`, in order.
    func apply(_ x: Tensor, _ updates: Tensor, at places: [Int]) throws -> Tensor {
        guard updates.count == places.count, places.allSatisfy((0..<x.count).contains) else {
            throw DLCError("\(updates.count) updates go to \(places.count) places of \(x.shape)")
        }
        let function: BinaryFunction? =
            switch self {
            case .none: nil
            case .add: .add
            case .mul: .mul
            case .max: .max
            case .min: .min
            }
        guard let function else {
            var sources = Array(0..<x.count)
            for (i, place) in places.enumerated() { sources[place] = x.count + i }
            let both = try Concat.joined([x.reshaped([x.count]), updates.reshaped([updates.count])], axis: 0)
            return try both.selecting(sources, shape: x.shape)
        }
        if x.type.isFloat {
            var values = try x.doubles()
            let new = try updates.doubles()
            for (i, place) in places.enumerated() { values[place] = Binary(function).compute(values[place], new[i]) }
            return try Tensor(doubles: values, type: x.type, shape: x.shape)
        }
        var values = try x.integers()
        let new = try updates.integers()
        for (i, place) in places.enumerated() {
            values[place] =
                x.type == .uint64
                ? Int64(bitPattern: Binary(function).compute(UInt64(bitPattern: values[place]), UInt64(bitPattern: new[i])))
                : Binary(function).compute(values[place], new[i])
        }
        return try Tensor(integers: values, type: x.type, shape: x.shape)
    }
}

/// x with y[index[i, j, …], j, …] = updates[i, j, …] for axis 0, likewise for others (ONNX ScatterElements).
public struct ScatterElements: Operator {
    public var axis: Int
    public var reduction: ScatterReduction

    public init(axis: Int = 0, reduction: ScatterReduction = .none) {
        self.axis = axis
        self.reduction = reduction
    }

    public var definition: OperatorDefinition { Self.definition }

    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? ScatterElements else { return }
        try writer.require(op.reduction.since, "ScatterElements with reduction \(op.reduction.rawValue)")
        writer.node("ScatterElements", attributes: op.changedAttributes)
    }

    public static let definition = OperatorDefinition(
        ScatterElements(), name: "scatter_elements", operands: ["x", "indices", "updates"], traits: [.inPlaceable],
        onnx: [
            ONNXMapping("ScatterElements", read: { try $0.add($0.configured(ScatterElements()), $0.operands) }, write: write),
            ONNXMapping("Scatter", read: { try $0.add($0.configured(ScatterElements()), $0.operands) }, write: write),
        ],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [3, 4])
            let updates = try Tensor.random(seed: 2, shape: [2, 3])
            let indices = try Tensor([0, 1, -1, 2, 0, 1] as [Int64], shape: [2, 3])
            let whole = try Tensor.random(seed: 3, type: .int32, shape: [5])
            return [
                Example("rows", ScatterElements(), [x, indices, updates]),
                Example("columns", ScatterElements(axis: 1), [x, indices, updates]),
            ]
                + (try [ScatterReduction.add, .mul, .max, .min].map { reduction in
                    Example(
                        reduction.rawValue, ScatterElements(reduction: reduction),
                        [whole, try Tensor([4, 1, 4] as [Int32], shape: [3]), try Tensor([3, -2, 5] as [Int32], shape: [3])],
                        isDifferentiable: false)
                })
        }
    ) {
        Attribute("axis", \.axis)
        Attribute("reduction", \.reduction)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(1, "indices", ElementType.indices)
        try context.expect(2, "updates", sameTypeAs: 0)
        let (x, indices, updates) = (try context.operand(0), try context.operand(1), try context.operand(2))
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        guard indices.rank == x.rank, updates.rank == x.rank else {
            throw DLCError("indices are \(indices.type) and updates \(updates.type); expected the rank of \(x.type)")
        }
        try context.require(
            indices.shape, equals: updates.shape, "indices are \(indices.type), updates are \(updates.type); expected one shape")
        for i in x.shape.indices where i != axis {
            try context.require(
                .atLeast, x.shape[i], indices.shape[i], "indices are \(indices.type); dimension \(i) of \(x.type) is not shorter")
        }
        return [Fact(x.type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (x, indices) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let places = try Oracle.elementPlaces(indices, in: x.shape, axis: InferenceRules.axis(axis, rank: x.rank))
        return [try reduction.apply(x, try Oracle.operand(operands, 2), at: places)]
    }
}

/// x with slices replaced, each addressed by a vector of indices into the first dimensions (ONNX ScatterND).
public struct ScatterND: Operator {
    public var reduction: ScatterReduction

    public init(reduction: ScatterReduction = .none) { self.reduction = reduction }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        ScatterND(), name: "scatter_nd", operands: ["x", "indices", "updates"], traits: [.inPlaceable],
        onnx: [
            ONNXMapping(
                "ScatterND", read: { try $0.add($0.configured(ScatterND()), $0.operands) },
                write: { writer in
                    guard let op = writer.op as? ScatterND else { return }
                    try writer.require(op.reduction.since, "ScatterND with reduction \(op.reduction.rawValue)")
                    writer.node("ScatterND", attributes: op.changedAttributes)
                })
        ],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [4, 3])
            return [
                Example(
                    "elements", ScatterND(),
                    [x, try Tensor([0, 1, -1, 2] as [Int64], shape: [2, 2]), try Tensor.random(seed: 2, shape: [2])]),
                Example(
                    "rows", ScatterND(), [x, try Tensor([2, 0] as [Int64], shape: [2, 1]), try Tensor.random(seed: 3, shape: [2, 3])]),
                Example(
                    "add", ScatterND(reduction: .add),
                    [x, try Tensor([1, 1] as [Int64], shape: [2, 1]), try Tensor.random(seed: 4, shape: [2, 3])]),
            ]
        }
    ) {
        Attribute("reduction", \.reduction)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(1, "indices", ElementType.indices)
        try context.expect(2, "updates", sameTypeAs: 0)
        let (x, indices, updates) = (try context.operand(0), try context.operand(1), try context.operand(2))
        // An open number of addressed dimensions follows from the ranks.
        let depth = indices.shape.last.map { $0.constant ?? indices.rank - 1 + x.rank - updates.rank } ?? 0
        let reason = "indices are \(indices.type); their last dimension must address dimensions of \(x.type)"
        guard depth >= 1, depth <= x.rank, let last = indices.shape.last else { throw DLCError(reason) }
        try context.require(last, equals: Dim(depth), reason)
        let expected = Shape(indices.shape.dropLast()) + Shape(x.shape[depth...])
        try context.require(
            updates.shape, equals: expected, "updates are \(updates.type); indices \(indices.type) into \(x.type) need \(expected.text)")
        return [Fact(x.type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (x, indices) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let starts = try Oracle.sliceStarts(indices, in: x.shape)
        let length = x.shape[(indices.shape.last ?? 0)...].reduce(1, *)
        return [try reduction.apply(x, try Oracle.operand(operands, 2), at: starts.flatMap { start in (0..<length).map { start + $0 } })]
    }
}
