import DLCTensor

/// The header of an npy file: a Python dictionary literal such as
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 224), }`.
struct NPYHeader {
    var type: ElementType
    var isFortranOrder: Bool
    var shape: [Int]
    /// How strings are kept.
    var strings: NPYStrings?

    var elementSize: Int { strings?.elementSize ?? type.size }

    /// The dtype of each element type. NumPy has no bfloat16: see `NPY.write`.
    static let descriptions: [(type: ElementType, text: String)] = [
        (.float16, "<f2"), (.float32, "<f4"), (.float64, "<f8"),
        (.int8, "|i1"), (.int16, "<i2"), (.int32, "<i4"), (.int64, "<i8"),
        (.uint8, "|u1"), (.uint16, "<u2"), (.uint32, "<u4"), (.uint64, "<u8"),
        (.bool, "|b1"),
    ]

    init(type: ElementType, shape: [Int]) {
        self.type = type
        self.shape = shape
        isFortranOrder = false
    }

    init(parsing text: ArraySlice<UInt8>) throws {
        var parser = LiteralParser(text)
        var description: String?
        var isFortranOrder: Bool?
        var shape: [Int]?
        try parser.expect("{")
        while !parser.skip("}") {
            let key = try parser.string()
            try parser.expect(":")
            switch key {
            case "descr": description = try parser.string()
            case "fortran_order": isFortranOrder = try parser.boolean()
            case "shape": shape = try parser.tuple()
            default: throw DLCError("the npy header has the key '\(key)'; expected descr, fortran_order and shape")
            }
            if !parser.skip(",") {
                try parser.expect("}")
                break
            }
        }
        guard let description, let isFortranOrder, let shape else {
            throw DLCError("the npy header lacks one of descr, fortran_order and shape")
        }
        // One byte has no order: NumPy writes "|", but reads "<" and "=" as well.
        strings = NPYStrings(description)
        if strings != nil {
            (type, self.isFortranOrder, self.shape) = (.string, isFortranOrder, shape)
            return
        }
        if description.hasSuffix("O") {
            throw DLCError("the npy file has Python objects; strings of one length are read: numpy.array(…, dtype=str)")
        }
        let match = Self.descriptions.first { $0.text.dropFirst() == description.dropFirst() }
        guard let type = match?.type, type.size == 1 || description.hasPrefix("<") else {
            let known = Self.descriptions.map(\.text).joined(separator: " ") + " <U |S"
            throw DLCError("the npy file has the type '\(description)'; expected one of \(known)")
        }
        self.type = type
        self.isFortranOrder = isFortranOrder
        self.shape = shape
    }

    /// The literal; nil for bfloat16.
    var text: String? {
        guard let description = strings?.description ?? Self.descriptions.first(where: { $0.type == type })?.text else { return nil }
        let extents = shape.map { "\($0)" }.joined(separator: ", ") + (shape.count == 1 ? "," : "")
        return "{'descr': '\(description)', 'fortran_order': \(isFortranOrder ? "True" : "False"), 'shape': (\(extents)), }"
    }
}

/// The few Python literals that NumPy writes into a header.
private struct LiteralParser {
    private var rest: ArraySlice<UInt8>

    init(_ text: ArraySlice<UInt8>) { rest = text }

    private mutating func skipSpace() {
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\t") }
    }

    mutating func skip(_ token: String) -> Bool {
        skipSpace()
        guard rest.starts(with: token.utf8) else { return false }
        rest = rest.dropFirst(token.utf8.count)
        return true
    }

    mutating func expect(_ token: String) throws {
        if skip(token) { return }
        let found = String(decoding: rest.prefix(12), as: UTF8.self)
        throw DLCError("the npy header has '\(found)' where '\(token)' is expected")
    }

    mutating func string() throws -> String {
        let quote = skip("\"") ? UInt8(ascii: "\"") : UInt8(ascii: "'")
        if quote == UInt8(ascii: "'") { try expect("'") }
        guard let end = rest.firstIndex(of: quote) else { throw DLCError("the npy header has an open string") }
        defer { rest = rest[(end + 1)...] }
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    mutating func boolean() throws -> Bool {
        if skip("True") { return true }
        try expect("False")
        return false
    }

    mutating func tuple() throws -> [Int] {
        var elements: [Int] = []
        try expect("(")
        while !skip(")") {
            let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            guard let value = Int(String(decoding: digits, as: UTF8.self)) else {
                throw DLCError("the npy header has a shape that is not a tuple of integers")
            }
            elements.append(value)
            rest = rest[digits.endIndex...]
            _ = skip("L")
            if !skip(",") {
                try expect(")")
                break
            }
            skipSpace()
        }
        guard elements.count <= 64 else { throw DLCError("the npy header has \(elements.count) dimensions; at most 64 are read") }
        return elements
    }
}
