import DLCTensor

/// Turns rows as they are stored into what a field holds, and refuses what it may not hold.
struct FieldConversion: Sendable {
    let field: DataField
    /// Classes are below it, where known.
    let classes: Int?
    let allowsNonFinite: Bool

    /// - Parameters:
    ///   - rows: `[indices.count, …]`.
    ///   - shape: extents of an example in the result.
    ///   - row: names the example at an index, for messages.
    /// - Throws: naming the example, where an element is NaN or infinite and must not be, does not fit an integer type, or is no class.
    func convert(_ rows: Tensor, shape: [Int], row: (_ place: Int) -> String) throws -> Tensor {
        let each = max(1, rows.count / max(1, rows.shape[0]))
        func fail(_ element: Int, _ found: String, _ right: String) -> DLCError {
            let inside = each == 1 ? "" : ", element \(element % each)"
            return DLCError("\(field.name) is \(found)\(inside); expected \(right)", at: [row(element / each)])
        }
        let result = [rows.shape[0]] + shape
        if field.content == .pixels, field.type.isFloat, rows.type == .uint8 {
            return try Self.pixels(rows, shape: result, type: field.type)
        }
        if rows.type.isFloat {
            if !field.type.isFloat { return try whole(rows, shape: result, fail) }
            if !allowsNonFinite, let odd = try Self.firstNonFinite(rows) {
                throw fail(odd, try "\(rows.doubles()[odd])", "a finite number")
            }
        } else if !field.type.isFloat {
            try checkRange(rows, fail)
        }
        let converted = try rows.converted(to: field.type)
        // A finite number may be beyond a narrower type's range.
        if !allowsNonFinite, rows.type.isFloat, field.type.size < rows.type.size, let odd = try Self.firstNonFinite(converted) {
            throw fail(odd, try "\(rows.doubles()[odd])", "a number in the range of \(field.type)")
        }
        return try converted.reshaped(result)
    }

    /// p / 255, by a table.
    static func pixels(_ rows: Tensor, shape: [Int], type: ElementType) throws -> Tensor {
        let table = (0..<256).map { Float($0) / 255 }
        let floats = try Tensor(type: .float32, shape: shape) { target in
            let target = target.bindMemory(to: Float.self)
            rows.withUnsafeBytes { source in
                table.withUnsafeBufferPointer { for index in source.indices { target[index] = $0[Int(source[index])] } }
            }
        }
        return try floats.converted(to: type)
    }

    static func firstNonFinite(_ tensor: Tensor) throws -> Int? {
        switch tensor.type {
        case .float32: try tensor.withElements(of: Float.self) { $0.firstIndex { !$0.isFinite } }
        case .float64: try tensor.withElements(of: Double.self) { $0.firstIndex { !$0.isFinite } }
        default: try tensor.converted(to: .float32).withElements(of: Float.self) { $0.firstIndex { !$0.isFinite } }
        }
    }

    /// Floats that are whole numbers, as integers.
    private func whole(_ rows: Tensor, shape: [Int], _ fail: (Int, String, String) -> DLCError) throws -> Tensor {
        let numbers = try rows.doubles()
        let integers = try numbers.enumerated().map { element, number in
            guard let integer = Int64(exactly: number) else { throw fail(element, "\(number)", "a whole number") }
            return integer
        }
        let tensor = try Tensor(integers: integers, type: .int64, shape: rows.shape)
        try checkRange(tensor, fail)
        return try tensor.converted(to: field.type).reshaped(shape)
    }

    /// Integers must fit the field's type, and classes must be classes.
    private func checkRange(_ rows: Tensor, _ fail: (Int, String, String) -> DLCError) throws {
        var (low, high) = Self.range(of: field.type)
        var what = "\(field.type), which holds \(low) to \(high)"
        if field.content == .classes || field.content == .segments || field.content == .tokens {
            low = 0
            if let classes { high = min(high, Int64(classes) - 1) }
            what = "a class from 0 to \(high)"
        }
        let held = Self.range(of: rows.type)
        if held.0 >= low, held.1 <= high, rows.type != .uint64 { return }
        let numbers = try rows.integers()
        // Unsigned 64-bit numbers come by their bit pattern, so that those above Int64.max are negative.
        if let odd = numbers.firstIndex(where: { $0 < low || $0 > high || rows.type == .uint64 && $0 < 0 }) {
            throw fail(odd, rows.type == .uint64 ? "\(UInt64(bitPattern: numbers[odd]))" : "\(numbers[odd])", what)
        }
    }

    private static func range(of type: ElementType) -> (Int64, Int64) {
        switch type {
        case .int8: (-128, 127)
        case .int16: (-32768, 32767)
        case .int32: (Int64(Int32.min), Int64(Int32.max))
        case .uint8: (0, 255)
        case .uint16: (0, 65535)
        case .uint32: (0, Int64(UInt32.max))
        case .uint64: (0, .max)
        case .bool: (0, 1)
        default: (.min, .max)
        }
    }
}
