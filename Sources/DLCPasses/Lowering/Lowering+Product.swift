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
        let left = try scaling.isEmpty ? innerOrRowContiguous(a) : innerContiguous(a)
        var transB = op.transB
        let shape = graph.shape(b)
        let k = shape[shape.count - (transB ? 1 : 2)]
        let result = try destination(node.results[0])
        let operands = try epilogueOperands(node)
        var right: Plan.Operand
        var packing = ProductPacking.none
        if type == .float32, let weights = graph.constant(b), weights.shape.dropLast(2).allSatisfy({ $0 == 1 }) {
            let isOneProduct =
                try !op.transA && scaling.isEmpty && left.isContiguous() && result.isContiguous()
                && operands.residual?.isContiguous() != false
            let isTransposed = transB
            if let compact = try compact(b, weights, isTransposed: isTransposed, node) {
                (right, packing) = compact
            } else {
                packing = isOneProduct ? self.packing(for: node) : .panels
                right = try packed(b, PackKernel(packing.form), for: node) { $0.asMatrix(isTransposed: isTransposed) }
            }
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

    /// A constant matrix in the bits that the options give weights, or, where they say nothing, in as few as it had when it was
    /// integers with scales (MatMulNBits, dequantized weights); nil where it has others, or does not fit: a weight is infinite, no
    /// number, or beyond halves.
    private mutating func compact(
        _ value: Value, _ weights: Tensor, isTransposed: Bool, _ node: Node
    ) throws -> (right: Plan.Operand, packing: ProductPacking)? {
        guard let packing = options.weights?.packing ?? losslessPacking(weights, isTransposed: isTransposed) else { return nil }
        let kernel = PackKernel(packing.form)
        let key = PackingKey(kernel: "\(PackKernel.name) \(kernel.text)", values: [value.index], layouts: [isTransposed ? [1] : nil])
        if let known = packings[key] { return (known, packing) }
        let source = try Plan.Operand(dense: weights).asMatrix(isTransposed: isTransposed)
        var step = Plan.Step(kernel: kernel, name: node.name, summary: "pack", operands: [source], results: [])
        let bytes = try kernel.bytes(source.shape, isa: target.isa)
        step.results = [Plan.Operand(location: .buffer(0), type: .uint8, shape: [bytes], strides: [1])]
        let packed = try step.packed(for: target, from: [weights])
        guard let noise = PackingNoise(packing.form, weights, isTransposed: isTransposed, packed: packed, isa: target.isa),
            noise.signal.isFinite, noise.noise.isFinite
        else { return nil }
        options.weights?.observe(node.name.isEmpty ? node.op.name : node.name, weights.count, noise.signal, noise.noise)
        let right = try constant(packed)
        packings[key] = right
        return (right, packing)
    }

    /// The fewest bits in which a matrix loses nothing but roundings; nil where it needs all of them, or is not worth a look.
    private func losslessPacking(_ weights: Tensor, isTransposed: Bool) -> ProductPacking? {
        guard !options.exact, weights.rank >= 2, weights.type == .float32, weights.count >= 1 << 14 else { return nil }
        let (rows, columns) = (Int64(weights.shape[weights.rank - 2]), Int64(weights.shape[weights.rank - 1]))
        guard (isTransposed ? columns : rows) >= 32 else { return nil }
        return [ProductPacking.int4, .int8].first { packing in
            var pack = dlc_matrix_packing(
                packing.form, isTransposed ? columns : rows, isTransposed ? rows : columns, isTransposed ? 1 : columns,
                isTransposed ? columns : 1)
            return weights.withUnsafeBytes { bytes in
                bytes.baseAddress.map { dlc_pack_is_exact(&pack, $0.assumingMemoryBound(to: Float.self)) } ?? false
            }
        }
    }

    private func scalingSummary(_ op: FusedMatMul, _ scaling: [Plan.Operand?]) -> String {
        (scaling.isEmpty ? "" : scaling.count > 1 ? "mul + add + " : "mul + ") + (op.reluA ? "relu + " : "")
    }

    /// How a constant matrix is packed: `chooseAlgorithms` has settled it, but for products whose rows are no one matrix.
    private func packing(for node: Node) -> ProductPacking {
        algorithms[node.results[0].index] == DLC_CONV_STRASSEN ? .strassen : .panels
    }

    /// The matrix as it lies where one of its last two dimensions has neighbours next to each other, else a copy.
    private mutating func innerOrRowContiguous(_ value: Value) throws -> Plan.Operand {
        let view = try view(value)
        let rank = view.shape.count
        let lies = view.strides[rank - 1] == 1 || view.shape[rank - 1] == 1 || view.strides[rank - 2] == 1 && view.shape[rank - 2] != 1
        return lies ? view : try contiguous(value)
    }
}
