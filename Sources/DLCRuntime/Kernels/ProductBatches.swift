import CKernels

/// The batch dimensions of a product and how its rows follow each other.
struct ProductBatches {
    /// Elements from one matrix to the next along a dimension; 0 repeats.
    private struct Axis {
        var extent: Int
        var a = 0
        var b = 0
        var c = 0
        var residual = 0
        var scale = 0
    }

    private var axes: [Axis] = []
    private(set) var rows: Int
    /// Elements from row to row; nil where there is one row.
    private(set) var step: (a: Int?, c: Int?, residual: Int?)
    private let hasResidual: Bool

    /// - Parameters:
    ///   - c: the result; the others as matrices, over batch dimensions that broadcast to those of the result.
    /// - Throws: where they do not.
    init(_ c: BoundOperand, a: BoundOperand, b: BoundOperand?, residual: BoundOperand?, scale: BoundOperand?) throws {
        let batch = Array(c.shape.dropLast(2))
        func strides(_ operand: BoundOperand?, _ name: String) throws -> [Int] {
            guard let operand else { return batch.map { _ in 0 } }
            let missing = batch.count - (operand.rank - 2)
            return try batch.indices.map { axis in
                guard missing >= 0 else { throw DLCError("\(name) has more dimensions than the result, \(operand.shape) to \(c.shape)") }
                guard axis >= missing, operand.shape[axis - missing] != 1 else { return 0 }
                guard operand.shape[axis - missing] == batch[axis] else {
                    throw DLCError("\(name) has extents \(operand.shape); expected some that give \(c.shape)")
                }
                return operand.strides[axis - missing]
            }
        }
        let (ofA, ofB) = (try strides(a, "a"), try strides(b, "b"))
        let (ofC, ofResidual, ofScale) = (try strides(c, "c"), try strides(residual, "the residual"), try strides(scale, "scale_a"))
        for axis in batch.indices where batch[axis] != 1 {
            var one = Axis(extent: batch[axis])
            (one.a, one.b, one.c) = (ofA[axis], ofB[axis], ofC[axis])
            (one.residual, one.scale) = (ofResidual[axis], ofScale[axis])
            axes.append(one)
        }
        rows = c.shape[c.rank - 2]
        hasResidual = residual != nil
        step = rows == 1 ? (nil, nil, nil) : (a.strides[a.rank - 2], c.strides[c.rank - 2], residual.map { $0.strides[$0.rank - 2] })
    }

    /// Batches of one B whose rows continue each other become rows of one product.
    /// - Parameter isDense: whether elements of a row of A are neighbours.
    mutating func joinRows(isDense: Bool) {
        while let last = axes.last, last.b == 0, last.scale == 0, last.a != 0 {
            let continues =
                step.a.map { last.a == $0 * rows } ?? true
                && (step.c.map { last.c == $0 * rows } ?? true)
                && (!hasResidual || (step.residual.map { last.residual == $0 * rows } ?? true))
            guard continues, rows > 1 || isDense || last.a == 1 else { break }
            if rows == 1 { step = (last.a, last.c, last.residual) }
            rows *= last.extent
            axes.removeLast()
        }
    }

    /// Neighbouring dimensions that continue each other become one.
    mutating func mergeNeighbours() {
        for index in axes.indices.dropFirst().reversed() {
            let (outer, inner) = (axes[index - 1], axes[index])
            let paths: [KeyPath<Axis, Int>] = [\.a, \.b, \.c, \.residual, \.scale]
            guard paths.allSatisfy({ outer[keyPath: $0] == inner[keyPath: $0] * inner.extent }) else { continue }
            axes[index - 1] = inner
            axes[index - 1].extent *= outer.extent
            axes.remove(at: index)
        }
    }

    /// Whether no batch dimension is left.
    var isOne: Bool { axes.isEmpty }

    /// - Throws: where more dimensions are left than the kernel has.
    func write(_ gemm: inout dlc_gemm) throws {
        guard axes.count <= 4 else { throw DLCError("more than four batch dimensions") }
        let all = [Axis](repeating: Axis(extent: 1), count: 4 - axes.count) + axes
        try fill(&gemm.batch, all.map { Int64($0.extent) })
        try fill(&gemm.a_batch, all.map { Int64($0.a) })
        try fill(&gemm.b_batch, all.map { Int64($0.b) })
        try fill(&gemm.c_batch, all.map { Int64($0.c) })
        try fill(&gemm.residual_batch, all.map { Int64($0.residual) })
        try fill(&gemm.scale_batch, all.map { Int64($0.scale) })
    }
}
