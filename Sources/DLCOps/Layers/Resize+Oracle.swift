import DLCGraph

extension Resize {
    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let sizes = try Oracle.numbers(sizes, "sizes")
        guard sizes.count == x.rank, try Checked.count(sizes) > 0 else { return [try Tensor(type: x.type, shape: sizes) { _ in }] }
        guard x.count > 0 else { throw DLCError("nothing to interpolate \(sizes) from: x is empty, \(x.shape)") }
        return [try settled(x.shape).resized(x, sizes)]
    }

    /// The same with numbers for scales where the aspect is kept, in single precision as ONNX Runtime.
    func settled(_ extents: [Int]) throws -> Resize {
        guard aspect != .stretch else { return self }
        let bounds = try Oracle.numbers(box, "box")
        let bound = extents.indices.filter { bounds[$0] >= 0 }
        let quotients = bound.map { Float(bounds[$0]) / Float(extents[$0]) }
        let scale = Double((aspect == .notLarger ? quotients.min() : quotients.max()) ?? 1)
        var resize = self
        (resize.aspect, resize.box) = (.stretch, [])
        resize.scales = extents.indices.map { bound.contains($0) ? scale : 1 }
        return resize
    }

    private func resized(_ x: Tensor, _ sizes: [Int]) throws -> Tensor {
        if mode == .nearest { return try nearest(x, sizes) }
        var (values, shape) = (try x.doubles(), x.shape)
        for axis in shape.indices {
            if isIdentity(axis, from: shape[axis], to: sizes[axis]) { continue }
            let taps = taps(axis, from: shape[axis], to: sizes[axis])
            let inner = shape[(axis + 1)...].reduce(1, *)
            let outer = shape[..<axis].reduce(1, *)
            var result: [Double] = []
            for o in 0..<outer {
                for tap in taps {
                    for i in 0..<inner {
                        guard let tap else {
                            result.append(extrapolation)
                            continue
                        }
                        // What weighs nothing is not read: it may be infinite.
                        result.append(
                            tap.reduce(0) { $1.weight == 0 ? $0 : $0 + $1.weight * values[(o * shape[axis] + $1.index) * inner + i] })
                    }
                }
            }
            values = result
            shape[axis] = sizes[axis]
        }
        if let range = x.type.integerRange {
            // What lies as close to a half as sums in f32 are exact is one, so that the order of a sum does not decide.
            values = values.map { value in
                let settled = (value * 4096).rounded(.toNearestOrEven) / 4096
                return min(max(settled.rounded(.toNearestOrEven), range.lowerBound), range.upperBound)
            }
        }
        return try Tensor(doubles: values, type: x.type, shape: sizes)
    }

    /// Nearest neighbours select bytes, so that every type works.
    private func nearest(_ x: Tensor, _ sizes: [Int]) throws -> Tensor {
        let strides = Oracle.strides(x.shape)
        let chosen = sizes.indices.map { nearest($0, from: x.shape[$0], to: sizes[$0]) }
        var indices: [Int] = []
        Oracle.forEach(sizes) { index in
            var offset = 0
            for (axis, y) in index.enumerated() {
                guard offset >= 0, let source = chosen[axis][y] else {
                    offset = -1
                    continue
                }
                offset += source * strides[axis]
            }
            indices.append(offset)
        }
        return try x.selecting(indices, shape: sizes, fill: Tensor(filling: extrapolation, type: x.type, shape: []))
    }

    /// The operand's position that is nearest to every result position along an axis; nil where it lies outside.
    private func nearest(_ axis: Int, from: Int, to: Int) -> [Int?] {
        (0..<to).map { y in
            if isIdentity(axis, from: from, to: to) { return y }
            let position = position(y, axis, from: from, to: to)
            if isOutside(position, from) { return nil }
            let rounded: Double =
                switch rounding {
                case .preferFloor: (position - 0.5).rounded(.up)
                case .preferCeil: (position + 0.5).rounded(.down)
                case .floor: position.rounded(.down)
                case .ceil: position.rounded(.up)
                }
            return rounded > 0 ? Int(min(rounded, Double(from - 1))) : 0
        }
    }

    /// Which elements of the operand, with which weights, make each element of the result along an axis; none where it lies
    /// outside, or where there are none.
    func weights(_ axis: Int, from: Int, to: Int) -> [[(index: Int, weight: Double)]] {
        guard from > 0, to > 0 else { return [[(index: Int, weight: Double)]](repeating: [], count: to) }
        if mode == .nearest || isIdentity(axis, from: from, to: to) {
            return nearest(axis, from: from, to: to).map { $0.map { [($0, 1)] } ?? [] }
        }
        return taps(axis, from: from, to: to).map { $0 ?? [] }
    }

    private func scale(_ axis: Int, from: Int, to: Int) -> Double { scales.isEmpty ? Double(to) / Double(from) : scales[axis] }

    private func isIdentity(_ axis: Int, from: Int, to: Int) -> Bool {
        let isWhole = coordinates != .cropAndResize || (roi[axis] == 0 && roi[axis + roi.count / 2] == 1)
        return from == to && abs(scale(axis, from: from, to: to) - 1) < 1e-9 && isWhole
    }

    private func isOutside(_ position: Double, _ extent: Int) -> Bool {
        coordinates == .cropAndResize && (position < 0 || position > Double(extent - 1))
    }

    /// The coordinate in the operand, in single precision as ONNX Runtime and the kernels compute it, so that they agree
    /// about which neighbour is nearest. `length_resized` is the extent before rounding, as in ONNX's reference.
    private func position(_ index: Int, _ axis: Int, from: Int, to: Int) -> Double {
        let scale = scales.isEmpty ? Float(to) / Float(from) : Float(scales[axis])
        let (y, extent, count) = (Float(index), Float(from), Float(to))
        let length = abs(scale * extent - count) < 1e-3 ? count : scale * extent
        let position: Float
        switch coordinates {
        case .halfPixel: position = (y + 0.5) / scale - 0.5
        case .halfPixelSymmetric: position = extent / 2 * (1 - count / (scale * extent)) + (y + 0.5) / scale - 0.5
        case .pytorchHalfPixel: position = to > 1 ? (y + 0.5) / scale - 0.5 : 0
        case .alignCorners: position = to > 1 && length != 1 ? y * (extent - 1) / (length - 1) : 0
        case .asymmetric: position = y / scale
        case .halfPixelForNearest: position = (y + 0.5) / scale
        case .cropAndResize:
            let (start, end) = (Float(roi[axis]), Float(roi[axis + roi.count / 2]))
            position =
                to > 1 && length != 1
                ? start * (extent - 1) + y * (end - start) * (extent - 1) / (length - 1) : 0.5 * (start + end) * (extent - 1)
        }
        return Double(position)
    }

    /// Operand positions and weights of every result position along an axis; nil where it lies outside.
    private func taps(_ axis: Int, from: Int, to: Int) -> [[(index: Int, weight: Double)]?] {
        // In single precision, as scales and the coefficient come.
        let scale = antialias ? min(Double(Float(scale(axis, from: from, to: to))), 1) : 1
        let radius = mode == .linear ? 1.0 : 2.0
        let start = Int((-radius / scale).rounded(.down)) + 1
        return (0..<to).map { y in
            let position = position(y, axis, from: from, to: to)
            if isOutside(position, from) { return nil }
            // What is not a number, or too far out to be one, reads the first element.
            guard position.magnitude < 0x1p52 else { return [(0, .nan)] }
            // As ONNX Runtime and PyTorch, from the neighbour below on, so that a weight of 0 falls on the same elements.
            let base = Int(position.rounded(.down))
            let ratio = position - Double(base)
            var taps = (start..<(2 - start)).map { (index: base + $0, weight: kernel((Double($0) - ratio) * scale)) }
            if excludesOutside { taps = taps.map { $0.index < 0 || $0.index >= from ? ($0.index, 0) : $0 } }
            let sum = taps.reduce(0) { $0 + $1.weight }
            return taps.map { (min(max($0.index, 0), from - 1), sum == 0 ? 0 : $0.weight / sum) }
        }
    }

    private func kernel(_ t: Double) -> Double {
        let (x, a) = (abs(t), Double(Float(cubicCoefficient)))
        if mode == .linear { return max(1 - x, 0) }
        if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
    }
}
