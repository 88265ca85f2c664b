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
        case is Expand:
            try alias(node.results[0], to: try view(operand(node, 0)).broadcast(to: graph.shape(node.results[0])))
        case is Concat: try lowerConcat(node)
        case let op as ElementwiseRegion: try lowerRegion(op, node)
        case let op as FusedConv: try lower(op, node)
        case let op as Conv: try lower(op, node)
        case let op as FusedConvTranspose: try lower(op, node)
        case let op as ConvTranspose: try lower(op, node)
        case let op as FusedMatMul: try lower(op, node)
        case let op as Pool: try lower(op, node)
        case let op as Softmax: try lower(op, node)
        case let op as Reduce: try lower(op, node)
        case let op as LayerNormalization: try lower(op, node)
        case let op as SkipLayerNorm: try lower(op, node)
        case let op as LRN: try lower(op, node)
        case let op as Fill: try lower(op, node)
        case let op as Pad: try lower(op, node)
        case let op as Tile: try lower(op, node)
        case let op as Recurrent: try lower(op, node)
        case let op as Gather:
            let axis = try InferenceRules.axis(op.axis, rank: graph.shape(operand(node, 0)).count)
            try emitDense(.gather, node, operands: node.operands, integers: [Dim(axis)])
        case let op as GatherElements:
            let axis = try InferenceRules.axis(op.axis, rank: graph.shape(operand(node, 0)).count)
            try emitDense(.gatherElements, node, operands: node.operands, integers: [Dim(axis)])
        case let op as GatherND: try emitDense(.gatherND, node, operands: node.operands, integers: [Dim(op.batchDims)])
        case is ShapeOf, is Size: try lowerSizes(node)
        default: throw DLCError("has no kernel for \(operandTypes(node))")
        }
    }

    /// Whether the operator's kernel can write a result whose rows lie apart, as parts of a concatenation do.
    static func writesAnywhere(_ op: any Operator) -> Bool {
        switch op {
        case is FusedConv, is Conv, is FusedConvTranspose, is ConvTranspose, is FusedMatMul, is Pool, is ElementwiseRegion, is Concat: true
        case is Reshape, is Transpose, is Slice, is Expand: false
        default: false
        }
    }

    func operand(_ node: Node, _ index: Int) throws -> Value {
        guard index < node.operands.count, let value = node.operands[index] else { throw DLCError("operand \(index) is missing") }
        return value
    }

    func operandTypes(_ node: Node) -> String {
        node.operands.map { $0.map { graph.type($0).description } ?? "_" }.joined(separator: ", ")
    }

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
        let program = try ElementwiseProgram(op.body)
        let shape = graph.shape(node.results[0])
        let operands = try node.operands.indices.map { try view(operand(node, $0)).broadcast(to: shape) }
        let result = try destination(node.results[0])
        let (integers, numbers) = program.encoded
        let summary = op.body.nodes.filter { !($0.op is Constant) }.map { $0.op.name }.joined(separator: " + ")
        emit(
            .program, node, summary: summary, operands: operands, results: [result], integers: integers, numbers: numbers,
            operations: try shape.product().times(Dim(op.body.nodes.count)), sharing: Array(operands.indices))
    }
}
