/// How a kernel's windows move over the spatial dimensions of a channels-last tensor: one number for each dimension.
package struct Window: FieldGroup {
    package var kernel: [Int] = []
    package var stride: [Int] = []
    package var dilation: [Int] = []
    /// Elements before and behind a dimension; negative ones are cut off.
    package var before: [Dim] = []
    package var after: [Dim] = []

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("kernel", &kernel)
        try fields("stride", &stride)
        try fields("dilation", &dilation)
        try fields("before", &before)
        try fields("after", &after)
    }

    /// Places in a kernel.
    package var taps: Int { kernel.reduce(1, *) }

    /// The numbers with their sizes settled.
    /// - Throws: where they are not one for each spatial dimension of `x` and `y`, or where a position that they lead to
    ///   is out of range.
    func bound(_ step: BoundStep, x: BoundOperand, y: BoundOperand) throws -> BoundWindow {
        let rank = x.rank - 2
        let (before, after) = (try before.map(step.value), try after.map(step.value))
        guard (1...3).contains(rank), y.rank == x.rank,
            [kernel.count, stride.count, dilation.count, before.count, after.count].allSatisfy({ $0 == rank })
        else { throw DLCError("windows of \(kernel.count) dimensions for an operand of extents \(x.shape)") }
        var taps = 1
        for axis in 0..<rank {
            let (least, most) = (1, Self.most)
            guard [kernel[axis], stride[axis], dilation[axis]].allSatisfy({ $0 >= least && $0 <= most }),
                [before[axis], after[axis]].allSatisfy({ $0.magnitude <= UInt(most) }), kernel[axis] * dilation[axis] <= most,
                y.shape[axis + 1] <= most, x.shape[axis + 1] <= most
            else { throw DLCError("a window's kernel, stride, dilation or padding in dimension \(axis + 1) is out of range") }
            taps *= kernel[axis]
            guard taps <= most else { throw DLCError("a window of \(kernel) is too large") }
        }
        return BoundWindow(
            kernel: volume(kernel, 1), stride: volume(stride, 1), dilation: volume(dilation, 1), before: volume(before, 0),
            after: volume(after, 0))
    }

    /// Beyond it nothing is tried, so that positions cannot overflow.
    private static let most = 1 << 30
}

/// A window as depth, height and width; dimensions that it does not have leave it as it is.
struct BoundWindow {
    let kernel: (Int64, Int64, Int64)
    let stride: (Int64, Int64, Int64)
    let dilation: (Int64, Int64, Int64)
    let before: (Int64, Int64, Int64)
    let after: (Int64, Int64, Int64)
}

extension BoundOperand {
    /// The spatial extents of a channels-last tensor as depth, height and width.
    func volume() throws -> (Int64, Int64, Int64) {
        guard rank >= 3, rank <= 5 else { throw DLCError("expected 1 to 3 spatial dimensions") }
        return DLCRuntime.volume(Array(shape[1..<(rank - 1)]), 1)
    }
}

/// Depth, height and width from the last of at most three numbers; `missing` for those in front.
func volume(_ values: [Int], _ missing: Int) -> (Int64, Int64, Int64) {
    let all = [Int](repeating: missing, count: max(0, 3 - values.count)) + values
    return (Int64(all[0]), Int64(all[1]), Int64(all[2]))
}
