import DLCGraph

/// What pooling computes of a window.
public enum PoolKind: String, Sendable, CaseIterable {
    case max, average, lp
}

/// Pooling over windows (ONNX MaxPool, AveragePool, LpPool) of x `[N, C, spatial…]`, `[N, spatial…, C]` with `channelsLast`.
///
/// Max pooling has a second result: the flat index of each maximum in the `[N, C, spatial…]` tensor.
public struct Pool: Operator {
    public let kind: PoolKind
    public var kernel: [Int] = []
    public var strides: [Int] = []
    public var dilations: [Int] = []
    /// In front of each spatial dimension, then behind each.
    public var pads: [Dim] = []
    /// Whether a last window may hang over the end.
    public var ceilMode = false
    /// Whether an average counts padding, clipped to the padded input.
    public var countIncludePad = false
    /// 1 counts indices column by column.
    public var storageOrder = 0
    public var p = 2
    public var channelsLast = false

    public init(_ kind: PoolKind, kernel: [Int] = [], strides: [Int]? = nil, pads: [Dim]? = nil) {
        self.kind = kind
        self.kernel = kernel
        self.strides = strides ?? kernel.map { _ in 1 }
        dilations = kernel.map { _ in 1 }
        self.pads = pads ?? (kernel + kernel).map { _ in 0 }
    }

    public var definition: OperatorDefinition { Self.definitions[kind] ?? Self.max }

    static let table: [OperatorDefinition] = PoolKind.allCases.compactMap { definitions[$0] }
    private static let max = define(.max)
    private static let definitions: [PoolKind: OperatorDefinition] = [.max: max, .average: define(.average), .lp: define(.lp)]

    private static func define(_ kind: PoolKind) -> OperatorDefinition {
        let onnx = switch kind { case .max: "MaxPool"; case .average: "AveragePool"; case .lp: "LpPool" }
        return OperatorDefinition(
            Pool(kind), name: "\(kind.rawValue)_pool", operands: ["x"], results: kind == .max ? ["y", "indices?"] : ["y"],
            onnx: [ONNXMapping(onnx, read: { try read(kind, &$0) }, write: { try write(onnx, &$0) })],
            examples: { try examples(kind) }
        ) {
            Attribute("kernel", \.kernel)
            Attribute("strides", \.strides)
            Attribute("dilations", \.dilations)
            Attribute("pads", \.pads)
            Attribute("ceil_mode", \.ceilMode)
            Attribute("count_include_pad", \.countIncludePad)
            Attribute("storage_order", \.storageOrder)
            Attribute("p", \.p)
            Attribute("channels_last", \.channelsLast)
        }
    }

    private static func examples(_ kind: PoolKind) throws -> [Example] {
        let x = try Tensor.random(seed: 1, shape: [2, 3, 7, 6])
        let numbers = try Tensor.random(seed: 4, shape: [1, 5, 12, 12]).array(of: Float.self)
        let holes = try Tensor(numbers.enumerated().map { $0 % 37 == 0 ? .nan : $0 % 53 == 0 ? -.infinity : $1 }, shape: [1, 5, 12, 12])
        var ceil = Pool(kind, kernel: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1])
        ceil.ceilMode = true
        ceil.countIncludePad = kind == .average
        var last = Pool(kind, kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1])
        last.channelsLast = true
        var dilated = Pool(kind, kernel: [2, 2])
        dilated.dilations = [2, 3]
        return [
            Example("2x2", Pool(kind, kernel: [2, 2], strides: [2, 2]), [x]),
            Example("ceiling", ceil, [x]),
            Example("channels last", last, [try .random(seed: 2, shape: [1, 9, 8, 5])]),
            Example("dilated", dilated, [x]),
            Example("NaN", Pool(kind, kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]), [holes], isDifferentiable: false),
            Example("NaN f64", Pool(kind, kernel: [2, 2]), [try holes.converted(to: .float64)], isDifferentiable: false),
            Example("1-D f64", Pool(kind, kernel: [3], pads: [1, 1]), [try .random(seed: 3, type: .float64, shape: [1, 2, 9])]),
        ]
    }

    private static func read(_ kind: PoolKind, _ reader: inout ONNXReader) throws -> [Value] {
        try reader.allowAttributes([
            "auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "p", "pads", "storage_order", "strides",
        ])
        let x = try reader.fact(0)
        guard x.rank >= 3 else { throw DLCError("x is \(x.type); expected at least one spatial dimension") }
        let windows = try Windows.read(reader, extents: Array(x.shape[2...]), kernel: nil, padsDilate: false)
        var op = Pool(kind, kernel: windows.kernel, strides: windows.strides, pads: windows.pads)
        op.dilations = windows.dilations
        op.ceilMode = try reader.attribute("ceil_mode") ?? false
        op.countIncludePad = try reader.attribute("count_include_pad") ?? false
        op.storageOrder = try reader.attribute("storage_order") ?? 0
        op.p = try reader.attribute("p") ?? 2
        return try reader.add(op, [reader.operand(0)])
    }

    private static func write(_ onnx: String, _ writer: inout ONNXWriter) throws {
        guard var op = writer.op as? Pool, let x = writer.operandFacts[0] else { return }
        let extents = x.spatial(channelsLast: op.channelsLast)
        // Rounding that changes no number of windows need not be said.
        let fits = try extents.indices.allSatisfy { axis in
            let padded = try extents[axis].plus(op.pads[axis]).plus(op.pads[axis + extents.count])
            return padded.isAtLeast(try op.windows.reach(axis))
        }
        if try fits && op.windows.counts(extents) == op.windows.counts(extents, ceilMode: true) { op.ceilMode = false }
        var attributes = try op.written(extents).attributes(extents, padsDilate: false)
        if op.dilations.allSatisfy({ $0 == 1 }) { attributes.removeAll { $0.name == "dilations" } }
        let (ceilSince, dilationsSince) = switch op.kind { case .max: (10, 10); case .average: (10, 19); case .lp: (18, 18) }
        if op.ceilMode {
            try writer.require(ceilSince, "\(onnx) with ceil_mode")
            attributes.append(("ceil_mode", .int(1)))
        }
        if op.countIncludePad { attributes.append(("count_include_pad", .int(1))) }
        if op.storageOrder != 0 { attributes.append(("storage_order", .int(op.storageOrder))) }
        if op.kind == .lp { attributes.append(("p", .int(op.p))) }
        if op.dilations.contains(where: { $0 != 1 }) { try writer.require(dilationsSince, "\(onnx) with dilations") }
        writer.image(onnx, channelsLast: op.channelsLast, attributes: attributes)
    }

    /// The windows with less padding behind where `ceil_mode` drops a window that starts there, which older readers of
    /// ONNX do not do: the windows that are left lie inside what padding is left.
    private func written(_ extents: [Dim]) throws -> Windows {
        var windows = windows
        guard ceilMode, let counts = try windows.counts(extents, ceilMode: true).constants, let extents = extents.constants,
            let pads = windows.pads.constants
        else { return windows }
        for axis in extents.indices {
            let (padded, back) = (extents[axis] + pads[axis], pads[axis + extents.count])
            let reach = try windows.reach(axis)
            let undropped = (padded + back - reach + strides[axis] - 1) / strides[axis] + 1
            if undropped > counts[axis] {
                // Where none is left, as much as a window that may hang over needs to fit.
                let used = counts[axis] > 0 ? (counts[axis] - 1) * strides[axis] + reach : reach - strides[axis] + 1
                windows.pads[axis + extents.count] = Dim(Swift.max(0, used - padded))
            }
        }
        return windows
    }

    private var windows: Windows { Windows(kernel: kernel, strides: strides, dilations: dilations, pads: pads) }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let allowed = kind == .max ? ElementType.floats + [.int8, .uint8] : ElementType.floats
        try context.expect(0, "x", allowed)
        let (x, batch, channels, spatial) = try context.image(0, channelsLast: channelsLast)
        try windows.check(spatial: spatial.count)
        try windows.requirePadding(&context)
        guard p >= 1 else { throw DLCError("p is \(p); expected at least 1") }
        guard storageOrder == 0 || storageOrder == 1 else { throw DLCError("storage_order is \(storageOrder); expected 0 or 1") }
        let shape = ImageIndex.shape(batch, channels, try windows.counts(spatial, ceilMode: ceilMode, &context), channelsLast: channelsLast)
        return kind == .max ? [Fact(x.element, shape), Fact(.int64, shape)] : [Fact(x.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let input = ImageIndex(x.shape, channelsLast: channelsLast)
        let extents = try Oracle.numbers(windows.counts(input.spatial.map { Dim($0) }, ceilMode: ceilMode), "shape")
        let pads = try Oracle.numbers(pads, "pads")
        let shape = ImageIndex.shape(x.shape[0], input.channels, extents, channelsLast: channelsLast)
        let output = ImageIndex(shape, channelsLast: channelsLast)
        let spatial = input.spatial
        let rank = spatial.count
        let values = try x.doubles()
        var result = [Double](repeating: 0, count: shape.reduce(1, *))
        var indices = [Int64](repeating: 0, count: kind == .max ? result.count : 0)
        let order = storageOrder == 0 ? Array(0..<rank) : Array((0..<rank).reversed())
        for n in 0..<x.shape[0] {
            for c in 0..<input.channels {
                Oracle.forEach(extents) { position in
                    var (sum, counted, best, bestAt) = (0.0, 0, -Double.infinity, [Int]())
                    Oracle.forEach(kernel) { k in
                        let source = (0..<rank).map { (axis: Int) -> Int in
                            let start = position[axis] * strides[axis] - pads[axis]
                            return start + k[axis] * dilations[axis]
                        }
                        if countIncludePad, (0..<rank).allSatisfy({ source[$0] < spatial[$0] + pads[$0 + rank] }) { counted += 1 }
                        guard (0..<rank).allSatisfy({ source[$0] >= 0 && source[$0] < spatial[$0] }) else { return }
                        if !countIncludePad { counted += 1 }
                        let value = values[input.offset(n, c, source)]
                        switch kind {
                        case .max:
                            if value > best || (value.isNaN && !best.isNaN) || bestAt.isEmpty { (best, bestAt) = (value, source) }
                        case .average: sum += value
                        case .lp: sum += Oracle.pow(abs(value), Double(p))
                        }
                    }
                    let at = output.offset(n, c, position)
                    switch kind {
                    case .max:
                        result[at] = bestAt.isEmpty ? lowest(x.type) : best
                        var flat = 0
                        for axis in order where !bestAt.isEmpty { flat = flat * spatial[axis] + bestAt[axis] }
                        indices[at] = Int64((n * input.channels + c) * spatial.reduce(1, *) + flat)
                    case .average: result[at] = counted > 0 ? sum / Double(counted) : 0
                    case .lp: result[at] = Oracle.pow(sum, 1 / Double(p))
                    }
                }
            }
        }
        let y = try Tensor(doubles: result, type: x.type, shape: shape)
        return kind == .max ? [y, try Tensor(indices, shape: shape)] : [y]
    }

    /// The maximum of a window outside of the image: the least number, as ONNX Runtime has it.
    private func lowest(_ type: ElementType) -> Double {
        type.integerRange?.lowerBound ?? (type == .float64 ? -Double.greatestFiniteMagnitude : -Double(Float.greatestFiniteMagnitude))
    }
}
