extension Dim {
    /// The extent that NumPy's broadcasting gives: the one that the extents have, apart from those that are 1.
    ///
    /// Unlike a maximum it is right for 0: beside 1 the result is 0. Canonical: nested ones are flattened, 1 and repeated extents
    /// vanish, as does `max(0, x)` beside `x`, since extents are not negative; an extent that cannot be 1 is the result.
    /// - Throws: where two of them are numbers that do not broadcast.
    public static func broadcast(_ extents: [Dim]) throws -> Dim {
        var parts: [Dim] = []
        for extent in extents.flatMap(\.broadcastParts) where extent.constant != 1 && !parts.contains(extent) { parts.append(extent) }
        let numbers = parts.compactMap(\.constant)
        if let number = numbers.first {
            guard numbers.count == 1 else { throw DLCError("extents \(numbers[0]) and \(numbers[1]) do not broadcast") }
            return Dim(number)
        }
        guard parts.count <= Limit.broadcast else { throw DLCError("more than \(Limit.broadcast) different extents broadcast") }
        parts = try parts.filter { part in
            try !part.hasMaximum || !parts.contains { try $0 != part && max(0, $0) == part }
        }
        parts.sort { compare($0, $1) < 0 }
        if let settled = parts.first(where: { $0.isAtLeast(2) }) { return settled }
        return parts.count > 1 ? try Dim(atom: .broadcast(parts)) : parts.first ?? 1
    }

    private var hasMaximum: Bool {
        symbolicTerms.contains { term in
            term.atoms.contains { if case .maximum = $0 { true } else { false } }
        }
    }

    /// The extents whose broadcast this is; itself where it is none.
    public var broadcastParts: [Dim] {
        if case .broadcast(let parts) = atom { return parts }
        return [self]
    }
}
