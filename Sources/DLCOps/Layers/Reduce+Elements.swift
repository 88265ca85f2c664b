import DLCGraph

/// Shape arithmetic through sums, products and extrema.
extension Reduce: FollowsElements {
    public func follow(_ operands: [Fact?], _ result: Fact) throws -> Elements? {
        guard let x = operands[0], let elements = x.elements, let from = x.shape.constants else { return nil }
        let axes = self.axes.isEmpty ? Array(from.indices) : try InferenceRules.axes(self.axes, rank: from.count)
        let kept = from.enumerated().map { axes.contains($0.offset) ? 1 : $0.element }
        let groups = Oracle.broadcastIndices(kept, to: from)
        let count = try Checked.count(kept)
        switch elements {
        case .whole(let dims):
            guard x.element.isFollowed || x.element == .bool, let step = step(Dim.self) else { return nil }
            return try folded(dims, groups, count, start: Dim(kind == .prod ? 1 : 0), step).map { .whole($0) }
        case .real(let values):
            let function: RealFunction
            switch kind {
            case .sum: function = .add
            case .prod: function = .mul
            case .max: function = .max
            case .min: function = .min
            default: return nil
            }
            // Sums and products of floats depend on their order beyond two.
            guard kind == .max || kind == .min || values.count <= 2 * count else { return nil }
            return try folded(values, groups, count, start: Real(kind == .prod ? 1.0 : 0.0)) {
                try Real.apply(function, x.element, [$0, $1])
            }.map { .real($0) }
        }
    }

    private func step(_: Dim.Type) -> ((Dim, Dim) throws -> Dim)? {
        switch kind {
        case .sum: { try $0.plus($1) }
        case .prod: { try $0.times($1) }
        case .max: { try Dim.max($0, $1) }
        case .min: { try Dim.min($0, $1) }
        default: nil
        }
    }

    /// The elements of every group folded from its first on; nil where an extremum of nothing is asked for.
    private func folded<T>(_ elements: [T], _ groups: [Int], _ count: Int, start: T, _ step: (T, T) throws -> T) throws -> [T]? {
        var sums = [T?](repeating: nil, count: count)
        for (element, group) in zip(elements, groups) { sums[group] = try sums[group].map { try step($0, element) } ?? element }
        if kind == .max || kind == .min, sums.contains(where: { $0 == nil }) { return nil }
        return sums.map { $0 ?? start }
    }
}

extension CumSum: FollowsElements {
    public func follow(_ operands: [Fact?], _ result: Fact) throws -> Elements? {
        guard let x = operands[0], case .whole(let dims)? = x.elements, x.element.isFollowed, let shape = x.shape.constants
        else { return nil }
        var sums = dims
        try Oracle.forEachRow(shape, InferenceRules.axis(axis, rank: shape.count)) { _, row in
            var sum = Dim(0)
            for element in reverse ? row.reversed() : row {
                let next = try sum.plus(dims[element])
                sums[element] = exclusive ? sum : next
                sum = next
            }
        }
        return .whole(sums)
    }
}
