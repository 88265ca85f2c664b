import DLCTensor

extension ScheduleOperation {
    /// Distinct slices along an axis, or distinct elements, with first places, what each slice is, and counts.
    static func unique(_ given: Tensor, isSorted: Bool, axis: Int?) throws -> [Tensor] {
        let x = try axis == nil ? given.reshaped([given.count]) : given
        let axis = axis ?? 0
        guard axis >= 0, axis < x.rank else { throw DLCError("axis \(axis) is outside \(x.type)\(x.shape)") }
        let extent = x.shape[axis]
        let (outer, inner) = (x.shape[..<axis].reduce(1, *), x.shape[(axis + 1)...].reduce(1, *))
        let keys = try orderedKeys(x)
        /// −1, 0 or 1 as slice `a` is before, equal to or behind slice `b`.
        func order(_ a: Int, _ b: Int) -> Int {
            for o in 0..<outer {
                let (p, q) = ((o * extent + a) * inner, (o * extent + b) * inner)
                for i in 0..<inner where keys[p + i] != keys[q + i] { return keys[p + i] < keys[q + i] ? -1 : 1 }
            }
            return 0
        }
        let sorted = (0..<extent).sorted { a, b in
            let order = order(a, b)
            return order < 0 || (order == 0 && a < b)
        }
        var groups: [(first: Int, members: Range<Int>)] = []
        var start = 0
        for end in sorted.indices.map({ $0 + 1 }) where end == extent || order(sorted[start], sorted[end]) != 0 {
            groups.append((sorted[start], start..<end))
            start = end
        }
        if !isSorted { groups.sort { $0.first < $1.first } }
        var inverse = [Int64](repeating: 0, count: extent)
        for (place, group) in groups.enumerated() { for member in sorted[group.members] { inverse[member] = Int64(place) } }
        var shape = x.shape
        shape[axis] = groups.count
        let row = inner * x.type.size
        let values = try Tensor(type: x.type, shape: shape) { target in
            x.withUnsafeBytes { source in
                guard row > 0, var write = target.baseAddress, let start = source.baseAddress else { return }
                for o in 0..<outer {
                    for group in groups {
                        write.copyMemory(from: start + (o * extent + group.first) * row, byteCount: row)
                        write += row
                    }
                }
            }
        }
        return [
            values, try Tensor(groups.map { Int64($0.first) }, shape: [groups.count]), try Tensor(inverse, shape: [extent]),
            try Tensor(groups.map { Int64($0.members.count) }, shape: [groups.count]),
        ]
    }

    /// Numbers in the order of the elements, strings by their bytes; equal for zeros of both signs and for all that are no number.
    private static func orderedKeys(_ x: Tensor) throws -> [UInt64] {
        if x.type == .string {
            let texts = try x.texts()
            let ranks = Dictionary(Set(texts).sorted { $0.lexicographicallyPrecedes($1) }.enumerated().map { ($1, UInt64($0)) }) { $1 }
            return texts.map { ranks[$0] ?? 0 }
        }
        if x.type.isFloat {
            return try x.doubles().map { value in
                if value.isNaN { return .max }
                let bits = (value == 0 ? 0 : value).bitPattern
                return bits >> 63 == 1 ? ~bits : bits | 1 << 63
            }
        }
        let flip: UInt64 = x.type == .uint64 ? 0 : 1 << 63
        return try x.integers().map { UInt64(bitPattern: $0) ^ flip }
    }
}
