import DLCGraph
import DLCRuntime

/// The parts of each text along a new last dimension, filled up with empty texts, and how many each has (ONNX StringSplit).
public struct StringSplit: Operator {
    /// What divides the parts; where it is empty, any run of white space does, and none remains at the ends.
    public var delimiter: String
    /// The most splits, behind which the rest of a text is one part; below 0 all.
    public var mostSplits: Int

    public init(delimiter: String = "", mostSplits: Int = -1) { (self.delimiter, self.mostSplits) = (delimiter, mostSplits) }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        StringSplit(), name: "string_split", operands: ["x"], results: ["y", "counts"],
        onnx: [ONNXMapping("StringSplit", StringSplit(), since: 20)],
        examples: {
            let words = try Tensor(["hello world", " hello  world again\t", "", "one", "a\u{3000}b"], shape: [5])
            let dates = try Tensor(["2026-11-28", "-", "", "--x", "none", "a longer text-"], shape: [2, 3])
            return [
                Example("words", StringSplit(), [words], isDifferentiable: false),
                Example("first word", StringSplit(mostSplits: 1), [words], isDifferentiable: false),
                Example("dates", StringSplit(delimiter: "-"), [dates], isDifferentiable: false),
                Example("once", StringSplit(delimiter: "-", mostSplits: 1), [dates], isDifferentiable: false),
                Example("never", StringSplit(delimiter: "--", mostSplits: 0), [dates], isDifferentiable: false),
                Example("empty", StringSplit(), [try Tensor([], shape: [0])], isDifferentiable: false),
                Example("scalar", StringSplit(delimiter: "🙂"), [try Tensor(["a🙂b🙂"], shape: [])], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("delimiter", \.delimiter)
        Attribute("maxsplit", \.mostSplits)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", [.string])
        let shape = try context.operand(0).shape
        return [Fact(.string, shape + [context.unknown("parts")]), Fact(.int64, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] { try computed(operands) }
}

extension StringSplit: TextOperator {
    package func call(_ element: ElementType) -> TextCall? { TextCall(.split, numbers: [mostSplits], texts: [delimiter]) }
}
