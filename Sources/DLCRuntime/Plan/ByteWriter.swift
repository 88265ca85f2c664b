/// Little-endian, variable-length encoding of a plan's table.
///
/// The writers stay calls: taken in wherever a plan writes a number, their loops were a quarter of the module.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    @inline(never) mutating func byte(_ value: UInt8) { bytes.append(value) }

    /// LEB128, seven bits a byte.
    @inline(never) mutating func unsigned(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }

    mutating func count(_ value: Int) { unsigned(UInt64(value.magnitude)) }

    /// LEB128 of the zigzag form.
    @inline(never) mutating func signed(_ value: Int) {
        unsigned(UInt64(bitPattern: Int64((value << 1) ^ (value >> 63))))
    }

    @inline(never) mutating func number(_ value: Double) {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Eight bytes.
    @inline(never) mutating func fixed(_ value: UInt64) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }

    @inline(never) mutating func string(_ value: String) {
        count(value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    mutating func list<T>(_ elements: [T], _ write: (inout ByteWriter, T) throws -> Void) rethrows {
        count(elements.count)
        for element in elements { try write(&self, element) }
    }

    /// A number, or a reverse-Polish program over symbols.
    mutating func dim(_ dim: Dim) throws {
        if let constant = dim.constant {
            byte(DimCode.number.rawValue)
            signed(constant)
            return
        }
        byte(DimCode.expression.rawValue)
        try dim.folded(
            number: { writer, value in
                writer.byte(DimCode.number.rawValue)
                writer.signed(value)
            },
            symbol: { writer, name in
                writer.byte(DimCode.symbol.rawValue)
                writer.string(name)
            },
            operation: { writer, operation, _ in writer.byte(DimCode.firstOperation + operation.rawValue) },
            real: { writer, step, _ in writer.real(step) }, &self)
        byte(DimCode.end.rawValue)
    }
}

extension ByteWriter {
    fileprivate mutating func real(_ step: RealStep) {
        switch step {
        case .number(let value, let type):
            byte(DimCode.realNumber.rawValue)
            byte(type.rawValue)
            number(value)
        case .scaled(let shift, let type):
            byte(DimCode.realScaled.rawValue)
            byte(type.rawValue)
            byte(UInt8(clamping: shift))
        case .apply(let function, let type):
            byte(DimCode.realFunction.rawValue)
            byte(type.rawValue)
            byte(function.rawValue)
        case .truncated: byte(DimCode.truncated.rawValue)
        }
    }
}

/// Codes of a dimension's reverse-Polish form; those of operations follow `firstOperation`.
enum DimCode: UInt8 {
    case number = 0, symbol, expression, end, realNumber, realScaled, realFunction, truncated

    static let firstOperation: UInt8 = 16
}
