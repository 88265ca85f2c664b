import DLCTensor

/// Reads JSON (RFC 8259) piece by piece, as the reader asks for it: headers of tensor files, annotations of pictures.
package struct JSONScanner {
    private let bytes: [UInt8]
    private var position = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// An object; `body` reads each member's value.
    package mutating func object(_ body: (inout JSONScanner, _ key: String) throws -> Void) throws {
        try expect("{")
        if skip("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try body(&self, key)
        } while skip(",")
        try expect("}")
    }

    /// A list; `body` reads each element.
    package mutating func list(_ body: (inout JSONScanner) throws -> Void) throws {
        try expect("[")
        if skip("]") { return }
        repeat { try body(&self) } while skip(",")
        try expect("]")
    }

    /// A finite number.
    package mutating func number() throws -> Double {
        skipSpace()
        let text = bytes[position...].prefix { (48...57).contains($0) || [43, 45, 46, 69, 101].contains($0) }
        guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite, text.first != 43 else { throw failure("a number") }
        position = text.endIndex
        return value
    }

    /// Passes over a value of any kind.
    package mutating func skipValue(depth: Int = 0) throws {
        guard depth < 64 else { throw failure("values nested less than 64 deep") }
        skipSpace()
        guard position < bytes.count else { throw failure("a value") }
        switch bytes[position] {
        case UInt8(ascii: "{"): try object { json, _ in try json.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["): try list { try $0.skipValue(depth: depth + 1) }
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
            guard let word = ["true", "false", "null"].first(where: { bytes[position...].starts(with: $0.utf8) }) else {
                throw failure("a value")
            }
            position += word.utf8.count
        default: _ = try number()
        }
    }

    /// A list of integers from 0.
    mutating func integers(most: Int) throws -> [Int] {
        var values: [Int] = []
        try expect("[")
        if skip("]") { return values }
        repeat {
            guard values.count < most else { throw failure("at most \(most) integers") }
            try values.append(integer())
        } while skip(",")
        try expect("]")
        return values
    }

    package mutating func string() throws -> String {
        try expect("\"")
        var text: [UInt8] = []
        while true {
            guard position < bytes.count else { throw failure("the end of a text") }
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let result = String(validating: text, as: UTF8.self) else { throw failure("a text in UTF-8 before here") }
                return result
            case UInt8(ascii: "\\"):
                position += 1
                try text.append(contentsOf: String(escaped()).utf8)
            case 0..<32: throw failure("no control character in a text")
            default:
                text.append(byte)
                position += 1
            }
        }
    }

    /// Checks that only space follows.
    package mutating func end() throws {
        skipSpace()
        if position < bytes.count { throw failure("nothing after the object") }
    }

    private mutating func integer() throws -> Int {
        skipSpace()
        let digits = bytes[position...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let value = Int(String(decoding: digits, as: UTF8.self)), digits.count == 1 || digits.first != UInt8(ascii: "0") else {
            throw failure("an integer from 0 to \(Int.max)")
        }
        position = digits.endIndex
        return value
    }

    /// What follows a backslash.
    private mutating func escaped() throws -> Unicode.Scalar {
        guard position < bytes.count else { throw failure("the end of a text") }
        let letter = Unicode.Scalar(bytes[position])
        position += 1
        switch letter {
        case "\"", "\\", "/": return letter
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u":
            let first = try hexadecimal()
            if let scalar = Unicode.Scalar(first) { return scalar }
            // Beyond the basic plane: two surrogates.
            if first < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u") {
                position += 2
                let second = try hexadecimal()
                if (0xDC00...0xDFFF).contains(second),
                    let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
                {
                    return scalar
                }
            }
            throw failure("two surrogates that make a character")
        default: throw failure("an escape that JSON knows")
        }
    }

    private mutating func hexadecimal() throws -> UInt32 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw failure("four hexadecimal digits") }
        position += 4
        return value
    }

    private mutating func skip(_ token: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: token) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ token: Unicode.Scalar) throws {
        if !skip(token) { throw failure("`\(token)`") }
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): position += 1
            default: return
            }
        }
    }

    private func failure(_ expected: String) -> DLCError {
        let found = String(decoding: bytes[min(position, bytes.count)...].prefix(12), as: UTF8.self).printable()
        return DLCError("the JSON has \(found.isEmpty ? "its end" : "`\(found)`") at byte \(position); expected \(expected)")
    }
}
