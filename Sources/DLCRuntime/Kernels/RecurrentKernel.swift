import CKernels

/// LSTM, GRU and plain recurrent layers.
///
/// Operands: x, packed weights, sequence lengths, initial h, initial c; results: y, y_h, y_c; contiguous. Integers: kind,
/// direction, batch first, linear before reset, input forget, clipped, hidden size, then the functions of `f g h` of
/// both directions. Numbers: the clip, then alpha and beta of each function.
public enum RecurrentKernel {
    /// The kernel's struct from a step's parameters.
    /// - Throws: where they are too few or out of range.
    public static func parameters(_ integers: [Int], _ numbers: [Double]) throws -> dlc_rnn {
        guard integers.count == 13, numbers.count == 13, integers.allSatisfy({ $0 >= 0 }) else { throw DLCError("malformed recurrent layer") }
        var rnn = dlc_rnn()
        rnn.kind = dlc_rnn_kind(rawValue: UInt8(clamping: integers[0]))
        rnn.direction = dlc_rnn_direction(rawValue: UInt8(clamping: integers[1]))
        rnn.batch_first = integers[2] != 0
        rnn.linear_before_reset = integers[3] != 0
        rnn.input_forget = integers[4] != 0
        rnn.clipped = integers[5] != 0
        rnn.clip = Float(numbers[0])
        rnn.hidden = Int64(integers[6])
        try fill(
            &rnn.activations,
            (0..<6).map { (index: Int) -> dlc_rnn_activation in
                let function = dlc_rnn_function(rawValue: UInt8(clamping: integers[7 + index]))
                let first = 1 + 2 * index
                return dlc_rnn_activation(function: function, alpha: Float(numbers[first]), beta: Float(numbers[first + 1]))
            })
        return rnn
    }

    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        guard step.operands.count == 5, step.results.count == 3 else { throw DLCError("malformed recurrent layer") }
        var rnn = try parameters(step.integers, step.numbers)
        let x = try step.contiguous(0)
        guard x.rank == 3 else { throw DLCError("malformed recurrent layer") }
        rnn.steps = Int64(x.shape[rnn.batch_first ? 1 : 0])
        rnn.batch = Int64(x.shape[rnn.batch_first ? 0 : 1])
        rnn.input = Int64(x.shape[2])
        for index in 2..<5 where step.operands[index] != nil { _ = try step.contiguous(index) }
        for index in 0..<3 where step.results[index] != nil { _ = try step.contiguousResult(index) }
        let needed = dlc_rnn_packed_bytes(step.isa, &rnn)
        guard needed > 0, try Int(needed) == step.operand(1).count else {
            throw DLCError("the weights are not those of \(rnn.input) inputs and \(rnn.hidden) hidden units")
        }
        return try PreparedKernel(rnn, slots: PreparedKernel.slots(step, status: true)) { dlc_rnn_prepare(step.isa, $0, $1) }
    }
}

/// How the weights of recurrent layers lie for their kernel (`dlc_rnn_pack_prepare`).
///
/// Operands: w, r, bias, peepholes, contiguous; result: their bytes. Integers: kind, direction, linear before reset.
public enum RecurrentPacking {
    /// The size of the packed weights: directions × units, in whole vectors, × rows of the gates.
    public static func bytes(_ rnn: dlc_rnn, input: Dim, isa: dlc_isa) throws -> Dim {
        if let extent = input.constant {
            var rnn = rnn
            rnn.input = Int64(extent)
            return Dim(Int(dlc_rnn_packed_bytes(isa, &rnn)))
        }
        // Linear in the input's extent.
        let (none, one) = (try bytes(rnn, input: 0, isa: isa), try bytes(rnn, input: 1, isa: isa))
        return try one.minus(none).times(input).plus(none)
    }

    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        guard step.operands.count == 4, step.results.count == 1, step.integers.count == 3, step.integers.allSatisfy({ $0 >= 0 }) else {
            throw DLCError("malformed packing")
        }
        let (w, r, result) = (try step.contiguous(0), try step.contiguous(1), try step.contiguousResult(0))
        var rnn = dlc_rnn()
        rnn.kind = dlc_rnn_kind(rawValue: UInt8(clamping: step.integers[0]))
        rnn.direction = dlc_rnn_direction(rawValue: UInt8(clamping: step.integers[1]))
        rnn.linear_before_reset = step.integers[2] != 0
        guard w.rank == 3, r.rank == 3, rnn.kind.rawValue <= DLC_RNN_LSTM.rawValue, rnn.direction.rawValue <= DLC_RNN_BIDIRECTIONAL.rawValue else {
            throw DLCError("malformed packing")
        }
        (rnn.input, rnn.hidden) = (Int64(w.shape[2]), Int64(r.shape[2]))
        let directions = rnn.direction == DLC_RNN_BIDIRECTIONAL ? 2 : 1
        let rows = try Checked.multiply(rnn.kind == DLC_RNN_LSTM ? 4 : rnn.kind == DLC_RNN_GRU ? 3 : 1, r.shape[2])
        var shapes = [[directions, rows, w.shape[2]], [directions, rows, r.shape[2]]]
        shapes += [[directions, try Checked.multiply(2, rows)], [directions, try Checked.multiply(3, r.shape[2])]]
        for (index, shape) in shapes.enumerated() {
            guard step.operands[index] != nil else { continue }
            let operand = try step.contiguous(index)
            guard operand.shape == shape, operand.type == .float32 else {
                throw DLCError("operand \(index) is \(operand.type)\(operand.shape); expected \(ElementType.float32)\(shape)")
            }
        }
        let needed = Int(dlc_rnn_packed_bytes(step.isa, &rnn))
        guard needed > 0, needed <= (try Checked.multiply(result.count, result.type.size)) else {
            throw DLCError("packed weights do not fit: \(needed) bytes into \(result.count)")
        }
        return try PreparedKernel(rnn, slots: PreparedKernel.slots(step)) { dlc_rnn_pack_prepare(step.isa, $0, $1) }
    }
}
