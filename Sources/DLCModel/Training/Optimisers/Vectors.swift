import DLCGraph
import DLCOps

/// The tensors of all parameters of a `minimize` as one vector, for methods whose lengths and angles are those of all together.
struct Vector {
    var parts: [TensorValue]

    init(_ parts: [TensorValue]) { self.parts = parts }

    static func + (a: Self, b: Self) throws -> Self { Self(try zip(a.parts, b.parts).map { try $0 + $1 }) }
    static func - (a: Self, b: Self) throws -> Self { Self(try zip(a.parts, b.parts).map { try $0 - $1 }) }
    static func * (a: Self, b: Scalar) throws -> Self { Self(try a.parts.map { try $0 * b }) }

    /// The sum of the products of all elements.
    func dot(_ other: Self) throws -> Scalar { try total(zip(parts, other.parts).map { try $0 * $1 }) }

    /// The sum of all magnitudes.
    func norm1() throws -> Scalar { try total(parts.map { try $0.magnitude() }) }

    private func total(_ parts: [TensorValue]) throws -> Scalar {
        let sums = try parts.map { part -> Scalar in
            let sum = try part.apply(Reduce(.sum, keepDims: false))
            return .tensor(sum.element == .float64 ? sum : try sum.apply(Cast(to: .float64)))
        }
        return try sums.dropFirst().reduce(sums.first ?? 0.0) { try $0 + $1 }
    }

    /// This vector where a scalar is more than one half, else another.
    func kept(where flag: Scalar, else other: Self) throws -> Self {
        guard case .tensor(let flag) = flag else { return flag.known ?? 0 > 0.5 ? self : other }
        let condition = try flag.apply(Binary(.greater), flag.builder.scalar(0.5, like: flag))
        return Self(try zip(parts, other.parts).map { try $0.kept(where: condition, else: $1) })
    }
}
