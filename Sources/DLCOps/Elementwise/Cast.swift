import DLCGraph

/// The elements in another type: rounded to nearest even for floats, truncated toward zero from float to integer,
/// wrapped between integers (ONNX Cast; `saturate` concerns 8-bit floats only). Floats that no integer of the type is,
/// which ONNX leaves open, become what x86 makes of them: the most negative number of 32 bits, or of 64 for the types
/// u32, i64 and u64, wrapped.
public struct Cast: Operator {
    public var to: ElementType

    public init(to: ElementType = .float32) { self.to = to }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Cast(), name: "cast", operands: ["x"], traits: [.elementwise],
        onnx: [
            ONNXMapping(
                "Cast",
                read: { reader in
                    try reader.allowAttributes(["to", "saturate", "round_mode"])
                    guard let code: Int = try reader.attribute("to") else { throw DLCError("attribute to is missing") }
                    guard let type = ElementType(onnx: code) else {
                        throw DLCError("element type \(code) of attribute to is not supported")
                    }
                    return try read(&reader, to: type)
                },
                write: { writer in
                    guard let op = writer.op as? Cast else { return }
                    writer.node("Cast", attributes: [("to", .int(op.to.onnx))])
                })
        ],
        examples: {
            let x = try Tensor([-2.7, -0.5, 0, 1.5, 100.25, 3e9] as [Float], shape: [2, 3])
            var result = ElementType.computed.map { Example("to \($0)", Cast(to: $0), [x], isDifferentiable: false) }
            let beyond = try Tensor([-1, 300, -129.5, 3e9, -3e9, 1e10, 1e19, .nan, .infinity, -.infinity], shape: [10])
            for type in [ElementType.int8, .uint8, .int16, .uint16, .int32, .int64, .uint64, .bool] {
                result.append(Example("beyond \(type)", Cast(to: type), [try beyond.converted(to: .float32)], isDifferentiable: false))
                result.append(Example("f64 beyond \(type)", Cast(to: type), [beyond], isDifferentiable: false))
            }
            for type in [ElementType.int8, .int32, .int64, .uint8, .bool, .float16, .float64] {
                let y = try Tensor.random(seed: 4, type: type, shape: [7])
                result.append(Example("\(type) to f32", Cast(to: .float32), [y], isDifferentiable: false))
                result.append(Example("\(type) to i32", Cast(to: .int32), [y], isDifferentiable: false))
            }
            return result
        }
    ) {
        Attribute("to", \.to)
    }

    /// Reads Cast and CastLike.
    static func read(_ reader: inout ONNXReader, to type: ElementType) throws -> [Value] {
        var x = try reader.required(0)
        var own = reader.builder.fact(x).element
        if own != type, own == .string || type == .string {
            if own.isNarrow { x = try reader.narrowed(x, to: .float32) }
            if !type.isNarrow { return try reader.add(StringCast(to: type), [x]) }
            x = try reader.add1(StringCast(to: .float32), [x])
            own = .float32
        }
        if own != type, own.isNarrow || type.isNarrow {
            let text: String = try reader.attribute("round_mode") ?? "up"
            guard let rounding = NarrowRounding(rawValue: text) else {
                throw DLCError("round_mode is '\(text)'; expected up, nearest or down")
            }
            return try reader.add(NarrowCast(to: type, saturate: reader.attribute("saturate") ?? true, rounding: rounding), [x])
        }
        return own == type ? [x] : try reader.add(Cast(to: type), [x])
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        guard to.isComputed, x.element.isComputed else {
            throw DLCError("casts \(x.type) to \(to), which narrow_cast or string_cast does")
        }
        return [Fact(to, x.shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] { [try Oracle.operand(operands, 0).converted(to: to)] }
}
