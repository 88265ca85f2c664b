import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

extension Lowering {
    /// Chooses how a node is computed. One line per operator or family.
    mutating func lower(_ node: Node) throws {
        switch node.op {
        case let op as Reshape: try lowerReshape(op, node)
        case let op as Transpose: try alias(node.results[0], to: try view(operand(node, 0)).transposed(op.perm))
        case let op as Slice:
            try alias(node.results[0], to: try view(operand(node, 0)).sliced(starts: op.starts, sizes: op.sizes, steps: op.steps))
        case let op as BitCast:
            var source = try view(operand(node, 0))
            source.type = op.to
            try alias(node.results[0], to: source)
        case is Expand:
            try alias(node.results[0], to: try view(operand(node, 0)).broadcast(to: graph.shape(node.results[0])))
        case is Concat: try lowerConcat(node)
        case let op as ElementwiseRegion: try lowerRegion(op, node)
        case let op as FusedConv: try lower(op, node)
        case let op as Conv: try lower(op, node)
        case let op as FusedConvTranspose: try lower(op, node)
        case let op as ConvTranspose: try lower(op, node)
        case let op as ConvWeightGradient: try lower(op, node)
        case let op as ColumnsToImage:
            let window = Window(kernel: op.kernel, strides: op.strides, dilations: op.dilations, pads: op.pads)
            try emitDense(ColumnsKernel { $0.window = window }, node, operands: node.operands, operations: elements(operand(node, 0)))
        case let op as FusedMatMul: try lower(op, node)
        case let op as IntegerProduct: try lower(op, node)
        case let op as IntegerConv: try lower(op, node)
        case let op as Pool: try lower(op, node)
        case let op as Softmax: try lower(op, node)
        case let op as Reduce: try lower(op, node)
        case let op as LayerNormalization: try lower(op, node)
        case let op as LRN: try lower(op, node)
        case let op as Fill: try lower(op, node)
        case let op as Pad: try lower(op, node)
        case let op as Tile: try lower(op, node)
        case let op as Recurrent: try lower(op, node)
        case let op as RecurrentGradient: try lower(op, node)
        case let op as Gather:
            let axis = try axis(op.axis, of: operand(node, 0))
            try emitDense(GatherKernel { $0.axis = axis }, node, operands: node.operands)
        case let op as GatherGradient:
            let axis = try axis(op.axis, of: node.results[0])
            try emitDense(GatherGradientKernel { $0.axis = axis }, node, operands: node.operands)
        case let op as MaxPoolGradient: try lower(op, node)
        case let op as MaxPoolSelect: try lower(op, node)
        case let op as AveragePoolGradient: try lower(op, node)
        case let op as GatherElements:
            let axis = try axis(op.axis, of: operand(node, 0))
            try emitDense(GatherElementsKernel { $0.axis = axis }, node, operands: node.operands)
        case let op as GatherND: try emitDense(GatherNDKernel { $0.batchDimensions = op.batchDims }, node, operands: node.operands)
        case is Extents, is ShapeOf, is Size: try lowerSizes(node)
        case let op as Attention: try lower(op, node)
        case let op as AttentionGradient: try lower(op, node)
        case let op as Resize: try lower(op, node)
        case let op as ResizeGradient: try lower(op, node)
        case let op as RMSNormalization: try lower(op, node)
        case let op as GroupNormalization: try lower(op, node)
        case let op as LpNormalization: try lower(op, node)
        case let op as TopK: try lower(op, node)
        case let op as ArgReduce: try lower(op, node)
        case let op as CumSum: try lower(op, node)
        case let op as Trilu: try lower(op, node)
        case is Determinant: try emitDense(DeterminantKernel(), node, operands: node.operands)
        case is Inverse: try emitDense(InverseKernel(), node, operands: node.operands)
        case let op as OneHot:
            let axis = try axis(op.axis, of: node.results[0])
            try emitDense(OneHotKernel { $0.axis = axis }, node, operands: node.operands)
        case let op as Random:
            let distribution = try dlc_random_distribution(named: op.distribution.rawValue)
            try emitDense(RandomKernel { ($0.distribution, $0.stream) = (distribution, op.stream) }, node, operands: node.operands)
        case is RangeOf: try emitDense(RangeKernel(), node, operands: [node.operands[0], node.operands[2]])
        case let op as ScatterElements: try lower(op, node)
        case let op as NonMaxSuppression: try lower(op, node)
        case let op as NarrowCast:
            let kernel = NarrowKernel { ($0.saturate, $0.rounding) = (op.saturate, op.rounding.kernelRounding) }
            try emitDense(kernel, node, operands: node.operands)
        case let op as TreeEnsemble: try lower(op, node)
        case is PairwiseCoupling: try emitDense(CouplingKernel(), node, operands: node.operands)
        case is SquaredDistances: try emitDense(DistancesKernel(), node, operands: node.operands)
        case is Find: try emitDense(FindKernel(), node, operands: node.operands)
        case let op as RegionAlign: try lower(op, node)
        case let op as RegionPool: try lower(op, node)
        case let op as RegionAlignGradient: try lower(op, node)
        case let op as RegionPoolGradient: try lower(op, node)
        case let op as ScatterND:
            let reduction = try dlc_reduction(named: op.reduction.rawValue)
            try emitDense(ScatterNDKernel { $0.reduction = reduction }, node, operands: node.operands)
        default: throw DLCError("has no kernel for \(operandTypes(node))")
        }
    }

    /// Whether the operator's kernel can write a result whose rows lie apart, as parts of a concatenation do.
    static func writesAnywhere(_ op: any Operator) -> Bool {
        switch op {
        case is FusedConv, is Conv, is FusedConvTranspose, is ConvTranspose, is FusedMatMul, is IntegerProduct, is IntegerConv, is Pool,
            is ElementwiseRegion, is Concat, is AttentionGradient:
            true
        default: false
        }
    }

    /// Whether the operator's kernel writes pixels at one distance, so that a part of a concatenation along an axis of the
    /// image may need a copy.
    static func writesPixels(_ op: (any Operator)?) -> Bool {
        op is FusedConv || op is Conv || op is IntegerConv || op is FusedConvTranspose || op is ConvTranspose || op is Pool
    }

    func operand(_ node: Node, _ index: Int) throws -> Value {
        guard index < node.operands.count, let value = node.operands[index] else { throw DLCError("operand \(index) is missing") }
        return value
    }

    func operandTypes(_ node: Node) -> String {
        node.operands.map { $0.map { graph.type($0).description } ?? "_" }.joined(separator: ", ")
    }

    /// An axis counted from the front.
    func axis(_ axis: Int, of value: Value) throws -> Int { try InferenceRules.axis(axis, rank: graph.shape(value).count) }

    private mutating func lowerReshape(_ op: Reshape, _ node: Node) throws {
        let value = try operand(node, 0)
        let source = try view(value)
        if let view = try source.reshaped(op.shape) { return try alias(node.results[0], to: view) }
        guard let view = try contiguous(value).reshaped(op.shape) else { throw DLCError("cannot reshape") }
        try alias(node.results[0], to: view)
    }

    private mutating func lowerConcat(_ node: Node) throws {
        guard let op = node.op as? Concat else { return }
        let result = try destination(node.results[0])
        let axis = try InferenceRules.axis(op.axis, rank: result.shape.count)
        var part = result
        for (position, operand) in node.operands.enumerated() {
            guard let operand else { continue }
            part.shape = graph.shape(operand)
            if !isPlaced(operand, in: node, at: position), part.shape[axis].constant != 0 {
                try emitCopy(from: try view(operand), to: part, name: graph.name(of: operand) ?? node.name)
            }
            part.offset = try part.offset.plus(part.shape[axis].times(result.strides[axis]))
        }
    }

    private mutating func lowerRegion(_ op: ElementwiseRegion, _ node: Node) throws {
        let types = try node.operands.indices.map { try graph.type(operand(node, $0)) }
        let fits = zip(op.body.inputs, types).allSatisfy { op.body.type($0.value).element == $1.element }
        let body = try fits ? op.body : op.bound(to: types)
        let program = try ElementwiseProgram(body)
        let isSum = body.outputs.map { body.producer(of: $0.value)?.op is Reduce }
        // Operands and results have one shape, but for sums and what is broadcast.
        let shape =
            try isSum.firstIndex(of: false).map { graph.shape(node.results[$0]) }
            ?? body.producer(of: body.outputs[0].value).map { body.shape(try operand($0, 0)) } ?? []
        let operands = try node.operands.indices.map { try view(operand(node, $0)).broadcast(to: shape) }
        var copies: [(from: Plan.Operand, to: Plan.Operand)] = []
        let results = try zip(node.results, isSum).map { result, isSum in
            guard isSum else { return try destination(result) }
            let (target, place) = try contiguousDestination(result)
            if let place { copies.append((target, place)) }
            return target
        }
        let summary = op.body.nodes.filter { !($0.op is Constant) }.map { $0.op is Reduce ? "sum" : $0.op.name }.joined(separator: " + ")
        emit(
            ProgramKernel { $0.instructions = program.instructions }, node, summary: summary, operands: operands, results: results,
            operations: try shape.product().times(Dim(op.body.nodes.count)))
        for copy in copies { try emitCopy(from: copy.from, to: copy.to, name: node.name) }
    }
}
