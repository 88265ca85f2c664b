import DLCGraph
import DLCOps
import DLCRuntime

extension Lowering {
    /// A new contiguous place for a result: its place in a concatenation only where that has no gaps.
    /// `finish` copies it there where it has.
    mutating func contiguousDestination(_ value: Value) throws -> (target: Plan.Operand, place: Plan.Operand?) {
        let place = try destination(value)
        if try place.isContiguous() { return (place, nil) }
        return (try buffer(place.type, place.shape), place)
    }

    /// Emits a step whose kernel reads and writes without gaps.
    mutating func emitDense(
        _ kernel: KernelKind, _ node: Node, operands: [Value?], integers: [Dim] = [], numbers: [Double] = [],
        resultSlots: Int? = nil, operations: Dim = 0, sharing: [Int] = []
    ) throws {
        try emitDense(
            kernel, node, views: operands.map { try $0.map { try contiguous($0) } }, integers: integers, numbers: numbers,
            resultSlots: resultSlots, operations: operations, sharing: sharing)
    }

    /// Emits a step over contiguous operands whose kernel writes without gaps.
    private mutating func emitDense(
        _ kernel: KernelKind, _ node: Node, views inputs: [Plan.Operand?], integers: [Dim] = [], numbers: [Double] = [],
        resultSlots: Int? = nil, operations: Dim = 0, sharing: [Int] = []
    ) throws {
        var targets: [Plan.Operand?] = []
        var copies: [(from: Plan.Operand, to: Plan.Operand)] = []
        for (index, result) in node.results.enumerated() {
            guard index == 0 || useCounts[result.index] > 0 else {
                targets.append(nil)
                continue
            }
            let (target, place) = try contiguousDestination(result)
            targets.append(target)
            if let place { copies.append((target, place)) }
        }
        while let slots = resultSlots, targets.count < slots { targets.append(nil) }
        emit(kernel, node, operands: inputs, results: targets, integers: integers, numbers: numbers, operations: operations, sharing: sharing)
        for copy in copies { try emitCopy(from: copy.from, to: copy.to, name: node.name) }
    }

    /// The number of elements of a value, for counting operations.
    func elements(_ value: Value) throws -> Dim { try graph.shape(value).product() }

    mutating func lower(_ op: Softmax, _ node: Node) throws {
        let x = try operand(node, 0)
        let kind: Dim = switch op.kind { case .softmax: 0; case .logSoftmax: 1; case .hardmax: 2 }
        let axis = try InferenceRules.axis(op.axis, rank: graph.shape(x).count)
        try emitDense(.softmax, node, operands: [x], integers: [kind, Dim(axis)], operations: try elements(x).times(5), sharing: [0])
    }

    mutating func lower(_ op: Reduce, _ node: Node) throws {
        let x = try operand(node, 0)
        let rank = graph.shape(x).count
        let axes = op.axes.isEmpty ? Array(0..<rank) : try InferenceRules.axes(op.axes, rank: rank)
        let kinds: [ReduceKind] = [.sum, .mean, .max, .min, .prod, .l1, .l2, .sumSquare, .logSum, .logSumExp]
        let kind = kinds.firstIndex(of: op.kind) ?? 0
        let (target, place) = try contiguousDestination(node.results[0])
        emit(
            .reduce, node, operands: [try view(x)], results: [target],
            integers: [Dim(kind)] + (0..<rank).map { axes.contains($0) ? 1 : 0 }, operations: try elements(x))
        if let place { try emitCopy(from: target, to: place, name: node.name) }
    }

    mutating func lower(_ op: LayerNormalization, _ node: Node) throws {
        let x = try operand(node, 0)
        let rank = graph.shape(x).count
        let axis = try InferenceRules.axis(op.axis, rank: rank)
        let normalized = Shape(graph.shape(x)[axis...])
        let parameters = try (1..<3).map { index in
            try index < node.operands.count ? node.operands[index].map { try covering(normalized, $0) } : nil
        }
        let statistics = node.results.dropFirst().filter { useCounts[$0.index] > 0 }
        if graph.type(x).element == .float64, !statistics.isEmpty { throw DLCError("has no kernel for the statistics of f64") }
        try emitDense(
            .norm, node, views: [contiguous(x)] + parameters + [nil], integers: [0, Dim(axis)], numbers: [op.epsilon], resultSlots: 4,
            operations: try elements(x).times(8), sharing: [0])
    }

    mutating func lower(_ op: RMSNormalization, _ node: Node) throws {
        let x = try operand(node, 0)
        let axis = try InferenceRules.axis(op.axis, rank: graph.shape(x).count)
        let scale = try covering(Shape(graph.shape(x)[axis...]), operand(node, 1))
        try emitDense(
            .norm, node, views: [contiguous(x), scale, nil, nil], integers: [1, Dim(axis)], numbers: [op.epsilon], resultSlots: 4,
            operations: try elements(x).times(6), sharing: [0])
    }

    /// A scale or bias with an element for each of the normalised ones, repeated where it has one for several.
    private mutating func covering(_ normalized: Shape, _ parameter: Value) throws -> Plan.Operand {
        var view = try view(parameter)
        while view.shape.count > normalized.count {
            guard view.shape.removeFirst() == 1 else { throw DLCError("scale and bias must cover the normalised dimensions") }
            view.strides.removeFirst()
        }
        if view.shape == normalized, try view.isContiguous() { return view }
        return try copied(view.broadcast(to: normalized), name: graph.name(of: parameter) ?? "")
    }

    mutating func lower(_ op: LRN, _ node: Node) throws {
        let x = try operand(node, 0)
        try emitDense(
            .lrn, node, operands: [x], integers: [Dim(op.size), op.channelsLast ? 1 : 0], numbers: [op.alpha, op.beta, op.bias],
            operations: try elements(x).times(Dim(2 * op.size + 4)))
    }

    mutating func lower(_ op: Fill, _ node: Node) throws {
        let (target, place) = try contiguousDestination(node.results[0])
        let bits = op.value.withUnsafeBytes { bytes in bytes.enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) } }
        emit(.fill, node, operands: [], results: [target], integers: [Dim(Int(Int64(bitPattern: bits)))])
        if let place { try emitCopy(from: target, to: place, name: node.name) }
    }

    mutating func lower(_ op: Pad, _ node: Node) throws {
        let mode: Dim = switch op.mode { case .constant: 0; case .edge: 1; case .reflect: 2; case .wrap: 3 }
        try emitDense(.pad, node, operands: [try operand(node, 0), node.operands.count > 1 ? node.operands[1] : nil], integers: [mode] + op.pads)
    }

    /// A tensor whose elements are known as expressions.
    mutating func lowerSizes(_ node: Node) throws {
        guard let content = graph.fact(node.results[0]).content else { throw DLCError("has no kernel for \(operandTypes(node))") }
        try emitDense(.sizes, node, operands: [], integers: content)
    }

    /// Repeats along dimensions: a broadcast view copied into a result with every dimension split in two.
    mutating func lower(_ op: Tile, _ node: Node) throws {
        let x = try view(operand(node, 0))
        let repeats = op.repeats
        let result = try destination(node.results[0])
        var (source, target) = (x, result)
        (source.shape, source.strides, target.shape, target.strides) = ([], [], [], [])
        for axis in x.shape.indices {
            source.shape += [repeats[axis], x.shape[axis]]
            source.strides += [0, x.strides[axis]]
            target.strides += [try x.shape[axis].times(result.strides[axis]), result.strides[axis]]
        }
        target.shape = source.shape
        try emitCopy(from: source, to: target, name: node.name)
    }

    /// The kernel writes values and indices both, whether or not somebody reads them.
    mutating func lowerTopK(_ op: TopK, _ node: Node, axis: Int) throws {
        let results = try node.results.map { value in
            useCounts[value.index] > 0 ? try contiguousDestination(value) : (target: try buffer(graph.type(value).element, graph.shape(value)), place: nil)
        }
        emit(
            .topK, node, operands: [try contiguous(operand(node, 0))], results: results.map(\.target),
            integers: [Dim(axis), op.k, op.largest ? 1 : 0])
        for (target, place) in results { if let place { try emitCopy(from: target, to: place, name: node.name) } }
    }

    /// Attention reads heads and rows at any stride, so head-splitting transposes cost nothing.
    mutating func lower(_ op: Attention, _ node: Node) throws {
        let order = op.headsInner ? [0, 2, 1, 3] : [0, 1, 2, 3]
        let parts = try (0..<3).map { try innerContiguous(operand(node, $0)).transposed(order) }
        let (target, place) = try contiguousDestination(node.results[0])
        let rows = target.transposed(order)
        let scores: Shape = [parts[0].shape[0], parts[0].shape[1], parts[0].shape[2], parts[1].shape[2]]
        var mask: Plan.Operand?
        if node.operands.count > 3, let value = node.operands[3] { mask = try view(value).broadcast(to: scores) }
        let work = try scores.product().times(parts[0].shape[3].plus(parts[2].shape[3])).times(2)
        emit(
            .attention, node, operands: parts + [mask], results: [rows], integers: [op.causal ? 1 : 0, op.emptyRowsAreNaN ? 1 : 0], numbers: [op.scale],
            operations: work)
        if let place { try emitCopy(from: target, to: place, name: node.name) }
    }

    mutating func lower(_ op: Resize, _ node: Node) throws {
        let rank = graph.shape(try operand(node, 0)).count
        let mode: Dim = switch op.mode { case .nearest: 0; case .linear: 1; case .cubic: 2 }
        let coordinates: Dim =
            switch op.coordinates {
            case .halfPixel: 0
            case .halfPixelSymmetric: 1
            case .pytorchHalfPixel: 2
            case .alignCorners: 3
            case .asymmetric: 4
            case .cropAndResize: 5
            case .halfPixelForNearest: 6
            }
        let rounding: Dim = switch op.rounding { case .preferFloor: 0; case .preferCeil: 1; case .floor: 2; case .ceil: 3 }
        let scales = op.scales.count == rank ? op.scales : [Double](repeating: 0, count: rank)
        let region = op.roi.count == 2 * rank ? op.roi : [Double](repeating: 0, count: rank) + [Double](repeating: 1, count: rank)
        try emitDense(
            .resize, node, operands: [node.operands[0]],
            integers: [mode, coordinates, rounding, op.excludesOutside ? 1 : 0, op.antialias ? 1 : 0],
            numbers: [op.cubicCoefficient, op.extrapolation] + scales + region, operations: try elements(node.results[0]).times(4))
    }
}
