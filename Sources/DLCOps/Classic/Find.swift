import DLCGraph
import DLCRuntime

/// Where the elements of x stand among `keys`, which ascend (NaN last): i64 positions of x's shape, the first of equal
/// keys, and the number of keys where there is none. NaN is found as NaN, −0 as 0. Strings may stand in any order; among numbers
/// that do not ascend, what bisection finds.
///
/// With a gather from a table it is ONNX's LabelEncoder, as which it is written.
public struct Find: Operator {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Find(), name: "find", operands: ["x", "keys"],
        onnx: [ONNXMapping("LabelEncoder", domain: "ai.onnx.ml", read: LabelMaps.readEncoder, write: write)],
        examples: {
            let floats = try Tensor([-1, 0, 2.5, 7, .infinity, .nan] as [Float], shape: [6])
            let x = try Tensor([0, -0.0, .nan, 2.5, 3, .infinity, -.infinity, -1] as [Float], shape: [2, 4])
            let whole = try Tensor([-5, 0, 0, 3, 9] as [Int64], shape: [5])
            func example(_ name: String, _ x: Tensor, _ keys: Tensor) -> Example {
                Example(name, Find(), [x, keys], isDifferentiable: false)
            }
            return [
                example("floats", x, floats),
                example("f64", try x.converted(to: .float64), try floats.converted(to: .float64)),
                example("f16", try x.converted(to: .float16), try floats.converted(to: .float16)),
                example("integers", try Tensor([9, 0, 4, -5, 3] as [Int64], shape: [5]), whole),
                example("i32", try Tensor([9, 0, 4, -5, -6] as [Int32], shape: [5]), try whole.converted(to: .int32)),
                example("u8", try Tensor([9, 0, 255] as [UInt8], shape: [3]), try Tensor([0, 9, 255] as [UInt8], shape: [3])),
                example("no keys", x, try Tensor([] as [Float], shape: [0])),
                example("strings", try Tensor(["b", "", "none of them", "a longer key"], shape: [2, 2]), try Tensor(["a longer key", "b", ""], shape: [3])),
                example("a scalar", try Tensor([3 as Int64], shape: []), whole),
            ]
        }
    )

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let (x, keys) = (try context.operand(0), try context.operand(1))
        guard x.element == keys.element, keys.rank == 1 else {
            throw DLCError("x is \(x.type), keys are \(keys.type); expected keys [K] of x's type")
        }
        return [Fact(.int64, x.shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (x, keys) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        if x.type == .string { return try computed(operands) }
        let places =
            try x.type.isFloat
            ? Self.places(x.doubles(), keys.doubles(), Self.isBefore) : Self.places(x.ordered(), keys.ordered(), <)
        return [try Tensor(places, shape: x.shape)]
    }

    private static func isBefore(_ a: Double, _ b: Double) -> Bool { a < b || (!a.isNaN && b.isNaN) }

    private static func doesAscend(_ keys: Tensor) throws -> Bool {
        try keys.type == .string || (keys.type.isFloat ? doesAscend(keys.doubles(), isBefore) : doesAscend(keys.ordered(), <))
    }

    private static func doesAscend<T>(_ keys: [T], _ isBefore: (T, T) -> Bool) -> Bool {
        !zip(keys, keys.dropFirst()).contains { isBefore($1, $0) }
    }

    /// By bisection, as the kernel: the steps decide what is found of keys that do not ascend.
    private static func places<T>(_ elements: [T], _ keys: [T], _ isBefore: (T, T) -> Bool) -> [Int64] {
        elements.map { element in
            var (low, count) = (0, keys.count)
            while count > 0 {
                let half = count / 2
                if isBefore(keys[low + half], element) { (low, count) = (low + half + 1, count - half - 1) } else { count = half }
            }
            return Int64(low < keys.count && !isBefore(element, keys[low]) ? low : keys.count)
        }
    }

    static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let keys = writer.operandFacts[1]?.constant else {
            throw DLCError("keys are computed; ONNX LabelEncoder has them as an attribute")
        }
        guard try doesAscend(keys) else { throw DLCError("keys do not ascend, NaN last; ONNX LabelEncoder cannot say in which order") }
        let count = Int64(keys.count)
        writer.node(
            "LabelEncoder", domain: "ai.onnx.ml", inputs: [writer.inputs[0]],
            attributes: [
                ("keys_tensor", .tensor(keys)), ("values_tensor", .tensor(try Tensor(Array(0..<count), shape: [keys.count]))),
                ("default_tensor", .tensor(try Tensor([count], shape: [1]))),
            ])
    }
}

extension Tensor {
    /// Integers and bools as numbers of the same order.
    fileprivate func ordered() throws -> [Int64] {
        try type == .uint64 ? integers().map { $0 ^ .min } : integers()
    }
}

extension Find: TextOperator {
    package func call(_ element: ElementType) -> TextCall? { element == .string ? TextCall(.find) : nil }
}
