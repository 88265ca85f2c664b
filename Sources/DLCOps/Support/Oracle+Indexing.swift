import DLCGraph

extension Oracle {
    /// The operand at a position, which must be there.
    static func operand(_ operands: [Tensor?], _ index: Int) throws -> Tensor {
        guard index < operands.count, let tensor = operands[index] else { throw DLCError("operand \(index) is missing") }
        return tensor
    }

    /// The operand at a position, or nil.
    static func optional(_ operands: [Tensor?], _ index: Int) -> Tensor? { index < operands.count ? operands[index] : nil }

    /// The numbers of a shape in which everything must be known by now.
    static func numbers(_ dims: [Dim], _ what: String) throws -> [Int] {
        guard let values = dims.constants else {
            throw DLCError("\(what) is still symbolic: [\(dims.map(\.description).joined(separator: ", "))]")
        }
        return values
    }

    /// Row-major strides in elements.
    static func strides(_ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
        return strides
    }

    /// Calls `body` with every coordinate of a shape in row-major order.
    static func forEach(_ shape: [Int], _ body: ([Int]) throws -> Void) rethrows {
        if shape.contains(where: { $0 <= 0 }) { return }
        var index = [Int](repeating: 0, count: shape.count)
        while true {
            try body(index)
            var axis = shape.count - 1
            while axis >= 0 {
                index[axis] += 1
                if index[axis] < shape[axis] { break }
                index[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }

    /// The shape to which shapes broadcast.
    static func broadcast(_ shapes: [[Int]]) throws -> [Int] {
        try numbers(InferenceRules.broadcast(shapes.map { Shape(constants: $0) }), "shape")
    }

    /// For every element of `target`, the element of a tensor of `shape` that broadcasting puts there.
    static func broadcastIndices(_ shape: [Int], to target: [Int]) -> [Int] {
        let strides = strides(shape)
        let missing = target.count - shape.count
        var indices: [Int] = []
        indices.reserveCapacity(target.reduce(1, *))
        forEach(target) { index in
            var offset = 0
            for axis in shape.indices where shape[axis] != 1 { offset += index[axis + missing] * strides[axis] }
            indices.append(offset)
        }
        return indices
    }
}

extension Tensor {
    /// The tensor whose element `i` is this tensor's element `indices[i]`, or `fill`'s only element where that is −1.
    /// Copies bytes, so it serves every element type.
    /// - Throws: where an index lies outside, or a fill is asked for and `fill` has another type.
    func selecting(_ indices: [Int], shape: [Int], fill: Tensor? = nil) throws -> Tensor {
        guard try Checked.count(shape) == indices.count else { throw DLCError("\(indices.count) indices for shape \(shape)") }
        guard fill == nil || (fill?.type == type && fill?.count == 1) else {
            throw DLCError("padding expects one \(type), found \(fill?.type ?? type)\(fill?.shape ?? [])")
        }
        let size = type.size
        return try Tensor(type: type, shape: shape) { target in
            try withUnsafeBytes { source in
                try fill.withBytes { fill in
                    for (position, index) in indices.enumerated() {
                        let destination = UnsafeMutableRawBufferPointer(rebasing: target[position * size..<(position + 1) * size])
                        if index == -1 {
                            if let fill { destination.copyMemory(from: fill) }
                        } else {
                            guard index >= 0, index < count else { throw DLCError("index \(index) is outside 0 ..< \(count)") }
                            destination.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[index * size..<(index + 1) * size]))
                        }
                    }
                }
            }
        }
    }

    /// This tensor broadcast to a shape.
    /// - Throws: where there would be more elements than plain loops ever finish.
    func broadcast(to shape: [Int]) throws -> Tensor {
        if shape == self.shape { return self }
        guard try Checked.count(shape) <= 1 << 28 else { throw DLCError("\(type)\(shape) is too large for plain loops") }
        return try selecting(Oracle.broadcastIndices(self.shape, to: shape), shape: shape)
    }
}

extension Optional where Wrapped == Tensor {
    fileprivate func withBytes(_ body: (UnsafeRawBufferPointer?) throws -> Void) throws {
        guard let tensor = self else { return try body(nil) }
        try tensor.withUnsafeBytes { try body($0) }
    }
}
