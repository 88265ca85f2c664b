import DLCGraph
import DLCRuntime

/// Numbers as texts, or texts as numbers (ONNX Cast; `TextNumbers` says how they are written).
public struct StringCast: Operator {
    public var to: ElementType

    public init(to: ElementType = .string) { self.to = to }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        StringCast(), name: "string_cast", operands: ["x"],
        onnx: [
            ONNXMapping(
                "StringCast", domain: "dlc", read: { try $0.add($0.configured(StringCast()), $0.operands) },
                write: { writer in
                    guard let op = writer.op as? StringCast else { return }
                    try writer.require(9, "Cast of strings")
                    writer.node("Cast", attributes: [("to", .int(op.to.onnx))])
                })
        ],
        examples: {
            let x = try Tensor([-2.75, 0.1, 1, 1e20, 123456792, 1e-7, .infinity, -.infinity, .nan] as [Float], shape: [3, 3])
            let texts = try Tensor(["3.25", " -1e3 ", "NaN", "INF", "-inf", "0", "7"], shape: [7])
            func example(_ name: String, _ type: ElementType, _ x: Tensor) -> Example {
                Example(name, StringCast(to: type), [x], isDifferentiable: false)
            }
            return try [
                example("f32", .string, x), example("f64", .string, x.converted(to: .float64)),
                example("bool", .string, Tensor([true, false], shape: [2])), example("u64", .string, Tensor([UInt64.max], shape: [])),
                example("i8", .string, Tensor([-128 as Int8, 0, 127], shape: [3])), example("to f32", .float32, texts),
                example("to f64", .float64, texts), example("to f16", .float16, texts),
                example("to i32", .int32, Tensor(["-7", "12.9", "2147483647"], shape: [3])),
                example("to u64", .uint64, Tensor(["18446744073709551615"], shape: [1])),
                example("to bool", .bool, Tensor(["0", "1", "2.5"], shape: [3])),
            ]
        }
    ) {
        Attribute("to", \.to)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        guard x.element == .string ? to.isComputed : to == .string && x.element.isComputed else {
            throw DLCError("casts \(x.type) to \(to); expected strings on one side")
        }
        return [Fact(to, x.shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] { try computed(operands) }
}

extension StringCast: TextOperator {
    package func call(_ element: ElementType) -> TextCall? {
        element == .string ? TextCall(.read, numbers: [Int(to.rawValue)]) : TextCall(.write)
    }
}
