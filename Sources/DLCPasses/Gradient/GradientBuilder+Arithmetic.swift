import DLCGraph
import DLCOps

/// Arithmetic that does not compute what it can see: gradients begin with ones, which sums spread over whole tensors.
extension GradientBuilder {
    /// What a value is repeated from, where it is known along which dimensions it is.
    func repeated(_ value: Value) -> Value? {
        guard let node = builder.producer(of: value), node.op is Expand, let inner = node.operands.first ?? nil else { return nil }
        let target = shape(value).suffix(shape(inner).count)
        return zip(shape(inner), target).allSatisfy { $0 == 1 || $0 == $1 } ? inner : nil
    }

    /// The function of two values, one of which may be left as it is before it was repeated to the other's shape.
    mutating func arithmetic(_ function: BinaryFunction, _ a: Value, _ b: Value) throws -> Value {
        var (a, b) = (a, b)
        if let inner = repeated(a), let other = repeated(b), shape(a) == shape(b) {
            // Both are repeated: what they are repeated from broadcasts no further.
            return try expand(arithmetic(function, inner, other), to: shape(a))
        }
        if let inner = repeated(a), shape(a) == shape(b) { a = inner } else if let inner = repeated(b), shape(a) == shape(b) { b = inner }
        let (x, y) = (try number(a), try number(b))
        if x != nil, y != nil {
            let result = try Binary(function).evaluate([builder.constant(a), builder.constant(b)])
            return builder.constant(result[0])
        }
        switch function {
        case .mul where x == 1: return try ranked(b, shape(a).count)
        case .mul where y == 1, .div where y == 1: return try ranked(a, shape(b).count)
        default: return try add(Binary(function), a, b)
        }
    }

    /// A value with dimensions of 1 in front, so that it has at least a rank.
    private mutating func ranked(_ value: Value, _ rank: Int) throws -> Value {
        try reshape(value, to: Shape(repeating: 1, count: max(0, rank - shape(value).count)) + shape(value))
    }

    /// The one element of a constant.
    private func number(_ value: Value) throws -> Double? {
        guard let tensor = builder.constant(value), tensor.count == 1, tensor.type.isFloat else { return nil }
        return try tensor.doubles()[0]
    }
}
