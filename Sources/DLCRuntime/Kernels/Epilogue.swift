import CKernels

/// How a step says what happens to finished sums: the last integers are the activation and whether the residual comes
/// after it, the last numbers the activation's two parameters.
extension BoundStep {
    func epilogue() throws -> dlc_epilogue {
        guard integers.count >= 2, numbers.count >= 2, let activation = UInt8(exactly: integers[integers.count - 2]),
            activation <= DLC_ACT_ELU.rawValue
        else { throw DLCError("malformed epilogue") }
        var epilogue = dlc_epilogue()
        epilogue.activation = dlc_activation(rawValue: activation)
        epilogue.residual_after_activation = integers[integers.count - 1] != 0
        epilogue.a = Float(numbers[numbers.count - 2])
        epilogue.b = Float(numbers[numbers.count - 1])
        return epilogue
    }
}

extension BoundOperand {
    /// Elements from pixel to pixel of a channels-last tensor.
    /// - Throws: where pixels are not equally spaced.
    func pixelStride() throws -> Int {
        guard let channels = shape.last, strides.last == 1 || channels == 1 else { throw DLCError("channels are not neighbours") }
        var result: Int?
        var expected = 0
        for (extent, stride) in zip(shape, strides).dropLast().reversed() where extent != 1 {
            if result == nil { result = stride } else if stride != expected { throw DLCError("pixels are not equally spaced") }
            expected = stride * extent
        }
        return result ?? channels
    }

    /// The spatial extents of a channels-last tensor as depth, height and width.
    func volume() throws -> (Int64, Int64, Int64) {
        guard rank >= 3, rank <= 5 else { throw DLCError("expected 1 to 3 spatial dimensions") }
        let spatial = [Int](repeating: 1, count: 5 - rank) + shape[1..<(rank - 1)]
        return (Int64(spatial[0]), Int64(spatial[1]), Int64(spatial[2]))
    }
}

/// Three numbers for depth, height and width from those of the last dimensions.
func volume(_ values: ArraySlice<Int>, _ missing: Int) -> (Int64, Int64, Int64) {
    let all = [Int](repeating: missing, count: max(0, 3 - values.count)) + values
    return (Int64(all[0]), Int64(all[1]), Int64(all[2]))
}
