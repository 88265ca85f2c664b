import CKernels
import DLCGraph

/// How numbers become powers of two.
public enum NarrowRounding: String, AttributeConvertible, CaseIterable {
    case up, nearest, down

    public var kernelRounding: dlc_narrow_rounding {
        switch self {
        case .up: DLC_NARROW_UP
        case .nearest: DLC_NARROW_NEAREST
        case .down: DLC_NARROW_DOWN
        }
    }
}

/// The elements in another type, where that or x's is narrow (ONNX Cast): to floats of eight and four bits rounded to nearest
/// even, beyond their range the largest number or, where it does not saturate, infinity or NaN; to integers of four and two
/// bits truncated toward zero, of which the lowest bits remain.
public struct NarrowCast: Operator {
    public var to: ElementType
    public var saturate: Bool
    /// Of FLOAT8E8M0.
    public var rounding: NarrowRounding

    public init(to: ElementType = .float8e4m3fn, saturate: Bool = true, rounding: NarrowRounding = .up) {
        self.to = to
        self.saturate = saturate
        self.rounding = rounding
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        NarrowCast(), name: "narrow_cast", operands: ["x"],
        onnx: [
            ONNXMapping(
                "CastLike",
                read: { reader in
                    try reader.allowAttributes(["saturate", "round_mode"])
                    return try Cast.read(&reader, to: reader.fact(1).element)
                },
                write: { writer in
                    guard let op = writer.op as? NarrowCast else { return }
                    try writer.require(Self.opset(op.to, writer.operandFacts[0]?.element), "Cast to \(op.to)")
                    var attributes: [(name: String, value: AttributeValue)] = [("to", .int(op.to.onnx))]
                    if !op.saturate { attributes.append(("saturate", .int(0))) }
                    if op.rounding != .up { attributes.append(("round_mode", .string(op.rounding.rawValue))) }
                    writer.node("Cast", attributes: attributes)
                })
        ],
        examples: {
            let x = try Tensor(
                [-2.75, -0.5, 0, -0.0, 1.5, 0.07, 7, 8, 300, 464, 465, 3e9, 1e-9, .infinity, -.infinity, .nan] as [Float], shape: [2, 8])
            let codes = try Tensor((0...255).map { UInt8($0) }, shape: [256])
            var result: [Example] = []
            for type in ElementType.allCases where type.isNarrow {
                let saturated = try NarrowCast(to: type).evaluate([x])[0]
                result.append(Example("to \(type)", NarrowCast(to: type), [x], isDifferentiable: false))
                result.append(
                    Example(
                        "f16 to \(type)", NarrowCast(to: type, saturate: false), [try x.converted(to: .float16)], isDifferentiable: false))
                result.append(Example("\(type) to f32", NarrowCast(to: .float32), [saturated], isDifferentiable: false))
                if type.bits == 8 {
                    let all = try Tensor(type: type, shape: [256]) { target in codes.withUnsafeBytes { target.copyMemory(from: $0) } }
                    result.append(Example("all of \(type)", NarrowCast(to: .float64), [all], isDifferentiable: false))
                } else {
                    result.append(Example("\(type) to i8", NarrowCast(to: .int8), [saturated], isDifferentiable: false))
                }
            }
            for rounding in NarrowRounding.allCases {
                result.append(Example("\(rounding)", NarrowCast(to: .float8e8m0, rounding: rounding), [x], isDifferentiable: false))
            }
            return result
        }
    ) {
        Attribute("to", \.to)
        Attribute("saturate", \.saturate)
        Attribute("rounding", \.rounding)
    }

    /// The first opset with a cast between the types.
    private static func opset(_ a: ElementType, _ b: ElementType?) -> Int {
        [a, b].compactMap { type -> Int? in
            switch type {
            case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz: 19
            case .int4, .uint4: 21
            case .float4e2m1: 23
            case .float8e8m0: 24
            case .int2, .uint2: 25
            default: nil
            }
        }.max() ?? 1
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        guard to.isNarrow || x.element.isNarrow, to != .string, x.element != .string else {
            throw DLCError("casts \(x.type) to \(to), neither of which is narrow")
        }
        return [Fact(to, x.shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        return [
            try Tensor(type: to, shape: x.shape) { target in
                x.withUnsafeBytes {
                    dlc_convert_narrow(
                        x.type.kernelType, to.kernelType, $0.baseAddress, target.baseAddress, Int64(x.count), saturate,
                        rounding.kernelRounding)
                }
            }
        ]
    }
}

extension ONNXReader {
    /// A value in another type, either of which may be narrow.
    mutating func narrowed(_ x: Value, to type: ElementType, saturate: Bool = true) throws -> Value {
        let own = builder.fact(x).element
        if own == type { return x }
        return own.isNarrow || type.isNarrow ? try add1(NarrowCast(to: type, saturate: saturate), [x]) : try add1(Cast(to: type), [x])
    }
}
