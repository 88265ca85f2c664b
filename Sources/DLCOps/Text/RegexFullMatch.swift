import DLCGraph
import DLCRuntime

/// Whether the whole of each text matches a regular expression in RE2's syntax (ONNX RegexFullMatch; `RegularExpression`).
public struct RegexFullMatch: Operator {
    public var pattern: String

    public init(pattern: String = "") { self.pattern = pattern }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        RegexFullMatch(), name: "regex_full_match", operands: ["x"],
        onnx: [
            ONNXMapping(
                "RegexFullMatch",
                read: { reader in
                    guard reader.attributes["pattern"] != nil else { throw DLCError("attribute pattern is missing") }
                    return try reader.add(reader.configured(RegexFullMatch()), reader.operands)
                },
                write: { writer in
                    try writer.require(20, "RegexFullMatch")
                    writer.node("RegexFullMatch", attributes: writer.op.attributes)
                })
        ],
        examples: {
            let names = try Tensor(["www.google.com", "www.facebook.com", "www.bbc.co.uk", ""], shape: [2, 2])
            let texts = try Tensor(["ab", "AB", "aab", "ß", "x\ny", "日本語"], shape: [6])
            func example(_ name: String, _ pattern: String, _ x: Tensor) -> Example {
                Example(name, RegexFullMatch(pattern: pattern), [x], isDifferentiable: false)
            }
            return [
                example("names", #"www\.[\w.-]+\.\bcom\b"#, names), example("case", "(?i)a{1,2}b", texts),
                example("classes", #"\p{Han}+|[^[:ascii:]]"#, texts), example("lines", "(?ms)x.^y$", texts),
                example("nothing", "", try Tensor([], shape: [0, 3])),
                example("scalar", "a*", try Tensor([String(repeating: "a", count: 100)], shape: [])),
            ]
        }
    ) {
        Attribute("pattern", \.pattern)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", [.string])
        _ = try RegularExpression(pattern)
        return [Fact(.bool, try context.operand(0).shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] { try computed(operands) }
}

extension RegexFullMatch: TextOperator {
    package func call(_ element: ElementType) -> TextCall? { TextCall(.match, texts: [pattern]) }
}
