extension ONNXMapping {
    /// Constant in all its spellings.
    static let readConstant: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        guard reader.attributes.count == 1, let (name, value) = reader.attributes.first else {
            throw DLCError("Constant expects exactly one attribute, found \(reader.attributes.keys.sorted())")
        }
        let tensor: Tensor
        switch (name, value) {
        case ("value", .tensor(let value)), ("sparse_value", .tensor(let value)): tensor = value
        case ("value_int", .int(let value)): tensor = try Tensor([Int64(value)], shape: [])
        case ("value_ints", .ints(let values)): tensor = try Tensor(values.map(Int64.init), shape: [values.count])
        case ("value_string", .string(let text)): tensor = try Tensor([text], shape: [])
        case ("value_strings", .strings(let texts)): tensor = try Tensor(texts, shape: [texts.count])
        case ("value_strings", .ints(let none)) where none.isEmpty: tensor = try Tensor([] as [String], shape: [0])
        case ("value_float", .float(let value)): tensor = try Tensor([Float(value)], shape: [])
        case ("value_floats", .floats(let values)): tensor = try Tensor(values.map(Float.init), shape: [values.count])
        default: throw DLCError("attribute \(name) of Constant holds \(value.kind), which is not supported")
        }
        return [reader.builder.constant(tensor, name: reader.resultNames.first ?? nil)]
    }

    static let writeConstant: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        writer.node("Constant", attributes: writer.op.attributes)
    }
}

extension ElementType {
    /// The type with the given number in ONNX's `TensorProto.DataType`, or nil.
    public init?(onnx code: Int) {
        switch code {
        case 1: self = .float32
        case 2: self = .uint8
        case 3: self = .int8
        case 4: self = .uint16
        case 5: self = .int16
        case 6: self = .int32
        case 7: self = .int64
        case 8: self = .string
        case 9: self = .bool
        case 10: self = .float16
        case 11: self = .float64
        case 12: self = .uint32
        case 13: self = .uint64
        case 16: self = .bfloat16
        case 17: self = .float8e4m3fn
        case 18: self = .float8e4m3fnuz
        case 19: self = .float8e5m2
        case 20: self = .float8e5m2fnuz
        case 21: self = .uint4
        case 22: self = .int4
        case 23: self = .float4e2m1
        case 24: self = .float8e8m0
        case 25: self = .uint2
        case 26: self = .int2
        default: return nil
        }
    }

    /// The number in ONNX's `TensorProto.DataType`.
    public var onnx: Int {
        switch self {
        case .float32: 1
        case .uint8: 2
        case .int8: 3
        case .uint16: 4
        case .int16: 5
        case .int32: 6
        case .int64: 7
        case .string: 8
        case .bool: 9
        case .float16: 10
        case .float64: 11
        case .uint32: 12
        case .uint64: 13
        case .bfloat16: 16
        case .float8e4m3fn: 17
        case .float8e4m3fnuz: 18
        case .float8e5m2: 19
        case .float8e5m2fnuz: 20
        case .uint4: 21
        case .int4: 22
        case .float4e2m1: 23
        case .float8e8m0: 24
        case .uint2: 25
        case .int2: 26
        }
    }
}
