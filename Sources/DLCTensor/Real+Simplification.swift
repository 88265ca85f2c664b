extension Real {
    /// A function of elements of one type, simplified where that is exact for extents below 2^23.
    /// - Throws: where the expression exceeds what is followed.
    public static func apply(_ function: RealFunction, _ type: ElementType, _ operands: [Real]) throws -> Real {
        let numbers = operands.compactMap(\.number)
        if numbers.count == operands.count {
            return Real(function.compute(numbers.map { function.rounded($0, type) }, type))
        }
        if let exact = try simplified(function, type, operands) { return exact }
        return try unsimplified(function, type, operands)
    }

    private static func simplified(_ function: RealFunction, _ type: ElementType, _ operands: [Real]) throws -> Real? {
        let a = operands[0]
        guard operands.count > 1 else { return try simplified(function, a) }
        let b = operands[1]
        switch (function, b.number) {
        case (.div, 1), (.mul, 1), (.pow, 1), (.add, 0), (.sub, 0): return a
        case (.pow, 0.5): return try apply(.sqrt, type, [a])
        case (.pow, 2): if let x = a.fraction { return try product(x, x) }
        case (.div, let c?):
            guard let x = a.fraction, let c = Fraction(c),
                c.numerator.constant.map({ $0 != 0 && $0.magnitude.nonzeroBitCount == 1 }) == true
            else { break }
            // A quotient by a power of two, or by its inverse.
            let power = c.numerator.constant.map { $0.magnitude.trailingZeroBitCount } ?? 0
            let sign = (c.numerator.constant ?? 1) < 0 ? -1 : 1
            return try .scaled(x.numerator.times(Dim(sign)).times(Dim(1 << c.shift)), shift: x.shift + power)
        default: break
        }
        if case (.add, 0)? = a.number.map({ (function, $0) }) { return b }
        if case (.mul, 1)? = a.number.map({ (function, $0) }) { return b }
        guard let x = a.fraction, let y = b.fraction else { return nil }
        let shift = Swift.max(x.shift, y.shift)
        let p = try x.numerator.times(Dim(1 << (shift - x.shift)))
        let q = try y.numerator.times(Dim(1 << (shift - y.shift)))
        switch function {
        case .add: return try .scaled(p.plus(q), shift: shift)
        case .sub: return try .scaled(p.minus(q), shift: shift)
        case .mul: return try product(x, y)
        case .max: return try .scaled(Dim.max(p, q), shift: shift)
        case .min: return try .scaled(Dim.min(p, q), shift: shift)
        case .less: return Real(try p.isLess(q))
        case .equal: return Real(try p.equals(q))
        case .div: return try p.exactQuotient(q).map { Real($0) }
        case .mod: return q.constant == 0 ? nil : try .scaled(p.remainder(q), shift: shift)
        case .fmod:
            return p.isNonNegative && q.isNonNegative && q.constant != 0 ? try .scaled(p.remainder(q), shift: shift) : nil
        default: return nil
        }
    }

    private static func product(_ x: Fraction, _ y: Fraction) throws -> Real? {
        x.shift + y.shift > 20 ? nil : try .scaled(x.numerator.times(y.numerator), shift: x.shift + y.shift)
    }

    private static func simplified(_ function: RealFunction, _ x: Real) throws -> Real? {
        if let fraction = x.fraction {
            let (p, unit) = (fraction.numerator, Dim(1 << fraction.shift))
            switch function {
            case .neg: return try .scaled(p.times(-1), shift: fraction.shift)
            case .abs: return try .scaled(Dim.max(p, p.times(-1)), shift: fraction.shift)
            case .floor: return Real(try p.quotient(unit))
            case .ceil: return Real(try p.ceilingQuotient(unit))
            case .round: return Real(try p.roundedQuotient(shift: fraction.shift))
            case .convert: return x
            case .sqrt: return fraction.shift == 0 ? try p.exactSquareRoot().map { Real($0) } : nil
            default: return nil
            }
        }
        guard case .apply(let inner, _, let operands) = x.form else { return nil }
        switch (function, inner) {
        case (.floor, .floor), (.ceil, .floor), (.round, .floor), (.floor, .ceil), (.ceil, .ceil), (.round, .ceil), (.floor, .round),
            (.ceil, .round), (.round, .round):
            return x
        case (.floor, .div), (.ceil, .div):
            // The rounded quotient of integers below 2^23 lies on the same side of every integer as the exact one.
            guard let a = operands[0].whole, let b = operands[1].whole, b.isNonNegative, b.constant != 0 else { return nil }
            return Real(try function == .floor ? a.quotient(b) : a.ceilingQuotient(b))
        default: return nil
        }
    }

    /// The element as an integer, truncated toward zero and saturated as ONNX's Cast.
    public func truncated() throws -> Dim {
        if let number {
            if number.isNaN { return Dim(.min) }
            return Dim(number >= 0x1p63 ? .max : number <= -0x1p63 ? .min : Int(number))
        }
        if let fraction { return try fraction.numerator.truncatedQuotient(Dim(1 << fraction.shift)) }
        if case .apply(.div, _, let operands) = form, let a = operands[0].whole, let b = operands[1].whole, b.isNonNegative, b.constant != 0
        {
            return try a.truncatedQuotient(b)
        }
        return try Dim(atom: .truncated(self))
    }

    /// Whether the element is other than 0, as a truth.
    public func isNotZero() throws -> Dim {
        if let number { return number == 0 ? 0 : 1 }
        if let fraction { return try fraction.numerator.isZero().not() }
        return try Real.apply(.equal, .float64, [self, Real(0.0)]).truncated().not()
    }

    /// `a` where the truth is 1, else `b`; nil where it is not followed.
    public static func select(_ truth: Dim, _ a: Real, _ b: Real) throws -> Real? {
        if let truth = truth.constant { return truth != 0 ? a : b }
        if a == b { return a }
        guard let x = a.fraction, let y = b.fraction else { return nil }
        let shift = Swift.max(x.shift, y.shift)
        return try .scaled(
            Dim.select(truth, x.numerator.times(Dim(1 << (shift - x.shift))), y.numerator.times(Dim(1 << (shift - y.shift)))), shift: shift)
    }

    /// The integer that the element is, or nil.
    var whole: Dim? { fraction.flatMap { $0.shift == 0 ? $0.numerator : nil } }

    /// The element as a dimension over a power of two; numbers where they are such with few digits.
    private var fraction: Fraction? {
        switch form {
        case .number(let bits): Fraction(Double(bitPattern: bits))
        case .exact(let dim, let shift): Fraction(numerator: dim, shift: shift)
        case .apply: nil
        }
    }

    private struct Fraction {
        var numerator: Dim
        var shift: Int

        init(numerator: Dim, shift: Int) {
            self.numerator = numerator
            self.shift = shift
        }

        /// Nil where a multiple of the number would round for usual extents.
        init?(_ value: Double) {
            guard value.isFinite, Swift.abs(value) <= 0x1p31 else { return nil }
            for shift in 0...16 {
                let scaled = value * Double(1 << shift)
                guard scaled == scaled.rounded() else { continue }
                if shift > 0 && Swift.abs(scaled) > 256 { return nil }
                self.init(numerator: Dim(Int(scaled)), shift: shift)
                return
            }
            return nil
        }
    }
}

extension Dim {
    /// `self / 2^shift` rounded to the nearest integer, ties to the even one.
    func roundedQuotient(shift: Int) throws -> Dim {
        if shift == 0 { return self }
        let (unit, half) = (1 << shift, 1 << (shift - 1))
        // floor((x + h) / u), less 1 where that is a tie rounded up to an odd number.
        let ties = try plus(Dim(half - unit)).quotient(Dim(2 * unit)).minus(plus(Dim(half - unit - 1)).quotient(Dim(2 * unit)))
        return try plus(Dim(half)).quotient(Dim(unit)).minus(ties)
    }

    /// The root of a product that holds every factor twice, or nil.
    func exactSquareRoot() throws -> Dim? {
        guard let terms = polynomial?.terms, terms.count == 1, terms[0].atoms.count % 2 == 0 else { return nil }
        let coefficient = terms[0].coefficient
        let root = Int(Double(coefficient).squareRoot())
        guard coefficient > 0, root * root == coefficient else { return nil }
        let pairs = stride(from: 0, to: terms[0].atoms.count, by: 2).map { (terms[0].atoms[$0], terms[0].atoms[$0 + 1]) }
        guard pairs.allSatisfy({ $0 == $1 }) else { return nil }
        let result = try Dim(terms: [Term(coefficient: root, atoms: pairs.map { $0.0 })])
        return result.isNonNegative ? result : nil
    }
}
