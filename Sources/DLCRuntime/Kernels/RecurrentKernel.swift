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
        guard needed > 0, try Int(needed) <= step.operand(1).count else { throw DLCError("packed weights are too small") }
        return try PreparedKernel(rnn, slots: PreparedKernel.slots(step)) { dlc_rnn_prepare(step.isa, $0, $1) }
    }
}
