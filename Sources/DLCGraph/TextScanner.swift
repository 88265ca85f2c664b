/// Tokens of the text form. `//` starts a comment.
struct TextScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { position >= bytes.count }

    /// The line of the next token, from 1.
    var line: Int { bytes[..<min(position, bytes.count)].reduce(1) { $1 == 10 ? $0 + 1 : $0 } }

    mutating func skipSpace() {
        while position < bytes.count {
            if bytes[position] <= 32 {
                position += 1
            } else if bytes[position] == 47, position + 1 < bytes.count, bytes[position + 1] == 47 {
                while position < bytes.count, bytes[position] != 10 { position += 1 }
            } else {
                return
            }
        }
    }

    mutating func peek(_ token: String) -> Bool {
        skipSpace()
        return bytes[position...].starts(with: token.utf8)
    }

    mutating func take(_ token: String) -> Bool {
        guard peek(token) else { return false }
        position += token.utf8.count
        return true
    }

    mutating func expect(_ token: String) throws {
        guard take(token) else { throw DLCError("expected \(token), found \(found)") }
    }

    mutating func peekWord(_ word: String) -> Bool {
        guard peek(word) else { return false }
        let next = position + word.utf8.count
        return next >= bytes.count || !Self.isNameByte(bytes[next])
    }

    mutating func takeWord(_ word: String) -> Bool {
        guard peekWord(word) else { return false }
        position += word.utf8.count
        return true
    }

    mutating func expectWord(_ word: String) throws {
        guard takeWord(word) else { throw DLCError("expected \(word), found \(found)") }
    }

    mutating func takeElementType() -> ElementType? {
        skipSpace()
        let start = position
        guard let word = try? name(), let type = ElementType(name: word) else {
            position = start
            return nil
        }
        return type
    }

    /// A plain name or a string literal.
    mutating func name() throws -> String {
        if peek("\"") { return try string() }
        let start = position
        while position < bytes.count, Self.isNameByte(bytes[position]) || (bytes[position] == 45 && !nextIsArrow) { position += 1 }
        guard position > start else { throw DLCError("expected a name, found \(found)") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private var nextIsArrow: Bool { position + 1 < bytes.count && bytes[position + 1] == 62 }

    mutating func string() throws -> String { String(decoding: try stringBytes(), as: UTF8.self) }

    /// A string literal as it stands there.
    mutating func literal() throws -> String {
        skipSpace()
        let start = position
        _ = try stringBytes()
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// The bytes that a string literal means: `\n`, `\x7f` and any other character after a backslash.
    mutating func stringBytes() throws -> [UInt8] {
        try expect("\"")
        var result: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == 34 { return result }
            if byte == 92, position + 2 < bytes.count, bytes[position] == 120,
                let code = UInt8(String(decoding: bytes[position + 1...position + 2], as: UTF8.self), radix: 16)
            {
                result.append(code)
                position += 3
            } else if byte == 92, position < bytes.count {
                result.append(bytes[position] == 110 ? 10 : bytes[position])
                position += 1
            } else {
                result.append(byte)
            }
        }
        throw DLCError("a string is not closed")
    }

    /// The characters of a number, `nan` or `inf`, with its sign.
    mutating func numberText() throws -> String {
        skipSpace()
        let start = position
        if position < bytes.count, bytes[position] == 45 || bytes[position] == 43 { position += 1 }
        while position < bytes.count {
            let byte = bytes[position]
            let afterExponent = (byte == 45 || byte == 43) && (bytes[position - 1] | 32) == 101
            if byte == 46, position + 1 < bytes.count, bytes[position + 1] == 46 { break }
            guard Self.isNameByte(byte) || afterExponent else { break }
            position += 1
        }
        guard position > start else { throw DLCError("expected a number, found \(found)") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// A dimension expression: sums and products of numbers, symbols and operations such as `floor(a, b)` (`DimOperation`).
    mutating func dim(depth: Int = 0) throws -> Dim {
        guard depth < 200 else { throw DLCError("a dimension is nested too deeply") }
        var sum = try dimProduct(depth)
        while true {
            if take("+") {
                sum = try sum.plus(dimProduct(depth))
            } else if take("-") {
                sum = try sum.minus(dimProduct(depth))
            } else {
                return sum
            }
        }
    }

    private mutating func dimProduct(_ depth: Int) throws -> Dim {
        var sign = 1
        while take("-") { sign = -sign }
        var product = try dimAtom(depth)
        while take("*") { product = try product.times(dimAtom(depth)) }
        return try product.times(Dim(sign))
    }

    private mutating func dimAtom(_ depth: Int) throws -> Dim {
        if take("(") {
            let inner = try dim(depth: depth + 1)
            try expect(")")
            return inner
        }
        if take("`") {
            let start = position
            while position < bytes.count, bytes[position] != 96 { position += 1 }
            let name = String(decoding: bytes[start..<position], as: UTF8.self)
            try expect("`")
            return Dim(symbol: name)
        }
        skipSpace()
        let start = position
        while position < bytes.count, Self.isNameByte(bytes[position]) { position += 1 }
        guard position > start else { throw DLCError("expected a dimension, found \(found)") }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        if let value = Int(word) { return Dim(value) }
        if word == "trunc", take("(") {
            let value = try real(depth: depth + 1)
            try expect(")")
            return try value.truncated()
        }
        guard let operation = DimOperation(name: word), take("(") else { return Dim(symbol: word) }
        var operands: [Dim] = []
        repeat { operands.append(try dim(depth: depth + 1)) } while take(",")
        try expect(")")
        return try operation.apply(operands)
    }

    /// A float in a dimension: a number, `(dimension)`, `scaled(dimension, shift)` or a function such as `f32.mul(a, b)`.
    private mutating func real(depth: Int) throws -> Real {
        guard depth < 200 else { throw DLCError("a dimension is nested too deeply") }
        if take("(") {
            let inner = try dim(depth: depth + 1)
            try expect(")")
            return Real(inner)
        }
        let word = try numberText()
        if let value = Double(word) { return Real(value) }
        try expect("(")
        if word == "scaled" {
            let inner = try dim(depth: depth + 1)
            try expect(",")
            guard let shift = Int(try numberText()) else { throw DLCError("scaled expects a shift, found \(found)") }
            try expect(")")
            return try Real.scaled(inner, shift: shift)
        }
        let parts = word.split(separator: ".")
        guard parts.count == 2, let type = ElementType(name: String(parts[0])), type == .float32 || type == .float64,
            let function = RealFunction.allCases.first(where: { $0.name == parts[1] })
        else { throw DLCError("unknown function \(word) in a dimension") }
        var operands: [Real] = []
        repeat { operands.append(try real(depth: depth + 1)) } while take(",")
        try expect(")")
        guard operands.count == function.arity else {
            throw DLCError("\(word) expects \(function.arity) operands, found \(operands.count)")
        }
        return try Real.apply(function, type, operands)
    }

    private var found: String {
        if isAtEnd { return "the end of the text" }
        let rest = bytes[position..<min(position + 20, bytes.count)].prefix { $0 != 10 }
        return "'\(String(decoding: rest, as: UTF8.self))'"
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (byte >= 48 && byte <= 57) || (byte | 32 >= 97 && byte | 32 <= 122) || byte == 95 || byte == 46 || byte == 47
            || byte == 39 || byte >= 128
    }
}
