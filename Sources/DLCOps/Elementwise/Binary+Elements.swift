import DLCGraph

/// Shape arithmetic through functions of two tensors.
extension Binary: FollowsElements {
    public func follow(_ operands: [Fact?], _ result: Fact) throws -> Elements? {
        guard let a = operands[0], let b = operands[1], let extents = result.shape.constants, let from = a.shape.constants,
            let other = b.shape.constants, let x = a.elements, let y = b.elements
        else { return nil }
        let places = zip(Oracle.broadcastIndices(from, to: extents), Oracle.broadcastIndices(other, to: extents))
        switch (x, y) {
        case (.whole(let x), .whole(let y)):
            guard a.element.isFollowed || a.element == .bool else { return nil }
            return try Elements.whole(each: places) { try follow(x[$0], y[$1]) }
        case (.real(let x), .real(let y)):
            if function.isComparison { return try Elements.whole(each: places) { try compare(x[$0], y[$1], a.element) } }
            guard let function = realFunction else { return nil }
            return .real(try places.map { try Real.apply(function, a.element, [x[$0], y[$1]]) })
        default: return nil
        }
    }

    /// The function of two dimension expressions, or nil where the result is not one.
    private func follow(_ a: Dim, _ b: Dim) throws -> Dim? {
        if let x = a.constant, let y = b.constant { return Dim(compute(x, y)) }
        switch function {
        case .add: return try a.plus(b)
        case .sub: return try a.minus(b)
        case .mul: return try a.times(b)
        case .div: return b.constant == 0 ? nil : try a.truncatedQuotient(b)
        case .mod:
            if b.constant == 0 { return nil }
            return fmod ? try a.minus(a.truncatedQuotient(b).times(b)) : try a.remainder(b)
        case .pow:
            guard let exponent = b.constant, (0...16).contains(exponent) else { return nil }
            return try (0..<exponent).reduce(Dim(1)) { power, _ in try power.times(a) }
        case .max: return try Dim.max(a, b)
        case .min: return try Dim.min(a, b)
        case .equal: return try a.equals(b)
        case .greater: return try b.isLess(a)
        case .less: return try a.isLess(b)
        case .greaterOrEqual: return try a.isLess(b).not()
        case .lessOrEqual: return try b.isLess(a).not()
        case .and: return try a.times(b)
        case .or: return try a.plus(b).minus(a.times(b))
        case .xor: return try a.plus(b).minus(a.times(b).times(2))
        case .bitShift:
            guard let amount = b.constant, (0..<32).contains(amount) else { return nil }
            return direction == .left ? try a.times(Dim(1 << amount)) : try a.quotient(Dim(1 << amount))
        case .bitwiseAnd, .bitwiseOr, .bitwiseXor: return nil
        }
    }

    private func compare(_ a: Real, _ b: Real, _ type: ElementType) throws -> Dim? {
        switch function {
        case .equal: try Real.apply(.equal, type, [a, b]).truncated()
        case .less: try Real.apply(.less, type, [a, b]).truncated()
        case .greater: try Real.apply(.less, type, [b, a]).truncated()
        case .greaterOrEqual: try Real.apply(.less, type, [a, b]).truncated().not()
        case .lessOrEqual: try Real.apply(.less, type, [b, a]).truncated().not()
        default: nil
        }
    }

    private var realFunction: RealFunction? {
        switch function {
        case .add: .add
        case .sub: .sub
        case .mul: .mul
        case .div: .div
        case .pow: .pow
        case .max: .max
        case .min: .min
        case .mod: fmod ? .fmod : .mod
        default: nil
        }
    }
}

extension Elements {
    /// One element for each pair of places; nil where one of them is not followed.
    static func whole(each places: some Sequence<(Int, Int)>, _ follow: (Int, Int) throws -> Dim?) rethrows -> Elements? {
        var elements: [Dim] = []
        for (i, j) in places {
            guard let element = try follow(i, j) else { return nil }
            elements.append(element)
        }
        return .whole(elements)
    }
}
