/// Little-endian, variable-length encoding of a plan's table.
///
/// The writers stay calls: taken in wherever a plan writes a number, their loops were a quarter of the module.
package struct ByteWriter {
    package private(set) var bytes: [UInt8] = []
    /// The expressions that were written, by their order.
    private var expressions: [Dim: Int] = [:]
    /// The shapes that were written, by their order.
    private var shapes: [Shape: Int] = [:]

    package init() {}

    @inline(never) package mutating func byte(_ value: UInt8) { bytes.append(value) }

    /// LEB128, seven bits a byte.
    @inline(never) mutating func unsigned(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }

    package mutating func count(_ value: Int) { unsigned(UInt64(value.magnitude)) }

    /// LEB128 of the zigzag form.
    @inline(never) package mutating func signed(_ value: Int) {
        unsigned(UInt64(bitPattern: Int64((value << 1) ^ (value >> 63))))
    }

    @inline(never) package mutating func number(_ value: Double) {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Eight bytes.
    @inline(never) package mutating func fixed(_ value: UInt64) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }

    @inline(never) package mutating func string(_ value: String) {
        count(value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    @inlinable package mutating func list<T>(_ elements: [T], _ write: (inout ByteWriter, T) throws -> Void) rethrows {
        count(elements.count)
        for element in elements { try write(&self, element) }
    }

    /// The extents of a shape, or strides: 0 and what they are, or one more than the order of those that were written before.
    package mutating func shape(_ shape: Shape) {
        if let index = shapes[shape] { return count(index + 1) }
        count(0)
        list(shape) { $0.dim($1) }
        shapes[shape] = shapes.count
    }

    /// A number, an expression, or one that was written before: shapes of a plan share theirs.
    package mutating func dim(_ dim: Dim) {
        if let constant = dim.constant {
            byte(DimCode.number.rawValue)
            signed(constant)
        } else if let index = expressions[dim] {
            byte(DimCode.known.rawValue)
            count(index)
        } else {
            byte(DimCode.expression.rawValue)
            dim.encode(to: &self)
            expressions[dim] = expressions.count
        }
    }
}

/// What follows in a plan where a dimension stands.
enum DimCode: UInt8 {
    case number = 0, known, expression
}
