import CKernels

/// How the right matrix of a product lies in memory.
package enum ProductPacking: UInt8, KernelChoice {
    /// As it is.
    case none = 0
    /// `DLC_PACK_PANELS`.
    case panels = 1
    /// `DLC_PACK_STRASSEN`.
    case strassen = 2
    /// `DLC_PACK_HALF`, and so on: panels in fewer bits.
    case half = 3
    case bfloat = 4
    case int8 = 5
    case int4 = 6
    /// `DLC_PACK_PAIRS`: rows of the left matrix are rounded to bfloat16 as well.
    case pairs = 7
    /// `DLC_PACK_SPLIT`: rows of the left matrix become sums of two numbers of bfloat16 as well.
    case split = 8

    package static let choices: ChoiceTable<ProductPacking> = [
        .none: "none", .panels: "panels", .strassen: "strassen", .half: "f16", .bfloat: "bf16", .int8: "int8", .int4: "int4",
        .pairs: "bf16 pairs", .split: "split pairs",
    ]

    package var form: dlc_pack_form {
        switch self {
        case .none, .panels: DLC_PACK_PANELS
        case .strassen: DLC_PACK_STRASSEN
        case .half: DLC_PACK_HALF
        case .bfloat: DLC_PACK_BFLOAT
        case .int8: DLC_PACK_INT8
        case .int4: DLC_PACK_INT4
        case .pairs: DLC_PACK_PAIRS
        case .split: DLC_PACK_SPLIT
        }
    }
}

/// Matrix products, over batch dimensions that broadcast.
package struct ProductKernel: Kernel {
    package static let name = "product"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("a", .common(), "* _ _", .strided), OperandRule("b", .any, "*", .strided), OperandRule("bias?", .common(), "#N"),
            OperandRule("residual?", .common(), "* M N", .rows), OperandRule("slope?", .common(), "#N"),
            OperandRule("scale_a?", .common(), "* _", .rows), OperandRule("shift_a?", .common(), "* _", .rows),
        ],
        results: [OperandRule("c", .common(), "* M N", .rows)])

    package var transposedA = false
    /// Of b as it is; packed matrices lie as their packing says.
    package var transposedB = false
    package var packing = ProductPacking.none
    /// Whether a, its columns scaled and shifted, has a ReLU.
    package var reluA = false
    package var scale = 1.0
    package var epilogue = Epilogue()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("transposed_a", &transposedA)
        try fields("transposed_b", &transposedB)
        try fields("packing", &packing)
        try fields("relu_a", &reluA)
        try fields("scale", &scale)
        try fields("epilogue", &epilogue)
    }

    package var label: String {
        switch packing {
        case .none: "product"
        case .panels: "product packed"
        case .strassen: "product strassen"
        case .half, .bfloat, .int8, .int4, .pairs, .split: "product \(packing.choiceName ?? "")"
        }
    }

    /// An instruction multiplies twice as many pairs' elements as floats, one of AMX, which has three products of each, sixteen times
    /// as many.
    package func performed(_ operations: Double, _ shapes: StepShapes) -> Double {
        switch packing {
        case .strassen: operations * 7 / 8
        case .pairs: operations / 2
        case .split: operations * 3 / 16
        default: operations
        }
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (a, c) = (try step("a").matrix(isTransposed: transposedA), try step("c"))
        let (rows, columns, inner) = (c.shape[c.rank - 2], c.shape[c.rank - 1], a.shape[a.rank - 1])
        guard a.shape[a.rank - 2] == rows else { throw DLCError("a has \(a.shape[a.rank - 2]) rows; expected \(rows)") }
        // With it no packing's size overflows.
        guard inner <= 1 << 28, columns <= 1 << 28 else { throw DLCError("a matrix of \(inner) × \(columns) is too large") }
        try epilogue.check(step)
        let b = try unpacked(step, a, rows: inner, columns: columns)
        if b == nil { try checkPacked(step, inner, columns) }
        let residual = step.optional("residual")
        let scaleA = try scaling(step, "scale_a", inner), shiftA = try scaling(step, "shift_a", inner)
        guard shiftA == nil || (scaleA != nil && shiftA?.count == inner) else {
            throw DLCError("shift_a has extents \(shiftA?.shape ?? [])")
        }
        var batches = try ProductBatches(c, a: a, b: b, residual: residual, scale: scaleA)
        // A single row may have its elements at any distance; rows that it is joined with may not.
        let isDense = a.strides[a.rank - 1] == 1 || inner == 1
        if !transposedA { batches.joinRows(isDense: isDense) }
        batches.mergeNeighbours()

        var gemm = dlc_gemm()
        gemm.type = c.type.kernelType
        gemm.b_packed = packing != .none
        if packing != .strassen { gemm.b_form = packing.form }
        gemm.alpha = Float(scale)
        gemm.epilogue = epilogue.parameters
        try batches.write(&gemm)
        (gemm.scales_a, gemm.relu_a) = (scaleA != nil, reluA)
        (gemm.m, gemm.n, gemm.k) = (Int64(batches.rows), Int64(columns), Int64(inner))
        gemm.a_column = isDense ? 1 : Int64(a.strides[a.rank - 1])
        // A single row may lie at any distance from the next, so also as a column of neighbours.
        gemm.a_row = Int64(batches.step.a ?? (isDense ? inner : 1))
        gemm.c_row = Int64(batches.step.c ?? columns)
        gemm.residual_row = Int64(batches.step.residual ?? columns)
        if let b {
            gemm.b_column = columns == 1 ? 1 : Int64(b.strides[b.rank - 1])
            gemm.b_row = inner == 1 && columns != 1 ? (gemm.b_column == 1 ? gemm.n : 1) : Int64(b.strides[b.rank - 2])
        }
        guard packing == .strassen else {
            let slots = step.slots("a", "b", "bias", "residual", "slope", "c")
            return try PreparedKernel(gemm, slots: slots + (scaleA == nil ? [] : step.slots("scale_a", "shift_a"))) {
                dlc_gemm_prepare(step.isa, $0, $1)
            }
        }
        guard gemm.a_column == 1, scaleA == nil, batches.isOne else { throw DLCError("not one product of rows next to each other") }
        var strassen = dlc_strassen()
        (strassen.m, strassen.n, strassen.k) = (gemm.m, gemm.n, gemm.k)
        (strassen.a_row, strassen.c_row, strassen.residual_row) = (gemm.a_row, gemm.c_row, gemm.residual_row)
        strassen.line = gemm.m
        (strassen.alpha, strassen.epilogue) = (gemm.alpha, gemm.epilogue)
        return try PreparedKernel(strassen, slots: step.slots("a", "b", "bias", "residual", "slope", "c")) {
            dlc_strassen_prepare(step.isa, $0, $1)
        }
    }

    /// The right matrix where it lies as it is.
    private func unpacked(_ step: BoundStep, _ a: BoundOperand, rows: Int, columns: Int) throws -> BoundOperand? {
        guard packing == .none else { return nil }
        let given = try step("b")
        guard given.rank >= 2, given.type == a.type else {
            throw DLCError("b is \(given.type)\(given.shape); expected matrices of \(a.type)")
        }
        let b = try given.matrix(isTransposed: transposedB)
        guard b.shape[b.rank - 2] == rows, b.shape[b.rank - 1] == columns else {
            throw DLCError("b has extents \(b.shape); expected \(rows) × \(columns)")
        }
        return b
    }

    private func checkPacked(_ step: BoundStep, _ rows: Int, _ columns: Int) throws {
        let packed = try step("b")
        var pack = dlc_matrix_packing(
            packing.form, Int64(rows), Int64(columns), Int64(columns), 1)
        guard packed.isContiguous, Int(dlc_pack_bytes(step.isa, &pack)) == packed.count * packed.type.size else {
            throw DLCError("the packed matrix is not \(rows) × \(columns)")
        }
    }

    /// One number for each column of a, the same for all rows.
    private func scaling(_ step: BoundStep, _ name: String, _ columns: Int) throws -> BoundOperand? {
        guard let vector = step.optional(name) else { return nil }
        guard vector.shape.last == columns, vector.rank == 1 || vector.shape[vector.rank - 2] == 1 else {
            throw DLCError("\(name) has extents \(vector.shape); expected \(columns) in one row")
        }
        return vector.rank > 1 ? vector : try BoundOperand(type: vector.type, shape: [1, columns], strides: [columns, vector.strides[0]])
    }
}

extension BoundOperand {
    /// The operand, its last two dimensions exchanged where it is transposed.
    fileprivate func matrix(isTransposed: Bool) throws -> BoundOperand {
        guard isTransposed else { return self }
        var copy = self
        copy.shape.swapAt(rank - 1, rank - 2)
        copy.strides.swapAt(rank - 1, rank - 2)
        return copy
    }
}
