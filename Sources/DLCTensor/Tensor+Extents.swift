extension Tensor {
    /// Beyond it no tensor has as many elements, and sums of a few such numbers do not overflow.
    private static let mostElements: Int64 = 1 << 48
    /// From here on numbers mean "to the end", as the largest integer does in the bounds of slices.
    private static let endless: Int64 = 1 << 62

    /// The integers as extents of a tensor `bool[0, …]`: each number, or where they may be below 0 two extents, one of them 0, whose
    /// difference is the number. From 2⁶² on, either way, they count as 2⁴⁸.
    /// - Throws: where the elements are no integers, more than 64, other numbers beyond 2⁴⁸, or below 0 and may not be.
    package func asExtents(isSigned: Bool) throws -> Tensor {
        guard !type.isFloat, count <= 64 else { throw DLCError("\(type)\(shape) holds no extents") }
        let extents = try integers().flatMap { given -> [Int] in
            guard given.magnitude <= Self.mostElements || given.magnitude >= Self.endless else {
                throw DLCError("an extent follows from \(given), as the data say; expected at most 2^48")
            }
            let number = Int(max(-Self.mostElements, min(Self.mostElements, given)))
            if isSigned { return [max(number, 0), max(-number, 0)] }
            guard number >= 0 else { throw DLCError("a number of elements is \(given), as the data say; expected 0 or more") }
            return [number]
        }
        return try Tensor(extents: extents)
    }
}
