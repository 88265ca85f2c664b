import CKernels

/// Products of matrices of 8-bit integers, exact in i32 that wraps, over batch dimensions that broadcast.
package struct IntegerProductKernel: Kernel {
    package static let name = "integer_product"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("a", .only(.int8, .uint8), "* _ _", .strided), OperandRule("b", .only(.uint8), "* _"),
            OperandRule("a_zero_point?", .only(.int8, .uint8), "*", .strided),
            OperandRule("b_zero_point?", .only(.int8, .uint8), "*", .strided),
        ] + IntegerFinishFields.rules(addend: "* M N", .rows),
        results: [OperandRule("c", .only(.int32, .float32, .int8, .uint8), "* M N", .rows)])

    /// Whether b was signed before it was packed, as its zero point is.
    package var signedB = false
    package var finish = IntegerFinishFields()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("signed_b", &signedB)
        try fields("finish", &finish)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (a, b, c) = (try step("a"), try step("b"), try step("c"))
        let (rows, columns, inner) = (c.shape[c.rank - 2], c.shape[c.rank - 1], a.shape[a.rank - 1])
        guard a.shape[a.rank - 2] == rows else { throw DLCError("a has \(a.shape[a.rank - 2]) rows; expected \(rows)") }
        // With it no packing's size overflows.
        guard inner <= 1 << 24, columns <= 1 << 28 else { throw DLCError("a matrix of \(inner) × \(columns) is too large") }
        guard b.shape.last == Int(dlc_integer_packed_bytes(step.isa, Int64(inner), Int64(columns))) else {
            throw DLCError("the packed matrix is not \(inner) × \(columns)")
        }
        let (zeroA, zeroB) = (step.optional("a_zero_point"), step.optional("b_zero_point"))
        guard zeroA?.type ?? a.type == a.type, zeroB?.type ?? (signedB ? .int8 : .uint8) == (signedB ? .int8 : .uint8) else {
            throw DLCError("a zero point has another type than its operand")
        }
        var batches = try IntegerBatches(c, a: a, b: b, zeroA: zeroA, zeroB: zeroB, addend: step.optional("addend"))
        batches.joinRows()
        batches.mergeNeighbours()
        var product = dlc_integer_product()
        (product.a_signed, product.b_signed, product.has_b_zero) = (a.type == .int8, signedB, zeroB != nil)
        (product.m, product.n, product.k) = (Int64(batches.rows), Int64(columns), Int64(inner))
        try batches.write(&product)
        product.a_column = inner == 1 ? 1 : Int64(a.strides[a.rank - 1])
        product.b_zero_column = Int64(try Self.grain(zeroB, last: columns, other: nil, "b_zero_point"))
        product.finish = try finish.parameters(step, c.type, columns: columns)
        let slots = step.slots("a", "b", "a_zero_point", "b_zero_point") + IntegerFinishFields.slots(step) + step.slots("c")
        return try PreparedKernel(product, slots: slots) { dlc_integer_product_prepare(step.isa, $0, $1) }
    }

    /// From one zero point to the next along the rows of a (`other` extents, then 1) or the columns of b; 0 where one serves all.
    fileprivate static func grain(_ zero: BoundOperand?, last: Int, other: Int?, _ name: String) throws -> Int {
        guard let zero, zero.rank > 0 else { return 0 }
        let columns = zero.shape[zero.rank - 1], rows = zero.rank > 1 ? zero.shape[zero.rank - 2] : 1
        guard columns == 1 || columns == last, rows == 1 || rows == other else {
            throw DLCError("\(name) has extents \(zero.shape); expected one element, or \(other ?? last)")
        }
        if other != nil { return rows == 1 ? 0 : zero.strides[zero.rank - 2] }
        return columns == 1 ? 0 : zero.strides[zero.rank - 1]
    }
}

/// The batch dimensions of an integer product and how its rows follow each other.
struct IntegerBatches {
    /// Elements from one matrix to the next along a dimension, by operand; 0 repeats.
    private struct Axis {
        var extent: Int
        var a, b, c, zeroA, zeroB, addend: Int
    }

    private var axes: [Axis] = []
    private(set) var rows: Int
    /// Elements from row to row; what it is says nothing where there is one row.
    private var step: (a: Int, c: Int, zero: Int, addend: Int)

    /// - Throws: where the batch dimensions of an operand do not broadcast to those of the result.
    init(
        _ c: BoundOperand, a: BoundOperand, b: BoundOperand, zeroA: BoundOperand?, zeroB: BoundOperand?, addend: BoundOperand?
    ) throws {
        let batch = Array(c.shape.dropLast(2))
        /// - Parameter inner: dimensions that are no batch's.
        func strides(_ operand: BoundOperand?, inner: Int, _ name: String) throws -> [Int] {
            guard let operand, operand.rank > inner else { return batch.map { _ in 0 } }
            let missing = batch.count - (operand.rank - inner)
            guard missing >= 0 else { throw DLCError("\(name) has extents \(operand.shape); expected at most those of \(c.shape)") }
            return try batch.indices.map { axis in
                guard axis >= missing, operand.shape[axis - missing] != 1 else { return 0 }
                guard operand.shape[axis - missing] == batch[axis] else {
                    throw DLCError("\(name) has extents \(operand.shape); expected some that give \(c.shape)")
                }
                return operand.strides[axis - missing]
            }
        }
        let (ofA, ofB, ofC) = (try strides(a, inner: 2, "a"), try strides(b, inner: 1, "b"), try strides(c, inner: 2, "c"))
        let (ofZeroA, ofZeroB) = (try strides(zeroA, inner: 2, "a_zero_point"), try strides(zeroB, inner: 2, "b_zero_point"))
        let ofAddend = try strides(addend, inner: 2, "addend")
        rows = c.shape[c.rank - 2]
        let addendRow = addend.map { $0.strides[$0.rank - 2] } ?? 0
        let zeroRow = try IntegerProductKernel.grain(zeroA, last: 1, other: rows, "a_zero_point")
        step = (a.strides[a.rank - 2], c.strides[c.rank - 2], zeroRow, addendRow)
        for axis in batch.indices where batch[axis] != 1 {
            axes.append(
                Axis(
                    extent: batch[axis], a: ofA[axis], b: ofB[axis], c: ofC[axis], zeroA: ofZeroA[axis], zeroB: ofZeroB[axis],
                    addend: ofAddend[axis]))
        }
    }

    /// Batches of one b whose rows continue each other become rows of one product.
    mutating func joinRows() {
        while let last = axes.last, last.b == 0, last.zeroB == 0 {
            let continues =
                last.a == step.a * rows && last.c == step.c * rows && last.zeroA == step.zero * rows && last.addend == step.addend * rows
            guard rows == 1 || continues else { break }
            if rows == 1 { step = (last.a, last.c, last.zeroA, last.addend) }
            rows *= last.extent
            axes.removeLast()
        }
    }

    /// Neighbouring dimensions that continue each other become one.
    mutating func mergeNeighbours() {
        for index in axes.indices.dropFirst().reversed() {
            let (outer, inner) = (axes[index - 1], axes[index])
            let paths: [KeyPath<Axis, Int>] = [\.a, \.b, \.c, \.zeroA, \.zeroB, \.addend]
            guard paths.allSatisfy({ outer[keyPath: $0] == inner[keyPath: $0] * inner.extent }) else { continue }
            axes[index - 1] = inner
            axes[index - 1].extent *= outer.extent
            axes.remove(at: index)
        }
    }

    /// - Throws: where more dimensions are left than the kernel has.
    func write(_ product: inout dlc_integer_product) throws {
        guard axes.count <= 4 else { throw DLCError("more than four batch dimensions") }
        let missing = 4 - axes.count
        func padded(_ path: KeyPath<Axis, Int>, _ filling: Int = 0) -> [Int64] {
            [Int64](repeating: Int64(filling), count: missing) + axes.map { Int64($0[keyPath: path]) }
        }
        try fill(&product.batch, padded(\.extent, 1))
        try fill(&product.a_batch, padded(\.a))
        try fill(&product.b_batch, padded(\.b))
        try fill(&product.c_batch, padded(\.c))
        try fill(&product.addend_batch, padded(\.addend))
        try fill(&product.a_zero_batch, padded(\.zeroA))
        try fill(&product.b_zero_batch, padded(\.zeroB))
        (product.a_row, product.c_row, product.a_zero_row) = (Int64(step.a), Int64(step.c), Int64(step.zero))
        product.addend_row = Int64(step.addend)
    }
}

/// Matrices of 8-bit integers, one behind another, packed for products; or as `[tap, input, output]` without gaps. Rows are
/// the inputs of one tap after another, as many taps at a time as `runTaps` says rounded up to whole quads.
package struct IntegerPackKernel: Kernel {
    package static let name = "pack_integer"
    package static let definition = KernelDefinition(
        operands: [OperandRule("weights", .only(.int8, .uint8), "G T I O", .strided)], results: [OperandRule("packed", .only(.uint8), "_")])

    /// Whether there are no panels.
    package var isPlain = false
    package var runTaps = 1

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("is_plain", &isPlain)
        try fields("run_taps", &runTaps)
    }

    /// The size of one packed matrix of K × N, an expression where the extents are.
    /// - Throws: where it would be too large.
    package static func bytes(_ k: Dim, _ n: Dim, isa: dlc_isa) throws -> Dim {
        if let k = k.constant, let n = n.constant {
            let bytes = Int(dlc_integer_packed_bytes(isa, Int64(k), Int64(n)))
            guard bytes >= 0 else { throw DLCError("a matrix of \(k) × \(n) is too large") }
            return Dim(bytes)
        }
        let half = Dim(Int(dlc_integer_width(isa)) / 2)
        let columns = try n.ceilingQuotient(half).times(half)
        return try columns.times(k.ceilingQuotient(4).times(4).plus(4)).ceilingQuotient(64).times(64)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (weights, result) = (try step("weights"), try step("packed"))
        var pack = dlc_integer_pack()
        (pack.is_signed, pack.is_plain) = (weights.type == .int8, isPlain)
        guard weights.shape[3] <= 1 << 28, try Checked.multiply(weights.shape[1], weights.shape[2]) <= 1 << 24 else {
            throw DLCError("a matrix of \(weights.shape.dropFirst()) is too large")
        }
        guard runTaps >= 1, weights.shape[1] % runTaps == 0 else {
            throw DLCError("\(weights.shape[1]) taps are no runs of \(runTaps)")
        }
        (pack.matrices, pack.taps, pack.run_taps) = (Int64(weights.shape[0]), Int64(weights.shape[1]), Int64(runTaps))
        (pack.inputs, pack.n) = (Int64(weights.shape[2]), Int64(weights.shape[3]))
        (pack.matrix_step, pack.tap_step) = (Int64(weights.strides[0]), Int64(weights.strides[1]))
        (pack.row_step, pack.column_step) = (Int64(weights.strides[2]), Int64(weights.strides[3]))
        let rows = dlc_integer_packed_rows(pack.taps, pack.inputs, pack.run_taps)
        let one =
            isPlain
            ? try Checked.multiply(weights.shape[1] * weights.shape[2], weights.shape[3])
            : Int(dlc_integer_packed_bytes(step.isa, rows, pack.n))
        let needed = try Checked.multiply(one, weights.shape[0])
        guard needed == result.count else { throw DLCError("packed has \(result.count) bytes; expected \(needed)") }
        return try PreparedKernel(pack, slots: step.slots) { dlc_integer_pack_prepare(step.isa, $0, $1) }
    }
}
