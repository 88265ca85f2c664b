import DLCGraph

/// What `Pad` writes outside x.
public enum PadMode: String, Sendable, CaseIterable, AttributeConvertible {
    case constant, reflect, edge, wrap
}

/// x with elements added before and after every dimension; negative numbers take elements away (ONNX Pad).
public struct Pad: Operator {
    /// Before every dimension, then after every dimension.
    public var pads: [Dim]
    public var mode: PadMode

    public init(pads: [Dim] = [], mode: PadMode = .constant) {
        self.pads = pads
        self.mode = mode
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Pad(), name: "pad", operands: ["x", "value?"], traits: [.movesData],
        onnx: [ONNXMapping("Pad", read: read, write: write)],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [2, 3, 4])
            let value = try Tensor([2.5] as [Float], shape: [])
            return [
                Example("zeros", Pad(pads: [0, 1, 2, 0, 0, 1]), [x]),
                Example("a value", Pad(pads: [1, 0, 0, 0, 2, 1]), [x, value]),
                Example("cropped", Pad(pads: [0, -1, 1, 0, 1, -2]), [x]),
                Example("reflect", Pad(pads: [0, 2, 3, 0, 1, 1], mode: .reflect), [x]),
                Example("edge", Pad(pads: [1, 0, 2, 0, 1, 3], mode: .edge), [x]),
                Example("wrap", Pad(pads: [1, 0, 2, 0, 1, 5], mode: .wrap), [x]),
                Example("i32", Pad(pads: [1, 2]), [try Tensor.random(seed: 2, type: .int32, shape: [3])], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("pads", \.pads)
        Attribute("mode", \.mode)
    }

    private static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(reader.opset < 11 ? ["mode", "pads", "value"] : ["mode"])
        let x = try reader.fact(0)
        try reader.settle(1, count: 2 * (reader.length(3) ?? x.rank))
        guard var pads = try reader.dims(attribute: "pads", orOperand: 1, isSigned: true) else { throw DLCError("pads are missing") }
        if let given = try reader.ints(3, "axes") {
            let axes = try InferenceRules.axes(given, rank: x.rank)
            guard pads.count == 2 * axes.count else { throw DLCError("pads \(pads.text) do not fit axes \(axes)") }
            var all = Shape(repeating: 0, count: 2 * x.rank)
            for (i, axis) in axes.enumerated() { (all[axis], all[axis + x.rank]) = (pads[i], pads[i + axes.count]) }
            pads = all
        }
        let op = Pad(pads: pads, mode: try reader.attribute("mode") ?? .constant)
        var value: Value?
        if op.mode == .constant {
            if let number: Double = try reader.attribute("value"), number != 0 {
                value = reader.constant(try Tensor(nearest: number, type: x.element))
            } else if let given = reader.operand(2) {
                let fact = reader.builder.fact(given)
                let isZero = try fact.constant.map { try $0.type == .string ? $0.texts() == [[]] : $0.doubles() == [0] } ?? false
                if !isZero { value = fact.rank == 0 ? given : try reader.add1(Reshape(shape: []), [given]) }
            }
        }
        if pads.count == 2 * x.rank, pads.allSatisfy({ $0 == 0 }) { return [try reader.required(0)] }
        return try reader.add(op, [reader.operand(0), value])
    }

    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? Pad else { return }
        if op.mode == .wrap { try writer.require(19, "Pad that wraps") }
        let value = writer.inputs.count > 1 ? writer.operandFacts[1] : nil
        if writer.opset < 11 {
            guard let pads = op.pads.constants, value == nil || value?.constant != nil else {
                throw DLCError("Pad with pads or a value known at run time needs opset 11 or newer")
            }
            let number = try value?.constant?.doubles().first ?? 0
            return writer.node(
                "Pad", inputs: [writer.inputs[0]],
                attributes: [("mode", .string(op.mode.rawValue)), ("pads", .ints(pads)), ("value", .float(number))])
        }
        let pads = try writer.dimensions(op.pads, "pads")
        writer.node(
            "Pad", inputs: [writer.inputs[0], pads] + writer.inputs.dropFirst(),
            attributes: op.mode == .constant ? [] : [("mode", .string(op.mode.rawValue))])
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        guard pads.count == 2 * x.rank else { throw DLCError("pads \(pads.text) do not fit \(x.type), which needs \(2 * x.rank)") }
        if let value = context.optional(1) {
            guard value.element == x.element, value.rank == 0 else { throw DLCError("value is \(value.type); expected \(x.element)[]") }
        }
        let shape = try x.shape.indices.map { axis in
            let (begin, end) = (pads[axis], pads[axis + x.rank])
            let extent = try x.shape[axis].plus(begin).plus(end)
            try context.require(.atLeast, extent, 0, "pads \(pads.text) take no more than dimension \(axis) of \(x.type) has")
            if mode != .constant, begin != 0 || end != 0 {
                let rest = try x.shape[axis].plus(.min(begin, 0)).plus(.min(end, 0))
                let reason = "dimension \(axis) of \(x.type) is long enough for padding with \(mode.rawValue) by \(begin) and \(end)"
                if let b = begin.constant, let e = end.constant {
                    let needed = mode == .reflect ? try Checked.add(max(b, e), 1) : 1
                    if max(b, e) > 0 { try context.require(.atLeast, rest, Dim(needed), reason) }
                } else if mode == .reflect {
                    for pad in [begin, end] { try context.require(.atLeast, rest, pad.plus(1), reason) }
                }
            }
            return extent
        }
        return [Fact(x.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let pads = try Oracle.numbers(pads, "pads")
        let shape = x.shape.indices.map { x.shape[$0] + pads[$0] + pads[$0 + x.rank] }
        let strides = Oracle.strides(x.shape)
        var indices: [Int] = []
        Oracle.forEach(shape) { index in
            var offset = 0
            for axis in index.indices {
                // Negative pads are taken off first.
                let (before, after) = (pads[axis], pads[axis + x.rank])
                let rest = x.shape[axis] + min(before, 0) + min(after, 0)
                guard let source = Self.source(index[axis] - max(before, 0), rest, mode) else { return indices.append(-1) }
                offset += (source - min(before, 0)) * strides[axis]
            }
            indices.append(offset)
        }
        return [try x.selecting(indices, shape: shape, fill: try Oracle.optional(operands, 1)?.reshaped([]))]
    }

    /// The element of a dimension of `extent` that stands at `position`, or nil for the value.
    static func source(_ position: Int, _ extent: Int, _ mode: PadMode) -> Int? {
        if position >= 0, position < extent { return position }
        guard extent > 0 else { return nil }
        switch mode {
        case .constant: return nil
        case .edge: return min(max(position, 0), extent - 1)
        case .wrap: return ((position % extent) + extent) % extent
        case .reflect:
            if extent == 1 { return 0 }
            let period = 2 * (extent - 1)
            let folded = ((position % period) + period) % period
            return min(folded, period - folded)
        }
    }
}
