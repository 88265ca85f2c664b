import DLCGraph

/// `sizes[i]` elements of every dimension from `starts[i]` on, `steps[i]` apart; full rank, already clamped.
public struct Slice: Operator {
    public var starts: [Dim]
    public var sizes: [Dim]
    /// Not zero; negative ones walk backwards.
    public var steps: [Int]

    public init(starts: [Dim] = [], sizes: [Dim] = [], steps: [Int] = []) {
        self.starts = starts
        self.sizes = sizes
        self.steps = steps
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Slice(), name: "slice", operands: ["x"], traits: [.movesData],
        onnx: [ONNXMapping("Slice", read: readSlice, write: write), ONNXMapping("Split", read: readSplit, write: write)],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [4, 5, 6])
            return [
                Example("inner", Slice(starts: [1, 0, 2], sizes: [2, 5, 3], steps: [1, 1, 1]), [x]),
                Example("steps", Slice(starts: [0, 4, 5], sizes: [2, 3, 6], steps: [2, -2, -1]), [x]),
                Example("empty", Slice(starts: [2, 0, 0], sizes: [0, 5, 6], steps: [1, 1, 1]), [x]),
                Example(
                    "i8", Slice(starts: [1], sizes: [3], steps: [2]), [try Tensor.random(seed: 2, type: .int8, shape: [7])],
                    isDifferentiable: false),
            ]
        }
    ) {
        Attribute("starts", \.starts)
        Attribute("sizes", \.sizes)
        Attribute("steps", \.steps)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        guard starts.count == x.rank, sizes.count == x.rank, steps.count == x.rank else {
            throw DLCError("starts, sizes and steps have \(starts.count), \(sizes.count) and \(steps.count) entries for \(x.type)")
        }
        for axis in x.shape.indices {
            guard steps[axis] != 0 else { throw DLCError("the step of dimension \(axis) is 0") }
            guard let start = starts[axis].constant, let size = sizes[axis].constant else {
                try requireInside(axis, x, &context)
                continue
            }
            if size > 0, start >= 0 {
                let last = try max(start, Checked.add(start, Checked.multiply(size - 1, steps[axis])))
                try context.require(
                    .atLeast, x.shape[axis], Dim(Checked.add(last, 1)),
                    "\(size) elements from \(start) in steps of \(steps[axis]) lie in dimension \(axis) of \(x.type)")
            }
            let last = try Checked.add(start, Checked.multiply(max(size, 1) - 1, steps[axis]))
            let limit = x.shape[axis].constant ?? .max
            guard size >= 0, size == 0 || (start >= 0 && last >= 0 && start < limit && last < limit) else {
                throw DLCError("\(size) elements from \(start) in steps of \(steps[axis]) leave dimension \(axis) of \(x.type)")
            }
        }
        return [Fact(x.element, sizes)]
    }

    /// Requires that the elements of a part with open bounds lie in the dimension, where there are any.
    private func requireInside(_ axis: Int, _ x: Fact, _ context: inout InferContext) throws {
        let (start, size, step) = (starts[axis], sizes[axis], steps[axis])
        let last = try start.plus(size.minus(1).times(Dim(step)))
        let (lowest, highest) = step > 0 ? (start, last) : (last, start)
        let reason = "\(size) elements from \(start) in steps of \(step) lie in dimension \(axis) of \(x.type)"
        for (dim, least) in [(x.shape[axis], try highest.plus(1)), (lowest, 0)] {
            let always = Constraint(.atLeast, dim, least, reason: reason)
            if case .holds = always.verdict { continue }
            // A part without elements may lie anywhere: times its size, what is required is 0.
            let isCertain = size.isAtLeast(1)
            try context.require(isCertain ? always : Constraint(.atLeast, dim.minus(least).times(size), 0, reason: reason))
        }
        try context.require(.atLeast, size, 0, reason)
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        return [try x.selecting(indices(x.shape), shape: Oracle.numbers(sizes, "sizes"))]
    }

    private func indices(_ shape: [Int]) throws -> [Int] {
        let (starts, sizes) = (try Oracle.numbers(starts, "starts"), try Oracle.numbers(sizes, "sizes"))
        let strides = Oracle.strides(shape)
        for axis in shape.indices where sizes[axis] > 0 {
            let last = try Checked.add(starts[axis], Checked.multiply(sizes[axis] - 1, steps[axis]))
            guard (0..<shape[axis]).contains(starts[axis]), (0..<shape[axis]).contains(last) else {
                throw DLCError("elements \(starts[axis]) to \(last) leave dimension \(axis) of \(shape)")
            }
        }
        var result: [Int] = []
        Oracle.forEach(sizes) { index in
            result.append(index.indices.reduce(0) { $0 + (starts[$1] + index[$1] * steps[$1]) * strides[$1] })
        }
        return result
    }
}
