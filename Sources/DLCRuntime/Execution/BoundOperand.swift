/// A step's operand with its sizes settled.
package struct BoundOperand {
    let type: ElementType
    var shape: [Int]
    /// Elements between neighbours along each dimension. Along dimensions of one element, and in tensors without any, they
    /// are those of a tensor without gaps, so that nobody has to ask.
    var strides: [Int]
    /// The number of elements.
    let count: Int

    var rank: Int { shape.count }

    /// Extents and strides beyond which nothing is tried, so that sums of a tensor's strides and products of its extents
    /// with the size of an element cannot overflow.
    private static let (mostElements, longestStride) = (1 << 48, 1 << 56)

    /// - Throws: where extents are negative or too large together.
    init(type: ElementType, shape: [Int], strides: [Int]) throws {
        var (elements, isEmpty) = (1, false)
        for extent in shape {
            guard extent >= 0, extent <= Self.mostElements else { throw DLCError("an extent of \(shape) is out of range") }
            isEmpty = isEmpty || extent == 0
            guard elements <= Self.mostElements / max(1, extent) else { throw DLCError("extents \(shape) are too large together") }
            elements *= max(1, extent)
        }
        self.type = type
        self.shape = shape
        self.strides = strides
        count = isEmpty ? 0 : elements
        var dense = 1
        for axis in shape.indices.reversed() {
            if isEmpty || shape[axis] == 1 { self.strides[axis] = dense }
            let (next, overflows) = self.strides[axis].multipliedReportingOverflow(by: max(1, shape[axis]))
            guard !overflows, next.magnitude <= UInt(Self.longestStride) else { throw DLCError("strides \(strides) are out of range") }
            dense = next
        }
    }

    /// Whether the elements lie in row-major order without gaps.
    var isContiguous: Bool {
        var expected = 1
        for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
            if stride != expected && count > 0 { return false }
            expected *= extent
        }
        return true
    }

    /// Whether the elements lie as a kernel needs them.
    func lies(_ layout: OperandRule.Layout) -> Bool {
        switch layout {
        case .strided: true
        case .rows: rank == 0 || count == 0 || strides[rank - 1] == 1
        case .pixels: (try? pixelStride()) != nil
        case .contiguous: isContiguous
        }
    }

    /// Whether no two elements share a place and every stride goes forward, as results must lie.
    var keepsElementsApart: Bool {
        if count <= 1 || isContiguous { return true }
        var reach = 0
        for (stride, extent) in zip(strides, shape).filter({ $0.1 > 1 }).sorted(by: { $0.0 < $1.0 }) {
            guard stride > reach else { return false }
            reach += stride * (extent - 1)
        }
        return true
    }

    /// Elements from pixel to pixel of a channels-last tensor.
    /// - Throws: where pixels are not equally spaced.
    func pixelStride() throws -> Int {
        guard let channels = shape.last, strides.last == 1 || channels <= 1 || count == 0 else {
            throw DLCError("channels are not neighbours")
        }
        if count == 0 { return channels }
        var result: Int?
        var expected = 0
        for (extent, stride) in zip(shape, strides).dropLast().reversed() where extent != 1 {
            if result == nil { result = stride } else if stride != expected { throw DLCError("pixels are not equally spaced") }
            expected = stride * extent
        }
        return result ?? channels
    }

    /// The extents before an axis, of it, and behind it, multiplied.
    /// - Throws: where there is no such axis.
    func around(_ axis: Int) throws -> (outer: Int64, axis: Int64, inner: Int64) {
        guard shape.indices.contains(axis) else { throw DLCError("axis \(axis) is outside \(shape)") }
        return (product(..<axis), Int64(shape[axis]), product((axis + 1)...))
    }

    /// The product of some extents.
    func product(_ axes: some RangeExpression<Int>) -> Int64 { Int64(shape[axes.relative(to: shape)].reduce(1, *)) }

    /// - Throws: where the extents are not the ones that follow from other operands.
    func expect(_ shape: [Int], _ name: String) throws {
        guard self.shape == shape else { throw DLCError("\(name) has extents \(self.shape); expected \(shape)") }
    }
}
