extension Dim {
    /// The extent that NumPy's broadcasting gives: the one that the extents have, apart from those that are 1.
    ///
    /// Unlike a maximum it is right for 0: beside 1 the result is 0. Canonical: nested ones are flattened, 1 and repeated extents
    /// vanish, an extent that cannot be 1 is the result.
    /// - Throws: where two of them are numbers that do not broadcast.
    public static func broadcast(_ extents: [Dim]) throws -> Dim {
        var parts: [Dim] = []
        for extent in extents.flatMap(\.broadcastParts) where extent.constant != 1 && !parts.contains(extent) { parts.append(extent) }
        let numbers = parts.compactMap(\.constant)
        if let number = numbers.first {
            guard numbers.count == 1 else { throw DLCError("extents \(numbers[0]) and \(numbers[1]) do not broadcast") }
            return Dim(number)
        }
        parts.sort { $0.description < $1.description }
        if let settled = try parts.first(where: { try $0.minus(2).isNonNegative }) { return settled }
        return parts.count > 1 ? Dim(atom: .broadcast(parts)) : parts.first ?? 1
    }

    /// The extents whose broadcast this is; itself where it is none.
    public var broadcastParts: [Dim] {
        if symbolicTerms.count == 1, symbolicTerms[0].coefficient == 1, symbolicTerms[0].atoms.count == 1,
            case .broadcast(let parts) = symbolicTerms[0].atoms[0] {
            return parts
        }
        return [self]
    }
}
