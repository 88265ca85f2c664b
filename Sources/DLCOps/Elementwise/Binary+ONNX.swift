import DLCGraph

extension Binary {
    /// The ONNX operator itself, and for `add` and `mul` the variadic ones that become chains.
    static func mappings(_ function: BinaryFunction) -> [ONNXMapping] {
        let (name, since) = function.onnx
        let main = ONNXMapping(name, read: { try read(function, &$0) }, write: { try write(function, since, &$0) })
        guard function == .add else { return [main] }
        return [
            main, ONNXMapping("Sum", read: { try readChain(.add, &$0) }, write: main.write),
            ONNXMapping("Mean", read: readMean, write: main.write),
        ]
    }

    private static func read(_ function: BinaryFunction, _ reader: inout ONNXReader) throws -> [Value] {
        switch function {
        case .max, .min:
            return try readChain(function, &reader)
        case .pow:
            try reader.allowAttributes([])
            return try readPower(&reader)
        case .add, .sub, .mul, .div, .and, .or, .xor, .equal, .greater, .less:
            try reader.allowAttributes(["axis", "broadcast"])
            return try reader.add(Binary(function), reader.operands)
        default:
            return try reader.add(reader.configured(Binary(function)), reader.operands)
        }
    }

    /// The exponent's type may differ from the base's since opset 12; an integer base with a fractional exponent is
    /// computed in f64 and truncated.
    private static func readPower(_ reader: inout ONNXReader) throws -> [Value] {
        let (base, exponent) = (try reader.required(0), try reader.required(1))
        let (type, other) = (try reader.fact(0).element, try reader.fact(1).element)
        if type == other { return try reader.add(Binary(.pow), [base, exponent]) }
        if type.isFloat || !other.isFloat {
            return try reader.add(Binary(.pow), [base, try reader.add1(Cast(to: type), [exponent])])
        }
        let wide = try reader.add1(Cast(to: .float64), [base])
        let power = try reader.add1(
            Binary(.pow), [wide, other == .float64 ? exponent : try reader.add1(Cast(to: .float64), [exponent])])
        return try reader.add(Cast(to: type), [power])
    }

    private static func readChain(_ function: BinaryFunction, _ reader: inout ONNXReader) throws -> [Value] {
        try reader.allowAttributes([])
        var sum = try reader.required(0)
        guard reader.operands.count > 1 else { return [sum] }
        for index in 1..<(reader.operands.count - 1) {
            sum = try reader.add1(Binary(function), [sum, try reader.required(index)])
        }
        return try reader.add(Binary(function), [sum, try reader.required(reader.operands.count - 1)])
    }

    private static let readMean: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([])
        var sum = try reader.required(0)
        guard reader.operands.count > 1 else { return [sum] }
        for index in 1..<reader.operands.count {
            sum = try reader.add1(Binary(.add), [sum, try reader.required(index)])
        }
        let type = try reader.fact(0).element
        let share = reader.constant(try Tensor(filling: 1 / Double(reader.operands.count), type: type, shape: []))
        return try reader.add(Binary(.mul), [sum, share])
    }

    private static func write(_ function: BinaryFunction, _ since: Int, _ writer: inout ONNXWriter) throws {
        guard let op = writer.op as? Binary else { return }
        let name = function.onnx.name
        switch function {
        case .greaterOrEqual where writer.opset < 12, .lessOrEqual where writer.opset < 12:
            let strict = writer.intermediate(function == .greaterOrEqual ? "Greater" : "Less", writer.inputs)
            writer.node("Or", inputs: [strict, writer.intermediate("Equal", writer.inputs)])
        case .mod:
            try writer.require(since, name)
            let type = writer.resultFacts[0].element
            // Mod of floats is only defined with fmod; a remainder of another sign than the divisor's takes one divisor more.
            if !op.fmod, type.isFloat {
                let zero = writer.constant(try Tensor(filling: 0, type: type, shape: []), "zero")
                let rest = writer.intermediate(name, writer.inputs, [("fmod", .int(1))])
                let signs = [rest, writer.inputs[1]].map { writer.intermediate("Less", [$0, zero]) }
                let isZero = writer.intermediate("Equal", [rest, zero])
                let isWrong = writer.intermediate("And", [writer.intermediate("Xor", signs), writer.intermediate("Not", [isZero])])
                let remainder = writer.intermediate("Where", [isWrong, writer.intermediate("Add", [rest, writer.inputs[1]]), rest])
                // A remainder of 0 has the divisor's sign, too.
                let below = writer.constant(try Tensor(doubles: [-0.0], type: type, shape: []), "below")
                writer.node("Where", inputs: [isZero, writer.intermediate("Where", [signs[1], below, zero]), remainder])
            } else {
                writer.node(name, attributes: op.fmod ? [("fmod", .int(1))] : [])
            }
        case .bitShift:
            try writer.require(since, name)
            writer.node(name, attributes: op.attributes)
        default:
            try writer.require(writer.operandFacts[0]?.element == .string ? 19 : since, name)
            writer.node(name)
        }
    }
}
