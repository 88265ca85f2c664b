import CKernels

/// How the right matrix of a product lies in memory.
public enum ProductPacking: Int {
    /// As it is.
    case none = 0
    /// `DLC_PACK_PANELS`.
    case panels = 1
    /// `DLC_PACK_STRASSEN`.
    case strassen = 2
}

/// Matrix products.
///
/// Operands: a, b (packed, or a matrix), bias, residual, slope, and perhaps scale and shift of a's columns; result c.
/// Integers: whether a and b are transposed, how b is packed (`ProductPacking`), whether the scaled a has a ReLU, then
/// the epilogue's. Numbers: the scale of the product, then the epilogue's.
enum ProductKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let a = try matrix(step.operand(0), isTransposed: step.integer(0) != 0)
        let c = try matrix(step.result(0), isTransposed: false)
        guard let packing = ProductPacking(rawValue: try step.integer(2)) else { throw DLCError("unknown packing of a product") }
        let isPacked = packing != .none
        let residual = step.optional(3)
        var gemm = dlc_gemm()
        gemm.type = a.type.kernelType
        gemm.b_packed = isPacked
        gemm.n = Int64(c.shape[c.rank - 1])
        gemm.k = Int64(a.shape[a.rank - 1])
        gemm.alpha = Float(try step.number(0))
        gemm.epilogue = try step.epilogue()
        guard a.shape[a.rank - 2] == c.shape[c.rank - 2] else { throw DLCError("rows of operand and result differ") }

        let batch = Array(c.shape.dropLast(2))
        func batchStrides(_ operand: BoundOperand) throws -> [Int] {
            let own = operand.rank - 2
            guard own <= batch.count else { throw DLCError("an operand has more batch dimensions than the result") }
            return batch.indices.map { axis in
                let i = axis - (batch.count - own)
                return i < 0 || operand.shape[i] == 1 ? 0 : operand.strides[i]
            }
        }
        var rows = c.shape[c.rank - 2]
        let aRow = rows == 1 ? nil : a.strides[a.rank - 2]
        let cRow = rows == 1 ? nil : c.strides[c.rank - 2]
        var b: BoundOperand?
        if !isPacked {
            b = try matrix(step.operand(1), isTransposed: step.integer(1) != 0)
            guard b?.shape.suffix(2).elementsEqual([Int(gemm.k), Int(gemm.n)]) == true else { throw DLCError("operands do not multiply") }
        }
        let residualMatrix = try residual.map { try matrix($0, isTransposed: false) }
        let scale = try columns(step, 5, gemm.k).map { $0.rank == 1 ? $0.asRow : $0 }
        var axes: [(extent: Int, a: Int, b: Int, c: Int, r: Int, s: Int)] = []
        let strides = (
            a: try batchStrides(a), b: try b.map(batchStrides) ?? batch.map { _ in 0 }, c: try batchStrides(c),
            r: try residualMatrix.map(batchStrides) ?? batch.map { _ in 0 }, s: try scale.map(batchStrides) ?? batch.map { _ in 0 }
        )
        for axis in batch.indices where batch[axis] != 1 {
            axes.append((batch[axis], strides.a[axis], strides.b[axis], strides.c[axis], strides.r[axis], strides.s[axis]))
        }
        // Batches of one B whose rows continue each other are rows of one product.
        var (aStep, cStep, rStep) = (aRow, cRow, rows == 1 ? nil : residualMatrix.map { $0.strides[$0.rank - 2] })
        while let last = axes.last, last.b == 0, last.s == 0, try step.integer(0) == 0 {
            let continues = aStep.map { last.a == $0 * rows } ?? true
                && (cStep.map { last.c == $0 * rows } ?? true)
                && (residualMatrix == nil || (rStep.map { last.r == $0 * rows } ?? true))
            // Rows of a matrix are next to each other, or their elements are.
            let isMatrix = rows > 1 || a.strides[a.rank - 1] == 1 || gemm.k == 1 || last.a == 1
            guard continues, isMatrix, last.a != 0 else { break }
            if rows == 1 { (aStep, cStep, rStep) = (last.a, last.c, last.r) }
            rows *= last.extent
            axes.removeLast()
        }
        // Neighbouring batch dimensions that continue each other are one.
        var index = axes.count - 1
        while index > 0 {
            let (outer, inner) = (axes[index - 1], axes[index])
            if outer.a == inner.a * inner.extent, outer.b == inner.b * inner.extent, outer.c == inner.c * inner.extent,
                outer.r == inner.r * inner.extent, outer.s == inner.s * inner.extent {
                axes[index - 1] = (outer.extent * inner.extent, inner.a, inner.b, inner.c, inner.r, inner.s)
                axes.remove(at: index)
            }
            index -= 1
        }
        guard axes.count <= 4 else { throw DLCError("more than four batch dimensions") }
        while axes.count < 4 { axes.insert((1, 0, 0, 0, 0, 0), at: 0) }
        try fill(&gemm.batch, axes.map { Int64($0.extent) })
        try fill(&gemm.a_batch, axes.map { Int64($0.a) })
        try fill(&gemm.b_batch, axes.map { Int64($0.b) })
        try fill(&gemm.c_batch, axes.map { Int64($0.c) })
        try fill(&gemm.residual_batch, axes.map { Int64($0.r) })
        try fill(&gemm.scale_batch, axes.map { Int64($0.s) })
        (gemm.scales_a, gemm.relu_a) = (scale != nil, try step.integer(3) != 0)
        gemm.m = Int64(rows)
        gemm.a_column = gemm.k == 1 ? 1 : Int64(a.strides[a.rank - 1])
        // A single row may lie at any distance from the next, so also as a column of neighbours.
        gemm.a_row = Int64(aStep ?? (gemm.a_column == 1 ? Int(gemm.k) : 1))
        gemm.c_row = Int64(cStep ?? Int(gemm.n))
        gemm.residual_row = Int64(rStep ?? Int(gemm.n))
        if let b {
            gemm.b_row = Int64(b.strides[b.rank - 2])
            gemm.b_column = Int64(b.strides[b.rank - 1])
            if gemm.n == 1 { gemm.b_column = 1 } else if gemm.k == 1 { gemm.b_row = gemm.b_column == 1 ? gemm.n : 1 }
        }
        guard c.strides[c.rank - 1] == 1 || c.shape[c.rank - 1] == 1 else { throw DLCError("columns of the result are not neighbours") }
        if isPacked {
            var pack = dlc_matrix_packing(packing == .strassen ? DLC_PACK_STRASSEN : DLC_PACK_PANELS, gemm.k, gemm.n, gemm.n, 1)
            let needed = Int(dlc_pack_bytes(step.isa, &pack)), packed = try step.operand(1)
            guard needed >= 0, needed == packed.count * packed.type.size else { throw DLCError("the packed matrix is not \(gemm.k) × \(gemm.n)") }
        }
        guard packing == .strassen else {
            let shift = try columns(step, 6, gemm.k)
            let scaling: [PreparedKernel.Slot] = scale == nil ? [] : [.operand(5), shift == nil ? .none : .operand(6)]
            return try PreparedKernel(gemm, slots: slots(step) + scaling) { dlc_gemm_prepare(step.isa, $0, $1) }
        }
        guard gemm.a_column == 1, scale == nil, axes.allSatisfy({ $0.extent == 1 }) else { throw DLCError("not one product of rows next to each other") }
        var strassen = dlc_strassen()
        (strassen.m, strassen.n, strassen.k) = (gemm.m, gemm.n, gemm.k)
        (strassen.a_row, strassen.c_row, strassen.residual_row) = (gemm.a_row, gemm.c_row, gemm.residual_row)
        strassen.line = gemm.m
        (strassen.alpha, strassen.epilogue) = (gemm.alpha, gemm.epilogue)
        return try PreparedKernel(strassen, slots: slots(step)) { dlc_strassen_prepare(step.isa, $0, $1) }
    }

    /// The operands that every product has, and the result.
    private static func slots(_ step: BoundStep) -> [PreparedKernel.Slot] {
        (0..<5).map { step.optional($0) == nil ? .none : .operand($0) } + [.result(0)]
    }

    /// A scale or shift of `k` columns, next to each other and the same for all rows.
    private static func columns(_ step: BoundStep, _ index: Int, _ k: Int64) throws -> BoundOperand? {
        guard let operand = step.optional(index) else { return nil }
        guard operand.shape.last == Int(k), operand.strides.last == 1 || k == 1, operand.rank == 1 || operand.shape[operand.rank - 2] == 1 else {
            throw DLCError("not one number for each column")
        }
        return operand
    }

    private static func matrix(_ operand: BoundOperand, isTransposed: Bool) throws -> BoundOperand {
        guard operand.rank >= 2 else { throw DLCError("a matrix is expected") }
        guard isTransposed else { return operand }
        var copy = operand
        copy.shape.swapAt(operand.rank - 1, operand.rank - 2)
        copy.strides.swapAt(operand.rank - 1, operand.rank - 2)
        return copy
    }
}

extension BoundOperand {
    /// A vector as a matrix of one row.
    fileprivate var asRow: BoundOperand { BoundOperand(type: type, shape: [1] + shape, strides: [0] + strides) }
}
