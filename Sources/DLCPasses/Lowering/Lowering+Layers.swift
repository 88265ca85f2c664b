import CKernels
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
        _ kernel: some Kernel, _ node: Node, operands: [Value?], operations: Dim = 0
    ) throws {
        try emitDense(kernel, node, views: operands.map { try $0.map { try contiguous($0) } }, operations: operations)
    }

    /// Emits a step over contiguous operands whose kernel writes without gaps.
    private mutating func emitDense(
        _ kernel: some Kernel, _ node: Node, views inputs: [Plan.Operand?], operations: Dim = 0
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
        emit(kernel, node, operands: inputs, results: targets, operations: operations)
        for copy in copies { try emitCopy(from: copy.from, to: copy.to, name: node.name) }
    }

    /// The number of elements of a value, for counting operations.
    func elements(_ value: Value) throws -> Dim { try graph.shape(value).product() }

    mutating func lower(_ op: Softmax, _ node: Node) throws {
        let x = try operand(node, 0)
        let kernel = try SoftmaxKernel {
            $0.kind = try dlc_softmax_kind(named: op.kind.rawValue)
            $0.axis = try InferenceRules.axis(op.axis, rank: graph.shape(x).count)
        }
        try emitDense(kernel, node, operands: [x], operations: try elements(x).times(5))
    }

    mutating func lower(_ op: Reduce, _ node: Node) throws {
        let x = try operand(node, 0)
        let rank = graph.shape(x).count
        let axes = op.axes.isEmpty ? Array(0..<rank) : try InferenceRules.axes(op.axes, rank: rank)
        let kernel = try ReduceKernel {
            $0.kind = try dlc_reduce_kind(named: op.kind.rawValue)
            $0.reduced = (0..<rank).map { axes.contains($0) }
        }
        let (target, place) = try contiguousDestination(node.results[0])
        emit(kernel, node, operands: [try view(x)], results: [target], operations: try elements(x))
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
        let kernel = NormKernel {
            $0.axis = axis
            $0.epsilon = op.epsilon
        }
        try emitDense(kernel, node, views: [contiguous(x)] + parameters, operations: try elements(x).times(8))
    }

    mutating func lower(_ op: RMSNormalization, _ node: Node) throws {
        let x = try operand(node, 0)
        let axis = try InferenceRules.axis(op.axis, rank: graph.shape(x).count)
        let scale = try covering(Shape(graph.shape(x)[axis...]), operand(node, 1))
        let kernel = NormKernel {
            $0.kind = DLC_NORM_RMS
            $0.axis = axis
            $0.epsilon = op.epsilon
        }
        try emitDense(kernel, node, views: [contiguous(x), scale], operations: try elements(x).times(6))
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
        let kernel = LRNKernel {
            $0.size = op.size
            $0.channelsLast = op.channelsLast
            $0.alpha = op.alpha
            $0.beta = op.beta
            $0.bias = op.bias
        }
        try emitDense(kernel, node, operands: [x], operations: try elements(x).times(Dim(op.size).times(2).plus(4)))
    }

    mutating func lower(_ op: Fill, _ node: Node) throws {
        if op.value.type == .string {
            // Its handle is another each time a model is loaded.
            return try alias(node.results[0], to: constant(op.value).broadcast(to: graph.shape(node.results[0])))
        }
        let (target, place) = try contiguousDestination(node.results[0])
        let bits = op.value.withUnsafeBytes { bytes in
            bytes.enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
        }
        emit(FillKernel { $0.bits = Int(Int64(bitPattern: bits)) }, node, operands: [], results: [target])
        if let place { try emitCopy(from: target, to: place, name: node.name) }
    }

    mutating func lower(_ op: Pad, _ node: Node) throws {
        let kernel = try PadKernel {
            $0.mode = try dlc_pad_mode(named: op.mode.rawValue)
            $0.before = Array(op.pads.prefix(op.pads.count / 2))
            $0.after = Array(op.pads.suffix(op.pads.count / 2))
        }
        try emitDense(kernel, node, operands: [try operand(node, 0), node.operands.count > 1 ? node.operands[1] : nil])
    }

    /// A tensor whose elements are known as expressions.
    mutating func lowerSizes(_ node: Node) throws {
        guard let content = graph.fact(node.results[0]).content else { throw DLCError("has no kernel for \(operandTypes(node))") }
        try emitDense(SizesKernel { $0.values = content }, node, operands: [])
    }

    /// Repeats along dimensions, or along one after the other where a copy has not dimensions enough.
    mutating func lower(_ op: Tile, _ node: Node) throws {
        let x = try operand(node, 0)
        let repeated = op.repeats.indices.filter { op.repeats[$0] != 1 }
        guard graph.shape(x).filter({ $0 != 1 }).count + repeated.count > Int(DLC_MAX_RANK) else {
            return try emitTile(of: view(x), to: destination(node.results[0]), op.repeats, name: node.name)
        }
        let (result, place) = try contiguousDestination(node.results[0])
        var source = try contiguous(x)
        // The last dimension first, so that what is copied again lies together.
        for axis in repeated.reversed() {
            var repeats = [Dim](repeating: 1, count: op.repeats.count)
            repeats[axis] = op.repeats[axis]
            let shape = Shape(try zip(source.shape, repeats).map { try $0.times($1) })
            let target = axis == repeated.first ? result : try buffer(graph.type(x).element, shape)
            try emitTile(of: source, to: target, repeats, name: node.name)
            source = target
        }
        if let place { try emitCopy(from: result, to: place, name: node.name) }
    }

    /// A broadcast view copied into a result with every dimension that is repeated split in two.
    private mutating func emitTile(of x: Plan.Operand, to result: Plan.Operand, _ repeats: some Collection<Dim>, name: String) throws {
        var (source, target) = (x, result)
        (source.shape, source.strides, target.shape, target.strides) = ([], [], [], [])
        for (axis, repeats) in repeats.enumerated() {
            source.shape += [repeats, x.shape[axis]]
            source.strides += [0, x.strides[axis]]
            target.strides += [try x.shape[axis].times(result.strides[axis]), result.strides[axis]]
        }
        target.shape = source.shape
        try emitCopy(from: source, to: target, name: name)
    }

    /// The kernel writes values and indices both, whether or not somebody reads them.
    mutating func lowerTopK(_ op: TopK, _ node: Node, axis: Int) throws {
        let results = try node.results.map { value in
            useCounts[value.index] > 0
                ? try contiguousDestination(value) : (target: try buffer(graph.type(value).element, graph.shape(value)), place: nil)
        }
        let kernel = TopKKernel {
            $0.axis = axis
            $0.k = op.k
            $0.largest = op.largest
        }
        emit(kernel, node, operands: [try contiguous(operand(node, 0))], results: results.map(\.target))
        for (target, place) in results { if let place { try emitCopy(from: target, to: place, name: node.name) } }
    }

    mutating func lower(_ op: Resize, _ node: Node) throws {
        let kernel = try resizeKernel(op, rank: graph.shape(operand(node, 0)).count)
        try emitDense(kernel, node, operands: [node.operands[0]], operations: try elements(node.results[0]).times(4))
    }

    mutating func lower(_ op: ResizeGradient, _ node: Node) throws {
        let dy = try operand(node, 0)
        let kernel = try resizeKernel(op.resize, rank: graph.shape(dy).count)
        try emitDense(ResizeGradientKernel { $0.resize = kernel }, node, operands: [dy], operations: try elements(dy).times(4))
    }

    private func resizeKernel(_ op: Resize, rank: Int) throws -> ResizeKernel {
        try ResizeKernel {
            $0.mode = try dlc_resize_mode(named: op.mode.rawValue)
            $0.coordinates = try dlc_resize_coordinates(named: op.coordinates.rawValue)
            $0.rounding = try dlc_resize_rounding(named: op.rounding.rawValue)
            $0.excludesOutside = op.excludesOutside
            $0.antialias = op.antialias
            $0.cubicCoefficient = op.cubicCoefficient
            $0.extrapolation = op.extrapolation
            if op.scales.count == rank { $0.scales = op.scales }
            ($0.box, $0.isOutside) = (op.box, op.aspect == .notSmaller)
            if op.roi.count == 2 * rank { ($0.start, $0.end) = (Array(op.roi.prefix(rank)), Array(op.roi.suffix(rank))) }
        }
    }
}
