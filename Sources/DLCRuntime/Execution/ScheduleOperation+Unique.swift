import DLCTensor

extension ScheduleOperation {
    /// Distinct slices along an axis, or distinct elements, with first places, what each slice is, and counts.
    static func unique(_ given: Tensor, isSorted: Bool, axis: Int?) throws -> [Tensor] {
        let x = try axis == nil ? given.reshaped([given.count]) : given
        let axis = axis ?? 0
        guard axis >= 0, axis < x.rank else { throw DLCError("axis \(axis) is outside \(x.type)\(x.shape)") }
        let extent = x.shape[axis]
        let (outer, inner) = (x.shape[..<axis].reduce(1, *), x.shape[(axis + 1)...].reduce(1, *))
        let groups = SliceGroups(extent: extent, outer: outer, inner: inner, keys: try orderedKeys(x))
        let order = isSorted ? groups.ascending() : Array(groups.firsts.indices)
        var places = [Int64](repeating: 0, count: order.count)
        for (place, group) in order.enumerated() { places[group] = Int64(place) }
        var shape = x.shape
        shape[axis] = order.count
        let row = inner * x.type.size
        let values = try Tensor(type: x.type, shape: shape) { target in
            x.withUnsafeBytes { source in
                guard row > 0, var write = target.baseAddress, let start = source.baseAddress else { return }
                for o in 0..<outer {
                    for group in order {
                        write.copyMemory(from: start + (o * extent + groups.firsts[group]) * row, byteCount: row)
                        write += row
                    }
                }
            }
        }
        return [
            values, try Tensor(order.map { Int64(groups.firsts[$0]) }, shape: [order.count]),
            try Tensor(groups.members.map { places[$0] }, shape: [extent]),
            try Tensor(order.map { groups.counts[$0] }, shape: [order.count]),
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

/// Which slices of a tensor are equal, found by hashing, in the order in which they first come.
private struct SliceGroups {
    /// The first slice of each group, and how many it has.
    let firsts: [Int]
    let counts: [Int64]
    /// The group of each slice.
    let members: [Int]
    /// The numbers of slice after slice, `length` of each.
    private let keys: [UInt64]
    private let length: Int

    /// - Parameter given: numbers [outer, extent, inner], where slices are the places of the second dimension.
    init(extent: Int, outer: Int, inner: Int, keys given: [UInt64]) {
        let length = outer * inner
        let keys =
            outer == 1
            ? given : (0..<extent).flatMap { slice in (0..<outer).flatMap { given[(($0 * extent + slice) * inner)...].prefix(inner) } }
        var (firsts, counts, members, hashes): ([Int], [Int64], [Int], [UInt64]) = ([], [], [], [])
        members.reserveCapacity(extent)
        // Open addressing; at most half of the slots are taken, each by a group.
        var slots = [Int](repeating: -1, count: 64)
        keys.withUnsafeBufferPointer { keys in
            for slice in 0..<extent {
                var hash: UInt64 = 0
                for key in (slice * length)..<((slice + 1) * length) { hash = Self.mixed(hash ^ keys[key]) }
                var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
                while slots[slot] >= 0, !(hashes[slots[slot]] == hash && Self.areEqual(keys, firsts[slots[slot]], slice, length)) {
                    slot = (slot + 1) & (slots.count - 1)
                }
                let group = slots[slot]
                if group >= 0 {
                    counts[group] += 1
                    members.append(group)
                    continue
                }
                slots[slot] = firsts.count
                members.append(firsts.count)
                firsts.append(slice)
                counts.append(1)
                hashes.append(hash)
                if firsts.count * 2 > slots.count { slots = Self.slots(hashes, count: slots.count * 4) }
            }
        }
        (self.firsts, self.counts, self.members, self.keys, self.length) = (firsts, counts, members, keys, length)
    }

    private static func mixed(_ x: UInt64) -> UInt64 {
        let product = (x ^ x >> 32) &* 0x9E37_79B9_7F4A_7C15
        return product ^ product >> 29
    }

    private static func areEqual(_ keys: UnsafeBufferPointer<UInt64>, _ a: Int, _ b: Int, _ length: Int) -> Bool {
        for i in 0..<length where keys[a * length + i] != keys[b * length + i] { return false }
        return true
    }

    /// Slots for groups that are known to differ.
    private static func slots(_ hashes: [UInt64], count: Int) -> [Int] {
        var slots = [Int](repeating: -1, count: count)
        for (group, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & (count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (count - 1) }
            slots[slot] = group
        }
        return slots
    }

    /// The groups in the order of their slices.
    func ascending() -> [Int] {
        guard length > 0 else { return Array(firsts.indices) }
        var order = firsts.enumerated().map { (key: keys[$1 * length], group: $0) }
        order.sort { a, b in
            if a.key != b.key { return a.key < b.key }
            let (x, y) = (firsts[a.group] * length, firsts[b.group] * length)
            for i in 1..<length where keys[x + i] != keys[y + i] { return keys[x + i] < keys[y + i] }
            return false
        }
        return order.map(\.group)
    }
}
