#if ONNX
internal import DLCGraph

/// What the names of extents mean that an ONNX file declares.
///
/// A name is a symbol, unless it spells arithmetic on other names, as exporters write it: `past_sequence_length + sequence_length`,
/// `2*N`, `floor(H/2)`, `(s0 - 1)//2 + 1`. It does where all names in it but one stand alone elsewhere, so that its value
/// determines that one; `batch-size` is a name.
struct SymbolNames {
    private let meanings: [String: Dim]

    init(_ names: some Sequence<String>) {
        var meanings: [String: Dim] = [:]
        var open: [(name: String, dim: Dim)] = []
        for name in Set(names).sorted() {
            let parsed = DimensionName.parse(name)
            if let parsed, parsed.symbol == nil, !parsed.symbols.isEmpty {
                open.append((name, parsed))
            } else {
                meanings[name] = Dim(symbol: name)
            }
        }
        var known = Set(meanings.keys)
        var hasChanged = true
        while hasChanged {
            hasChanged = false
            for (index, entry) in open.enumerated().reversed() {
                let unknown = entry.dim.symbols.subtracting(known)
                // A minus or a slash may belong to a name.
                guard unknown.isEmpty || (unknown.count == 1 && !entry.name.contains("-") && !entry.name.contains("/")) else { continue }
                meanings[entry.name] = entry.dim
                known.formUnion(unknown)
                open.remove(at: index)
                hasChanged = true
            }
        }
        for entry in open { meanings[entry.name] = Dim(symbol: entry.name) }
        self.meanings = meanings
    }

    func dim(_ name: String) -> Dim { meanings[name] ?? Dim(symbol: name) }
}

/// Reads arithmetic in the name of an extent: sums, products, `/` and `//`, `%`, parentheses, and the functions `floor`, `ceil`,
/// `ceiling`, `min`, `max`, `mod` and `floordiv`, in any case.
struct DimensionName {
    private let characters: [Character]
    private var position = 0
    private var depth = 0

    /// The expression, nil where the name is none.
    static func parse(_ name: String) -> Dim? {
        guard name.count <= 200 else { return nil }
        var parser = DimensionName(characters: Array(name))
        guard let quotient = try? parser.sum(), parser.isAtEnd, quotient.divisor == 1 else { return nil }
        return quotient.dim
    }

    private init(characters: [Character]) { self.characters = characters }

    /// A quotient that is yet to be rounded.
    private struct Quotient {
        var dim: Dim
        var divisor: Dim = 1
    }

    private struct Mismatch: Error {}

    private var isAtEnd: Bool { characters[position...].allSatisfy(\.isWhitespace) }

    private mutating func take(_ text: String) -> Bool {
        while position < characters.count, characters[position].isWhitespace { position += 1 }
        guard characters[position...].starts(with: text) else { return false }
        position += text.count
        return true
    }

    private mutating func sum() throws -> Quotient {
        depth += 1
        defer { depth -= 1 }
        guard depth < 32 else { throw Mismatch() }
        var left = try product()
        while true {
            let isPlus = take("+")
            guard isPlus || take("-") else { return left }
            let right = try product()
            // a / b + c = (a + c·b) / b.
            let numerator = try left.dim.times(right.divisor)
            let other = try right.dim.times(left.divisor)
            let dim = try isPlus ? numerator.plus(other) : numerator.minus(other)
            left = Quotient(dim: dim, divisor: try left.divisor.times(right.divisor))
        }
    }

    private mutating func product() throws -> Quotient {
        if take("-") {
            let factor = try product()
            return Quotient(dim: try factor.dim.times(-1), divisor: factor.divisor)
        }
        var left = try factor()
        while true {
            if take("//") {
                let right = try factor()
                left = Quotient(dim: try left.dim.times(right.divisor).quotient(left.divisor.times(right.dim)))
            } else if take("/") {
                let right = try factor()
                left = Quotient(dim: try left.dim.times(right.divisor), divisor: try left.divisor.times(right.dim))
            } else if take("%") {
                let right = try factor()
                guard left.divisor == 1, right.divisor == 1 else { throw Mismatch() }
                left = Quotient(dim: try left.dim.remainder(right.dim))
            } else if take("*") {
                let right = try factor()
                left = Quotient(dim: try left.dim.times(right.dim), divisor: try left.divisor.times(right.divisor))
            } else {
                break
            }
        }
        if left.divisor != 1, let exact = try? left.dim.remainder(left.divisor), exact == 0 {
            return Quotient(dim: try left.dim.quotient(left.divisor))
        }
        return left
    }

    private mutating func factor() throws -> Quotient {
        if take("(") {
            let inner = try sum()
            guard take(")") else { throw Mismatch() }
            return inner
        }
        _ = take("")
        let start = position
        while position < characters.count, Self.belongsToName(characters[position]) { position += 1 }
        let word = String(characters[start..<position])
        guard let first = word.first else { throw Mismatch() }
        if let value = Int(word) { return Quotient(dim: Dim(value)) }
        guard !first.isNumber, first != "." else { throw Mismatch() }
        guard take("(") else { return Quotient(dim: Dim(symbol: word)) }
        var operands = [try sum()]
        while take(",") { operands.append(try sum()) }
        guard take(")") else { throw Mismatch() }
        return Quotient(dim: try Self.apply(word.lowercased(), operands))
    }

    private static func belongsToName(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_" || character == "."
    }

    private static func apply(_ name: String, _ operands: [Quotient]) throws -> Dim {
        let a = operands[0]
        if operands.count == 1 {
            switch name {
            case "floor": return try a.dim.quotient(a.divisor)
            case "ceil", "ceiling": return try a.dim.times(-1).quotient(a.divisor).times(-1)
            default: throw Mismatch()
            }
        }
        guard operands.count == 2, a.divisor == 1, operands[1].divisor == 1 else { throw Mismatch() }
        let b = operands[1].dim
        switch name {
        case "min": return try Dim.min(a.dim, b)
        case "max": return try Dim.max(a.dim, b)
        case "mod", "pythonmod": return try a.dim.remainder(b)
        case "floor", "floordiv": return try a.dim.quotient(b)
        default: throw Mismatch()
        }
    }
}
#endif
