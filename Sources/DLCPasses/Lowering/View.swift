import DLCGraph
import DLCRuntime

/// Strided views: which reshapes, transposes and slices cost nothing.
extension Plan.Operand {
    /// Whether the elements lie in row-major order without gaps, for every binding of the symbols.
    func isContiguous() throws -> Bool {
        var expected: Dim = 1
        for (extent, stride) in zip(shape, strides).reversed() where extent.constant != 1 {
            if stride != expected { return false }
            expected = try expected.times(extent)
        }
        return true
    }

    func transposed(_ permutation: [Int]) -> Plan.Operand {
        var copy = self
        copy.shape = permutation.map { shape[$0] }
        copy.strides = permutation.map { strides[$0] }
        return copy
    }

    func sliced(starts: [Dim], sizes: [Dim], steps: [Int]) throws -> Plan.Operand {
        var copy = self
        copy.shape = sizes
        for axis in shape.indices {
            copy.offset = try copy.offset.plus(starts[axis].times(strides[axis]))
            copy.strides[axis] = try strides[axis].times(Dim(steps[axis]))
        }
        return copy
    }

    /// The view with stride 0 where a dimension is repeated. Whether a symbolic extent is 1 shows when it is bound, so there the
    /// stride is an expression: `stride · min(extent − 1, 1)`.
    func broadcast(to target: Shape) throws -> Plan.Operand {
        var copy = self
        let missing = target.count - shape.count
        copy.shape = target
        copy.strides = try target.indices.map { axis in
            guard axis >= missing else { return 0 }
            let (extent, stride) = (shape[axis - missing], strides[axis - missing])
            if extent == target[axis] || stride == 0 { return stride }
            if let number = extent.constant { return number == 1 ? 0 : stride }
            return try stride.times(Dim.min(extent.minus(1), 1))
        }
        return copy
    }

    /// The same elements in the same order under another shape, or nil where that takes a copy.
    func reshaped(_ target: Shape) throws -> Plan.Operand? {
        var copy = self
        copy.shape = target
        // An empty tensor lies anyhow.
        if try isContiguous() || shape.contains(0) || target.contains(0) {
            copy.strides = try Self.rowMajor(target)
            return copy
        }
        // Groups of dimensions with equal products on both sides; within a group the old ones must be mergeable.
        let old = zip(shape, strides).filter { $0.0.constant != 1 }
        var strides = Shape(repeating: 1, count: target.count)
        var (i, j) = (0, 0)
        while j < target.count {
            if target[j].constant == 1 {
                j += 1
                continue
            }
            guard i < old.count else { return nil }
            var (left, right) = (old[i].0, target[j])
            let (firstOld, firstNew) = (i, j)
            i += 1
            j += 1
            var attempts = 0
            while left != right {
                attempts += 1
                if attempts > 16 { return nil }
                if try left.remainder(right) == 0 {
                    guard j < target.count else { return nil }
                    right = try right.times(target[j])
                    j += 1
                } else {
                    guard i < old.count else { return nil }
                    left = try left.times(old[i].0)
                    i += 1
                }
            }
            for k in firstOld..<(i - 1) where old[k].1 != (try old[k + 1].1.times(old[k + 1].0)) { return nil }
            var stride = old[i - 1].1
            for k in (firstNew..<j).reversed() {
                strides[k] = stride
                stride = try stride.times(target[k])
            }
        }
        guard i == old.count else { return nil }
        copy.strides = strides
        return copy
    }
}
