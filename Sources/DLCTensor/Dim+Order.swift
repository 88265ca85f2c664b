/// The canonical order of terms and atoms. It depends on names alone, so that texts and plans are the same in every process.
extension Dim {
    /// Products of more factors come first, so that the constant is last; equally many go by their factors.
    static func precedes(_ a: Term, _ b: Term) -> Bool {
        a.atoms.count != b.atoms.count ? a.atoms.count > b.atoms.count : compare(a.atoms, b.atoms) < 0
    }

    /// Below 0, 0 or above 0, as `a` comes before, is, or comes after `b`.
    static func compare(_ a: Atom, _ b: Atom) -> Int {
        if case .symbol(let x) = a, case .symbol(let y) = b { return x == y ? 0 : x < y ? -1 : 1 }
        if case .truncated(let x) = a, case .truncated(let y) = b { return compare(x, y) }
        let kinds = a.kind - b.kind
        return kinds != 0 ? kinds : compare(a.parts, b.parts)
    }

    static func compare(_ a: Dim, _ b: Dim) -> Int {
        if let x = a.constant, let y = b.constant { return x == y ? 0 : x < y ? -1 : 1 }
        if a.polynomial === b.polynomial { return 0 }
        let (x, y) = (a.terms, b.terms)
        for (s, t) in zip(x, y) {
            if s.atoms.count != t.atoms.count { return t.atoms.count - s.atoms.count }
            let order = compare(s.atoms, t.atoms)
            if order != 0 { return order }
            if s.coefficient != t.coefficient { return s.coefficient < t.coefficient ? -1 : 1 }
        }
        return x.count - y.count
    }

    private static func compare(_ a: Real, _ b: Real) -> Int {
        switch (a.form, b.form) {
        case (.number(let x), .number(let y)): return x == y ? 0 : x < y ? -1 : 1
        case (.exact(let x, let s), .exact(let y, let t)): return s != t ? s - t : compare(x, y)
        case (.apply(let f, let s, let x), .apply(let g, let t, let y)):
            if f != g { return Int(f.rawValue) - Int(g.rawValue) }
            if s != t { return Int(s.rawValue) - Int(t.rawValue) }
            for (p, q) in zip(x, y) {
                let order = compare(p, q)
                if order != 0 { return order }
            }
            return x.count - y.count
        case (.number, _), (.exact, .apply): return -1
        default: return 1
        }
    }

    private static func compare(_ a: [Atom], _ b: [Atom]) -> Int {
        for (x, y) in zip(a, b) {
            let order = compare(x, y)
            if order != 0 { return order }
        }
        return a.count - b.count
    }

    private static func compare(_ a: [Dim], _ b: [Dim]) -> Int {
        for (x, y) in zip(a, b) {
            let order = compare(x, y)
            if order != 0 { return order }
        }
        return a.count - b.count
    }
}

extension Dim.Atom {
    fileprivate var kind: Int {
        switch self {
        case .symbol: 0
        case .broadcast: 1
        case .quotient: 2
        case .remainder: 3
        case .maximum: 4
        case .isZero: 6
        case .isNegative: 7
        case .truncated: 8
        }
    }
}
