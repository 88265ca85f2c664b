import CKernels
import DLCGraph
import DLCOps
import DLCRuntime

/// Constant matrices in fewer bits than they have.
extension Lowering {
    /// The constant right matrix of a product in f32, if it has one that all rows meet.
    func constantMatrix(_ node: Node) -> Tensor? {
        guard let a = node.operands.first ?? nil, let b = node.operands[1], graph.type(a).element == .float32,
            let matrix = graph.constant(b), matrix.type == .float32, matrix.rank >= 2, matrix.shape.dropLast(2).allSatisfy({ $0 == 1 })
        else { return nil }
        return matrix
    }

    /// Packs the matrices of products in the bits that the options give weights, or, where they say nothing, in as few as they had
    /// when they were integers with scales (MatMulNBits, dequantized weights). By the index of the product's result; those that do
    /// not fit are left out.
    mutating func packCompactProducts() throws -> [Int: (right: Plan.Operand, packing: ProductPacking)] {
        var products: [Int: (right: Plan.Operand, packing: ProductPacking)] = [:]
        /// Matrices that several products read, by value and whether they are transposed; nil for one that does not fit.
        var known: [[Int]: (right: Plan.Operand, packing: ProductPacking)?] = [:]
        for node in graph.nodes {
            guard let op = node.op as? FusedMatMul, let matrix = constantMatrix(node), let value = node.operands[1] else { continue }
            let key = [value.index, op.transB ? 1 : 0]
            if known[key] == nil {
                known[key] = .some(try located("\(op.name) \(node.name)") { try compact(matrix, isTransposed: op.transB, node) })
            }
            products[node.results[0].index] = known[key] ?? nil
        }
        return products
    }

    private mutating func compact(
        _ matrix: Tensor, isTransposed: Bool, _ node: Node
    ) throws -> (right: Plan.Operand, packing: ProductPacking)? {
        guard let packing = options.weights?.packing ?? losslessPacking(matrix, isTransposed: isTransposed),
            let (packed, noise) = try packedAndRated(packing.form, matrix, isTransposed: isTransposed)
        else { return nil }
        options.weights?.observe(node.name.isEmpty ? node.op.name : node.name, matrix.count, noise.signal, noise.noise)
        return (try constant(packed), packing)
    }

    /// A constant matrix packed in few bits, and what that changes of it; nil where it does not fit: a weight is infinite, no number,
    /// or beyond halves.
    private func packedAndRated(
        _ form: dlc_pack_form, _ matrix: Tensor, isTransposed: Bool
    ) throws -> (packed: Tensor, noise: PackingNoise)? {
        let kernel = PackKernel(form), source = try Plan.Operand(dense: matrix).asMatrix(isTransposed: isTransposed)
        let packed = try Plan.Step.packed(
            kernel, [source], bytes: kernel.bytes(source.shape, isa: target.isa), for: target, from: [matrix])
        guard let noise = PackingNoise(form, matrix, isTransposed: isTransposed, packed: packed, isa: target.isa), noise.signal.isFinite,
            noise.noise.isFinite
        else { return nil }
        return (packed, noise)
    }

    /// The fewest bits in which a matrix loses nothing but roundings; nil where it needs all of them, or is not worth a look.
    private func losslessPacking(_ matrix: Tensor, isTransposed: Bool) -> ProductPacking? {
        guard !options.exact, matrix.count >= 1 << 14 else { return nil }
        let (rows, columns) = (Int64(matrix.shape[matrix.rank - 2]), Int64(matrix.shape[matrix.rank - 1]))
        guard (isTransposed ? columns : rows) >= 32 else { return nil }
        return [ProductPacking.int4, .int8].first { packing in
            var pack = dlc_matrix_packing(
                packing.form, isTransposed ? columns : rows, isTransposed ? rows : columns, isTransposed ? 1 : columns,
                isTransposed ? columns : 1)
            return matrix.withUnsafeBytes { bytes in
                bytes.baseAddress.map { dlc_pack_is_exact(&pack, $0.assumingMemoryBound(to: Float.self)) } ?? false
            }
        }
    }

    /// How the matrices of a recurrent layer are kept: as the options ask for, where they are constants and fit; what has fewer than
    /// 16 bits elsewhere has 16 here.
    func compactForm(_ matrices: [Value], _ node: Node) throws -> dlc_pack_form {
        guard let weights = options.weights else { return DLC_PACK_PANELS }
        let form = weights.form == .bfloat16 ? DLC_PACK_BFLOAT : DLC_PACK_HALF
        var sums = (count: 0, signal: 0.0, noise: 0.0)
        for value in matrices {
            guard let tensor = graph.constant(value), let columns = tensor.shape.last, tensor.count > 0,
                let (_, noise) = try packedAndRated(form, tensor.reshaped([tensor.count / columns, columns]), isTransposed: true)
            else { return DLC_PACK_PANELS }
            sums = (sums.count + tensor.count, sums.signal + noise.signal, sums.noise + noise.noise)
        }
        weights.observe(node.name.isEmpty ? node.op.name : node.name, sums.count, sums.signal, sums.noise)
        return form
    }
}
