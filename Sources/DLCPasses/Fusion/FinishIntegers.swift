import DLCGraph
import DLCOps
import DLCRuntime

/// What follows a layer of integers moves into it, so that its sums are scaled, limited and quantized while they are in
/// registers: what models with dynamic quantization spell after MatMulInteger, and what `integerLayers` leaves.
///
///     mul(cast(integer_product(%a, %b, …)), %s)                 →   integer_product(%a, %b, …, %s) {to: f32}
///     add(integer_product(…, %s), %bias)                        →   integer_product(…, %s, %bias)
///     relu(integer_product(…))                                  →   integer_product(…) {min: 0}
///     quantize_linear(integer_product(…, %s, %bias), %t, %z)    →   integer_product(…, %s / %t, %bias / %t) {to: u8, zero_point: z}
///     quantize_linear(add(dequantize_linear(integer_conv(…) {to: u8}, %s, %z), dequantize_linear(%a, %u, %v)), %t, %w)
///                                                               →   integer_conv(…, %a) {own_scale: s / t, addend_scale: u / t, …}
///     quantize_linear(add(dequantize_linear(integer_product(…) {to: u8}, %s, %z), %bias), %t, %w)
///                                                               →   integer_product(…, _, %bias / %t) {own_scale: s / t, …}
///
/// Scaling rounds once where the spelling rounds twice; a quantized result may differ by one step of its scale. A result that was
/// quantized before an addition is rounded there still, in registers.
public let finishIntegers = Pass("finish-integers", at: .canonical, keepsSums: false) { rewriter, node in
    switch node.op {
    case let op as Binary where op.function == .mul:
        guard let (source, scale) = rewriter.either(node, { Layer(rewriter, $0, castToFloat: true) }).map({ ($0.picked, $0.other) }),
            var layer = source.unlimited, let vector = try layer.columns(&rewriter, scale),
            try rewriter.resultType(node).shape == rewriter.shape(layer.result)
        else { return nil }
        layer.finish.to = .float32
        layer.operands[IntegerFinishFields.scale] = vector
        return [try layer.rebuilt(&rewriter, name: node.name)]
    case let op as Binary where op.function == .add:
        guard let (source, bias) = rewriter.either(node, { Layer(rewriter, $0) }).map({ ($0.picked, $0.other) }),
            var layer = source.unlimited, layer.operands[IntegerFinishFields.bias] == nil, let vector = try layer.columns(&rewriter, bias),
            try rewriter.resultType(node).shape == rewriter.shape(layer.result)
        else { return nil }
        layer.operands[IntegerFinishFields.bias] = vector
        return [try layer.rebuilt(&rewriter, name: node.name)]
    case let op as Unary where op.function == .relu:
        guard var layer = node.operands[0].flatMap({ Layer(rewriter, $0) })?.unlimited else { return nil }
        layer.finish.min = 0
        return [try layer.rebuilt(&rewriter, name: node.name)]
    case let op as Clip:
        guard var layer = node.operands[0].flatMap({ Layer(rewriter, $0) })?.unlimited, op.min ?? 0 <= op.max ?? .infinity else {
            return nil
        }
        (layer.finish.min, layer.finish.max) = (op.min, op.max)
        return [try layer.rebuilt(&rewriter, name: node.name)]
    case let op as QuantizeLinear:
        if let sum = Addition(rewriter, node) { return [try sum.quantized(&rewriter, node, op)] }
        guard op.blockSize == 0, op.to == .uint8 || op.to == .int8, var layer = node.operands[0].flatMap({ Layer(rewriter, $0) }),
            layer.finish.to == .float32, layer.unlimited != nil || layer.isAlwaysNumber(rewriter),
            let step = rewriter.scalar(node.operands[1]), step > 0, layer.keepsNumbers(rewriter, dividedBy: step),
            let zero = node.operands.count > 2 ? node.operands[2].map({ rewriter.scalar($0) }) ?? 0 : 0
        else { return nil }
        let divisor = rewriter.constant(try Tensor(filling: step, type: .float32, shape: []))
        for index in [IntegerFinishFields.scale, IntegerFinishFields.bias] {
            layer.operands[index] = try layer.operands[index].map { try rewriter.add1(Binary(.div), [$0, divisor]) }
        }
        (layer.finish.to, layer.finish.zeroPoint) = (op.to, Int(zero))
        (layer.finish.min, layer.finish.max) = (layer.finish.min.map { $0 / step }, layer.finish.max.map { $0 / step })
        return [try layer.rebuilt(&rewriter, name: node.name)]
    default: return nil
    }
}

/// A layer of integers whose result nobody else reads.
private struct Layer {
    var op: any Operator
    var operands: [Value?]
    let result: Value
    /// The dimension of the result that columns lie along.
    let axis: Int
    var finish: IntegerFinish

    /// - Parameters:
    ///   - castToFloat: whether the value is the layer's sums in f32.
    ///   - types: what the layer's results may be where it is not.
    init?(_ rewriter: Rewriter, _ value: Value, castToFloat: Bool = false, of types: [ElementType] = [.float32]) {
        var value = value
        guard rewriter.useCount(value) == 1 else { return nil }
        if castToFloat {
            guard let (cast, node) = rewriter.produced(value, by: Cast.self), cast.to == .float32, let source = node.operands[0],
                rewriter.useCount(source) == 1
            else { return nil }
            value = source
        }
        guard let node = rewriter.producer(of: value) else { return nil }
        let rank = rewriter.shape(value).count
        switch node.op {
        case let product as IntegerProduct: (finish, axis) = (product.finish, rank - 1)
        case let conv as IntegerConv: (finish, axis) = (conv.finish, conv.channelsLast ? rank - 1 : 1)
        default: return nil
        }
        guard (castToFloat ? [.int32] : types).contains(finish.to) else { return nil }
        (op, result) = (node.op, value)
        operands = node.operands + [Value?](repeating: nil, count: max(0, IntegerFinishFields.secondBias + 1 - node.operands.count))
    }

    /// What is added before it is quantized by `step`: a layer's result in floats, or one that was quantized and dequantized.
    init?(summand value: Value, _ rewriter: Rewriter, step: Double) {
        let dequantized = rewriter.solelyUsed(value, as: DequantizeLinear.self)
        if let (dequantize, node) = dequantized {
            guard dequantize.blockSize == 0, let grain = Grain(rewriter, node), let source = node.operands[0] else { return nil }
            self.init(rewriter, source, of: [.uint8, .int8])
            guard [IntegerFinishFields.addend, IntegerFinishFields.secondBias].allSatisfy({ operands[$0] == nil }),
                Int(grain.zero) == finish.zeroPoint
            else { return nil }
            let least = (finish.to == .int8 ? -128 : 0) - grain.zero, most = least + 255
            func limited(_ limit: Double) -> Double { min(max(limit.rounded(.toNearestOrEven), least), most) }
            finish.addition.min = limited(finish.min ?? least)
            finish.addition.max = limited(finish.max ?? most)
            (finish.addition.rounds, finish.addition.ownScale) = (true, grain.scale / step)
        } else {
            self.init(rewriter, value)
            guard isAlwaysNumber(rewriter) else { return nil }
            (finish.addition.min, finish.addition.max) = (finish.min, finish.max)
            finish.addition.ownScale = 1 / step
        }
        // The kernel of single channels adds nothing.
        if let conv = op as? IntegerConv, let weights = operands[1],
            IntegerConvolutionKernel.isDepthwise(rewriter.shape(weights), groups: conv.conv.group)
        {
            return nil
        }
    }

    /// Whether no result can be NaN, which is the least of 8 bits where it is quantized, whatever the limits.
    func isAlwaysNumber(_ rewriter: Rewriter) -> Bool { factors(rewriter, \.isFinite, unknown: false) }

    /// Whether f32 has a number for every scale and bias divided by `step` that is one itself: an infinite scale makes NaN of a sum
    /// of 0. What only a run knows may be as large as f32 has numbers.
    func keepsNumbers(_ rewriter: Rewriter, dividedBy step: Double) -> Bool {
        factors(rewriter, { !$0.isFinite || Float($0 / step).isFinite }, unknown: step >= 1)
    }

    /// Whether this holds for every scale and bias, or for those that only a run knows.
    private func factors(_ rewriter: Rewriter, _ holds: (Double) -> Bool, unknown: Bool) -> Bool {
        [IntegerFinishFields.scale, IntegerFinishFields.bias].compactMap { operands[$0] }.allSatisfy { value in
            (try? rewriter.fact(value).constant?.doubles())?.allSatisfy(holds) ?? unknown
        }
    }

    /// The layer where its results are not limited yet.
    var unlimited: Layer? { finish.min == nil && finish.max == nil ? self : nil }

    /// A value that is the same along all dimensions but the columns, as `[columns]` or a scalar; nil where it is not.
    func columns(_ rewriter: inout Rewriter, _ value: Value) throws -> Value? {
        guard let target = columnShape(rewriter, value) else { return nil }
        return target == rewriter.shape(value) ? value : try rewriter.add1(Reshape(shape: target), [value])
    }

    /// The shape of such a value: `[columns]` or a scalar's.
    func columnShape(_ rewriter: Rewriter, _ value: Value) -> Shape? {
        let (shape, whole) = (rewriter.shape(value), rewriter.shape(result))
        guard rewriter.fact(value).element == .float32, shape.count <= whole.count else { return nil }
        let missing = whole.count - shape.count
        for (index, extent) in shape.enumerated() where extent.constant != 1 && (index + missing != axis || extent != whole[axis]) {
            return nil
        }
        return shape.allSatisfy { $0.constant == 1 } ? [] : [whole[axis]]
    }

    func rebuilt(_ rewriter: inout Rewriter, name: String) throws -> Value {
        var operands = operands
        while let last = operands.last, last == nil { operands.removeLast() }
        switch op {
        case var product as IntegerProduct:
            product.finish = finish
            return try rewriter.add1(product, operands, name: name)
        case var conv as IntegerConv:
            conv.finish = finish
            return try rewriter.add1(conv, operands, name: name)
        default: throw DLCError("\(op.name) is no layer of integers")
        }
    }
}

/// A layer of integers, an addend of 8 bits or of columns, and what is quantized of their sum.
private struct Addition {
    private var layer: Layer
    private let addend: Value
    private let isOfColumns: Bool
    private let step: Double
    private let zero: Double
    /// Limits of the sum.
    private var limits: (min: Double?, max: Double?) = (nil, nil)

    /// - Parameter node: a quantization of the sum, or of the sum within limits.
    init?(_ rewriter: Rewriter, _ node: Node) {
        guard let op = node.op as? QuantizeLinear, op.blockSize == 0, op.to == .uint8 || op.to == .int8,
            let grain = Grain(rewriter, node), var value = node.operands[0]
        else { return nil }
        (step, zero) = (grain.scale, grain.zero)
        if let (op, limit) = rewriter.solelyUsed(value, as: Unary.self), op.function == .relu, let source = limit.operands[0] {
            (limits.min, value) = (0, source)
        } else if let (op, limit) = rewriter.solelyUsed(value, as: Clip.self), op.min ?? 0 <= op.max ?? .infinity,
            let source = limit.operands[0]
        {
            (limits, value) = ((op.min, op.max), source)
        }
        guard let (add, sum) = rewriter.solelyUsed(value, as: Binary.self), add.function == .add else { return nil }
        for (own, other) in [(0, 1), (1, 0)] {
            guard let left = sum.operands[own], let right = sum.operands[other],
                var layer = Layer(summand: left, rewriter, step: grain.scale), rewriter.shape(layer.result) == rewriter.shape(value),
                // 0 times what f32 has no number for is none.
                Float(255 * layer.finish.addition.ownScale).isFinite
            else { continue }
            if let (dequantize, source) = rewriter.produced(right, by: DequantizeLinear.self), dequantize.blockSize == 0,
                let addend = source.operands[0], [.uint8, .int8].contains(rewriter.fact(addend).element),
                let scale = Grain(rewriter, source), rewriter.shape(addend) == rewriter.shape(value),
                Float(255 * scale.scale / grain.scale).isFinite
            {
                (layer.finish.addition.scale, layer.finish.addition.zeroPoint) = (scale.scale / grain.scale, Int(scale.zero))
                (self.layer, self.addend, isOfColumns) = (layer, addend, false)
                return
            }
            if let shape = layer.columnShape(rewriter, right), !shape.isEmpty,
                let biases = try? rewriter.fact(right).constant?.doubles(), biases.allSatisfy({ Float($0 / grain.scale).isFinite })
            {
                (self.layer, addend, isOfColumns) = (layer, right, true)
                return
            }
        }
        return nil
    }

    func quantized(_ rewriter: inout Rewriter, _ node: Node, _ op: QuantizeLinear) throws -> Value {
        var layer = layer
        if isOfColumns {
            let divisor = rewriter.constant(try Tensor(filling: step, type: .float32, shape: []))
            let bias = try layer.columns(&rewriter, addend)
            layer.operands[IntegerFinishFields.secondBias] = try bias.map { try rewriter.add1(Binary(.div), [$0, divisor]) }
        } else {
            layer.operands[IntegerFinishFields.addend] = addend
        }
        (layer.finish.to, layer.finish.zeroPoint) = (op.to, Int(zero))
        (layer.finish.min, layer.finish.max) = (limits.min.map { $0 / step }, limits.max.map { $0 / step })
        return try layer.rebuilt(&rewriter, name: node.name)
    }
}
