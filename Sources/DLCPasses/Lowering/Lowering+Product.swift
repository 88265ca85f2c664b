import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

extension Lowering {
    /// A matrix product; a constant matrix on the right is packed for the kernel.
    mutating func lower(_ op: FusedMatMul, _ node: Node) throws {
        guard let a = node.operands[0], let b = node.operands[1] else { throw DLCError("an operand is missing") }
        let type = graph.type(a).element
        let isScaled = node.operands.count > FusedMatMul.scalePosition && node.operands[FusedMatMul.scalePosition] != nil
        if isScaled, type != .float32 { throw DLCError("has no kernel for scaled columns of \(type)") }
        let scaling = try isScaled ? node.operands.dropFirst(FusedMatMul.scalePosition).map { try $0.map { try contiguous($0) } } : []
        let rounded = roundedPacking(op, node)
        let left = try scaling.isEmpty && rounded == nil ? innerOrRowContiguous(a) : innerContiguous(a)
        var transB = op.transB
        let shape = graph.shape(b)
        let k = shape[shape.count - (transB ? 1 : 2)]
        let result = try destination(node.results[0])
        let operands = try epilogueOperands(node)
        var right: Plan.Operand
        var packing = ProductPacking.none
        if let compact = compactProducts[node.results[0].index] {
            (right, packing) = compact
            transB = false
        } else if constantMatrix(node) != nil {
            let isOneProduct =
                try !op.transA && scaling.isEmpty && left.isContiguous() && result.isContiguous()
                && operands.residual?.isContiguous() != false
            let isStrassen = isOneProduct && algorithms[node.results[0].index] == DLC_CONV_STRASSEN
            packing = rounded ?? (isStrassen ? .strassen : .panels)
            right = try packed(b, PackKernel(packing.form), for: node) { $0.asMatrix(isTransposed: op.transB) }
            transB = false
        } else {
            right = try innerOrRowContiguous(b)
        }
        let work = try graph.shape(node.results[0]).product().times(k).times(2)
        let kernel = try ProductKernel {
            ($0.transposedA, $0.transposedB) = (op.transA, transB)
            $0.packing = packing
            $0.reluA = op.reluA
            $0.scale = op.scale
            $0.epilogue = try epilogue(op)
        }
        emit(
            kernel, node, summary: summary(scalingSummary(op, scaling) + "matmul", op, operands),
            operands: [left, right, operands.bias, operands.residual, operands.slope] + scaling, results: [result], operations: work)
    }

    private func scalingSummary(_ op: FusedMatMul, _ scaling: [Plan.Operand?]) -> String {
        (scaling.isEmpty ? "" : scaling.count > 1 ? "mul + add + " : "mul + ") + (op.reluA ? "relu + " : "")
    }

    /// How a product with a constant matrix multiplies in bfloat16, if it does: `chooseAlgorithms` has settled it, but for products
    /// whose rows are no one matrix or of an open extent.
    private func roundedPacking(_ op: FusedMatMul, _ node: Node) -> ProductPacking? {
        let result = node.results[0].index
        guard !op.transA, compactProducts[result] == nil, let matrix = constantMatrix(node), matrix.type == .float32 else { return nil }
        if let algorithm = algorithms[result] { return algorithm == DLC_CONV_PAIRS ? .pairs : algorithm == DLC_CONV_SPLIT ? .split : nil }
        if options.arithmetic == .bfloat16 { return options.describeProcessor().pairs ? .pairs : nil }
        // Tiles have 32 columns and steps of 32 products.
        return splitsProducts && matrix.shape.suffix(2).allSatisfy { $0 >= 32 } ? .split : nil
    }

    /// The matrix as it lies where one of its last two dimensions has neighbours next to each other, else a copy.
    private mutating func innerOrRowContiguous(_ value: Value) throws -> Plan.Operand {
        let view = try view(value)
        let rank = view.shape.count
        let lies = view.strides[rank - 1] == 1 || view.shape[rank - 1] == 1 || view.strides[rank - 2] == 1 && view.shape[rank - 2] != 1
        return lies ? view : try contiguous(value)
    }
}
