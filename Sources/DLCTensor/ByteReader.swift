/// Reads what `ByteWriter` wrote, checking every bound: files come from outside.
package struct ByteReader {
    private static let mostDepth = 100

    private let bytes: UnsafeRawBufferPointer
    package private(set) var position = 0
    /// Names that were read, many of them more than once: equal ones are kept in one place.
    private var strings: Set<String> = []
    /// The shapes and the expressions that were read, in their order.
    private var shapes: [Shape] = []
    private var expressions: [Dim] = []
    /// Expressions around the one that is read.
    private var depth = 0

    package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    package var isAtEnd: Bool { position == bytes.count }

    package mutating func byte() throws -> UInt8 {
        guard position < bytes.count else { throw DLCError("the plan's table ends early, at byte \(position)") }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func unsigned() throws -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            guard shift < 64 else { throw DLCError("the plan's table holds an overlong number at byte \(position)") }
            value |= UInt64(next & 0x7f) << shift
            if next < 0x80 { return value }
            shift += 7
        }
    }

    /// A number of things that each take at least one byte, so never more than what is left.
    package mutating func count() throws -> Int {
        let value = try unsigned()
        guard value <= UInt64(bytes.count - position) else {
            throw DLCError("the plan's table promises \(value) entries at byte \(position), \(bytes.count - position) bytes are left")
        }
        return Int(value)
    }

    package mutating func signed() throws -> Int {
        let value = try unsigned()
        return Int(truncatingIfNeeded: Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1))))
    }

    /// A number that is not negative and fits.
    package mutating func size() throws -> Int {
        let value = try unsigned()
        guard let size = Int(exactly: value) else { throw DLCError("the plan's table holds size \(value)") }
        return size
    }

    package mutating func number() throws -> Double {
        guard bytes.count - position >= 8 else { throw DLCError("the plan's table ends early, at byte \(position)") }
        defer { position += 8 }
        return Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
    }

    /// Eight bytes.
    package mutating func fixed() throws -> UInt64 { try number().bitPattern }

    package mutating func string() throws -> String {
        let length = try count()
        defer { position += length }
        return strings.insert(String(decoding: bytes[position..<position + length], as: UTF8.self)).memberAfterInsert
    }

    /// The extents of a shape, or strides.
    package mutating func shape() throws -> Shape {
        let index = try size()
        guard index > 0 else {
            shapes.append(try list { try $0.dim() })
            return shapes[shapes.count - 1]
        }
        guard index <= shapes.count else { throw DLCError("a shape is malformed at byte \(position)") }
        return shapes[index - 1]
    }

    @inlinable package mutating func list<T>(_ read: (inout ByteReader) throws -> T) throws -> [T] {
        let count = try count()
        var elements: [T] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try read(&self)) }
        return elements
    }

    package mutating func dim() throws -> Dim {
        switch DimCode(rawValue: try byte()) {
        case .number: return Dim(try signed())
        case .known:
            let index = try size()
            guard index < expressions.count else { throw DLCError("a dimension is malformed at byte \(position)") }
            return expressions[index]
        case .expression:
            let dim = try nested { try Dim(from: &$0) }
            expressions.append(dim)
            return dim
        case nil: throw DLCError("unknown dimension code at byte \(position)")
        }
    }

    /// Reads what stands inside of something else, to a depth that the stack has room for.
    mutating func nested<T>(_ read: (inout ByteReader) throws -> T) throws -> T {
        guard depth < Self.mostDepth else { throw DLCError("a dimension is nested too deep at byte \(position)") }
        depth += 1
        defer { depth -= 1 }
        return try read(&self)
    }
}
