import DLCGraph

/// What a reduction computes.
public enum ReduceKind: String, Sendable, CaseIterable {
    case sum, mean, max, min, prod, l1, l2, sumSquare = "sum_square", logSum = "log_sum", logSumExp = "log_sum_exp"

    var onnx: String {
        switch self {
        case .sum: "ReduceSum"
        case .mean: "ReduceMean"
        case .max: "ReduceMax"
        case .min: "ReduceMin"
        case .prod: "ReduceProd"
        case .l1: "ReduceL1"
        case .l2: "ReduceL2"
        case .sumSquare: "ReduceSumSquare"
        case .logSum: "ReduceLogSum"
        case .logSumExp: "ReduceLogSumExp"
        }
    }

    /// The global pooling that is this reduction over the spatial dimensions.
    var globalPool: String? {
        switch self {
        case .mean: "GlobalAveragePool"
        case .max: "GlobalMaxPool"
        case .l2: "GlobalLpPool"
        default: nil
        }
    }
}

/// A reduction over axes (ONNX Reduce…, and global pooling, which is one over the spatial dimensions).
public struct Reduce: Operator {
    public let kind: ReduceKind
    /// The axes; empty means all.
    public var axes: [Int] = []
    public var keepDims = true

    public init(_ kind: ReduceKind, axes: [Int] = [], keepDims: Bool = true) {
        self.kind = kind
        self.axes = axes
        self.keepDims = keepDims
    }

    public var definition: OperatorDefinition { Self.definitions[kind] ?? Self.sum }

    static let table: [OperatorDefinition] = ReduceKind.allCases.compactMap { definitions[$0] }
    private static let sum = define(.sum)
    private static let definitions: [ReduceKind: OperatorDefinition] = Dictionary(
        uniqueKeysWithValues: ReduceKind.allCases.map { ($0, define($0)) })

    private static func define(_ kind: ReduceKind) -> OperatorDefinition {
        var mappings = [ONNXMapping(kind.onnx, read: { try read(kind, &$0) }, write: { try write(kind, &$0) })]
        if let pool = kind.globalPool {
            mappings.append(ONNXMapping(pool, read: { try readGlobal(kind, &$0) }, write: { try write(kind, &$0) }))
        }
        return OperatorDefinition(
            Reduce(kind), name: "reduce_\(kind.rawValue)", operands: ["x"], onnx: mappings,
            examples: {
                let x = try Tensor(
                    doubles: Tensor.random(seed: 1, shape: [24]).doubles().map { abs($0) + 0.1 }, type: .float32, shape: [2, 3, 4])
                let special = try Tensor(
                    [1, .nan, .infinity, -.infinity, -.infinity, -.infinity, 1, .infinity, 2, 1, -.infinity, 2] as [Float], shape: [4, 3])
                return [
                    Example("last", Reduce(kind, axes: [-1]), [x]),
                    Example("outer, dropped", Reduce(kind, axes: [0, 2], keepDims: false), [x]),
                    Example("all", Reduce(kind, keepDims: false), [x]),
                    Example("special", Reduce(kind, axes: [1]), [special], isDifferentiable: false),
                    Example("middle f64", Reduce(kind, axes: [1]), [try x.converted(to: .float64)]),
                ]
            }
        ) {
            Attribute("axes", \.axes)
            Attribute("keepdims", \.keepDims)
        }
    }

    private static func read(_ kind: ReduceKind, _ reader: inout ONNXReader) throws -> [Value] {
        try reader.allowAttributes(["axes", "keepdims", "noop_with_empty_axes"])
        let x = try reader.fact(0)
        let axes: [Int] = try reader.ints(1, "axes") ?? reader.attribute("axes") ?? []
        let isNoop: Bool = try reader.attribute("noop_with_empty_axes") ?? false
        if axes.isEmpty && isNoop {
            // Over no axis, what happens to single elements remains.
            switch kind {
            case .sum, .mean, .max, .min, .prod, .logSumExp: return [try reader.required(0)]
            case .l1, .l2: return try reader.add(Unary(.abs), [reader.operand(0)])
            case .sumSquare: return try reader.add(Binary(.mul), [reader.operand(0), reader.operand(0)])
            case .logSum: return try reader.add(Unary(.log), [reader.operand(0)])
            }
        }
        let keepDims: Bool = try reader.attribute("keepdims") ?? true
        if x.rank == 0 { return try reader.add(Reduce(kind, keepDims: keepDims), [reader.operand(0)]) }
        return try reader.add(
            Reduce(kind, axes: try InferenceRules.axes(axes, rank: x.rank).sorted(), keepDims: keepDims), [reader.operand(0)])
    }

    private static func readGlobal(_ kind: ReduceKind, _ reader: inout ONNXReader) throws -> [Value] {
        try reader.allowAttributes(["p"])
        let x = try reader.fact(0)
        guard x.rank >= 3 else { throw DLCError("x is \(x.type); expected at least one spatial dimension") }
        var kind = kind
        if kind == .l2, let p: Double = try reader.attribute("p"), p != 2 {
            guard p == 1 else { throw DLCError("p is \(p); expected 1 or 2") }
            kind = .l1
        }
        return try reader.add(Reduce(kind, axes: Array(2..<x.rank)), [reader.operand(0)])
    }

    private static func write(_ kind: ReduceKind, _ writer: inout ONNXWriter) throws {
        guard let op = writer.op as? Reduce, let x = writer.operandFacts[0] else { return }
        let axes = op.axes.isEmpty ? Array(0..<x.rank) : op.axes
        if let pool = kind.globalPool, op.keepDims, x.rank >= 3, axes == Array(2..<x.rank), x.element.isFloat {
            return writer.node(pool)
        }
        let keep: [(name: String, value: AttributeValue)] = op.keepDims ? [] : [("keepdims", .int(0))]
        if writer.opset >= (kind == .sum ? 13 : 18) {
            let name = try writer.integers(axes, "axes")
            writer.node(kind.onnx, inputs: [writer.inputs[0], name], attributes: keep)
        } else {
            writer.node(kind.onnx, attributes: [("axes", .ints(axes))] + keep)
        }
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        let allowed = kind == .max || kind == .min ? ElementType.numbers + [.bool] : ElementType.numbers
        try context.expect(0, "x", allowed)
        let axes = self.axes.isEmpty ? Array(0..<x.rank) : try InferenceRules.axes(self.axes, rank: x.rank)
        var shape = Shape()
        for (axis, dim) in x.shape.enumerated() {
            if !axes.contains(axis) { shape.append(dim) } else if keepDims { shape.append(1) }
        }
        return [Fact(x.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let axes = self.axes.isEmpty ? Array(0..<x.rank) : try InferenceRules.axes(self.axes, rank: x.rank)
        let kept = x.shape.enumerated().map { axes.contains($0.offset) ? 1 : $0.element }
        let shape = keepDims ? kept : x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] }
        let groups = Oracle.broadcastIndices(kept, to: x.shape)
        let count = kept.reduce(1, *)
        if !x.type.isFloat, let integers = integerReduction(try x.integers(), groups, count, x.type) {
            return [try Tensor(integers: integers, type: x.type, shape: shape)]
        }
        var members = [[Double]](repeating: [], count: count)
        for (value, group) in zip(try x.doubles(), groups) { members[group].append(value) }
        return [try Tensor(doubles: members.map(reduced), type: x.type, shape: shape)]
    }

    private func reduced(_ values: [Double]) -> Double {
        switch kind {
        case .sum: return values.reduce(0, +)
        case .mean: return values.reduce(0, +) / Double(values.count)
        case .max: return values.reduce(-.infinity) { $0.isNaN || $1.isNaN ? .nan : Swift.max($0, $1) }
        case .min: return values.reduce(.infinity) { $0.isNaN || $1.isNaN ? .nan : Swift.min($0, $1) }
        case .prod: return values.reduce(1, *)
        case .l1: return values.reduce(0) { $0 + abs($1) }
        case .l2: return values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        case .sumSquare: return values.reduce(0) { $0 + $1 * $1 }
        case .logSum: return Oracle.log(values.reduce(0, +))
        case .logSumExp:
            if values.contains(where: \.isNaN) { return .nan }
            let most = values.max() ?? -.infinity
            return most.isInfinite ? most : most + Oracle.log(values.reduce(0) { $0 + Oracle.exp($1 - most) })
        }
    }

    /// Reductions of integers that have integers for results, in 64 bits that wrap; a mean is truncated, and 0 of nothing.
    /// Nil for roots and logarithms, which go through doubles.
    private func integerReduction(_ values: [Int64], _ groups: [Int], _ count: Int, _ type: ElementType) -> [Int64]? {
        let step: (Int64, Int64) -> Int64
        let start: Int64
        let isUnsigned = type == .uint64
        let less: (Int64, Int64) -> Bool = { isUnsigned ? UInt64(bitPattern: $0) < UInt64(bitPattern: $1) : $0 < $1 }
        switch kind {
        case .sum, .mean: (start, step) = (0, { $0 &+ $1 })
        case .prod: (start, step) = (1, { $0 &* $1 })
        case .max: (start, step) = (type.limits.lowest, { less($0, $1) ? $1 : $0 })
        case .min: (start, step) = (type.limits.highest, { less($1, $0) ? $1 : $0 })
        case .l1: (start, step) = (0, { $0 &+ ($1 < 0 && !isUnsigned ? 0 &- $1 : $1) })
        case .sumSquare: (start, step) = (0, { $0 &+ $1 &* $1 })
        default: return nil
        }
        var result = [Int64](repeating: start, count: count)
        for (value, group) in zip(values, groups) { result[group] = step(result[group], value) }
        guard kind == .mean else { return result }
        let members = count == 0 ? 0 : values.count / count
        return result.map { sum in
            if members == 0 { return 0 }
            return isUnsigned ? Int64(bitPattern: UInt64(bitPattern: sum) / UInt64(members)) : sum / Int64(members)
        }
    }
}

extension ElementType {
    /// The least and the greatest element of an integer type or of bool, as 64-bit integers; of `uint64` by their bits.
    fileprivate var limits: (lowest: Int64, highest: Int64) {
        switch self {
        case .bool: (0, 1)
        case .uint64: (0, -1)
        case .int64: (.min, .max)
        default: (Int64(integerRange?.lowerBound ?? 0), Int64(integerRange?.upperBound ?? 0))
        }
    }
}
