@testable import DLCModel
import Testing

@Suite struct SyntaxParserTests {
    /// An expression with all its parentheses.
    private func explicit(_ value: ExpressionSyntax) -> String {
        switch value.kind {
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .boolean(let value): "\(value)"
        case .text(let pieces):
            pieces.map {
                if case .value(let value) = $0 { "\\(\(explicit(value)))" } else if case .literal(let text) = $0 { "'\(text)'" } else { "" }
            }.joined()
        case .name(let name): name
        case .list(let values): "[\(values.map(explicit).joined(separator: ", "))]"
        case .unary(let sign, let operand): "(\(sign.rawValue)\(explicit(operand)))"
        case .binary(let binary, let place, let left, let right):
            place.text == binary.rawValue ? "(\(explicit(left)) \(binary.rawValue) \(explicit(right)))" : "wrong range"
        case .conditional(let condition, let yes, let no): "(\(explicit(condition)) ? \(explicit(yes)) : \(explicit(no)))"
        case .call(let callee, let arguments):
            explicit(callee) + "(" + arguments.map { ($0.label.map { "\($0.name): " } ?? "") + explicit($0.value) }.joined(separator: ", ")
                + ")"
        case .member(let base, let name): "\(explicit(base)).\(name.name)"
        case .indexed(let base, let indices): "\(explicit(base))[\(indices.map(explicit).joined(separator: ", "))]"
        case .invalid: "invalid"
        }
    }

    private func explicit(_ index: IndexSyntax) -> String {
        switch index {
        case .element(let value): explicit(value)
        case .slice(let from, let to, let step, _): [from, to, step].map { $0.map(explicit) ?? "" }.joined(separator: ":")
        }
    }

    /// The value returned by the only block of a file with no mistakes.
    private func returned(_ expression: String) throws -> ExpressionSyntax {
        let (tree, errors) = Parser.parse(SourceFile(path: "a.dlm", text: "block f(x) {\n    return \(expression)\n}"))
        #expect(errors.map(\.description) == [])
        guard case .returned(let values)? = tree.definitions.first?.body.first?.kind, let value = values.first?.value else {
            throw ModelErrors(errors)
        }
        #expect(value.range.text == expression)
        return value
    }

    @Test(arguments: [
        ("1 + 2 * 3 - 4", "((1 + (2 * 3)) - 4)"),
        ("-2 ** 2", "(-(2 ** 2))"),
        ("2 ** -3 ** 2", "(2 ** (-(3 ** 2)))"),
        ("2 ** 3 ** 2", "(2 ** (3 ** 2))"),
        ("(-2) ** 2", "((-2) ** 2)"),
        ("-x.y(1)[0]", "(-x.y(1)[0])"),
        ("!a == b", "((!a) == b)"),
        ("- -x", "(-(-x))"),
        ("a || b && c == d + e", "(a || (b && (c == (d + e))))"),
        ("a / b ~/ c % d @ e", "((((a / b) ~/ c) % d) @ e)"),
        ("0..<n - 1", "(0 ..< (n - 1))"),
        ("1...3", "(1 ... 3)"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a ? b ? c : d : e", "(a ? (b ? c : d) : e)"),
        ("a > 1 ? f(x, k: a ? 1 : 2) : g", "((a > 1) ? f(x, k: (a ? 1 : 2)) : g)"),
        ("x.conv(3, kernel: [1, 2],)", "x.conv(3, kernel: [1, 2])"),
        ("x[:, 1:3, -1]", "x[::, 1:3:, (-1)]"),
        ("x[::2, 1::, :n + 1:k, a ? 1 : 2:3]", "x[::2, 1::, :(n + 1):k, (a ? 1 : 2):3:]"),
        ("layers[0](x)", "layers[0](x)"),
        ("\"a\\(stage + 1).\\(f(\"b\"))c\"", "'a'\\((stage + 1))'.'\\(f('b'))'c'"),
        ("\"\\\"\\\\ \\n\\t\"", "'\"\\ \n\t'"),
        ("\"\"", ""),
        ("[]", "[]"),
        (".infinity", "inf"),
        ("50_257 + 1e-5 + 2.50", "((50257 + 1e-05) + 2.5)"),
        ("x\n        .relu()\n        + y", "(x.relu() + y)"),
        ("x.repeat(2, for: true)", "x.repeat(2, for: true)"),
        ("größe + _a1", "(größe + _a1)"),
    ]) func operatorsBind(written: String, meant: String) throws {
        #expect(explicit(try returned(written)) == meant)
    }

    @Test func statementsAreRead() throws {
        let text = """
            import "blocks/a.dlm"

            /// Line one,
            ///
            ///  line three.
            model M(
                /// What comes in.
                image: f32[N, 2 * 3],
                classes = 10, /// says nothing
                state = true,
            ) {
                a, _ = image
                for i in 0..<3 { a = i }
                repeat 2 { next = 3 }
                if a { } else if b { state = 1 } else { }
                state h: bf16[]
                next h = a
                check a, "b"
                check(a)
                minimize a + 1, by: adam(1e-3), over: ["a", "b"]
                minimize (a)
                minimize = 3
                freeze "a", "b"
                rates "a": 2, "b": a ? 1 : 2
                follow "a", of: "b"
                follow, rates = a
                predict b, c: a
                predict = metadata
                metadata "a": 1
                return logits: a, model: b
            }
            """
        let (tree, errors) = Parser.parse(SourceFile(path: "a.dlm", text: text))
        #expect(errors.map(\.description) == [])
        #expect(tree.imports.map(\.path) == ["blocks/a.dlm"])
        let model = try #require(tree.definitions.first)
        #expect(model.kind == .model && model.name.name == "M")
        #expect(model.documentation == "Line one,\n\n line three.")
        #expect(model.parameters.map(\.documentation) == ["What comes in.", nil, nil])
        #expect(model.parameters.map { $0.type?.element } == [.float32, nil, nil])
        #expect(model.parameters[0].range.text == "image: f32[N, 2 * 3]")
        #expect(model.range.text.hasPrefix("model M(") && model.range.text.hasSuffix("}"))
        #expect(
            model.body.map { $0.range.text.split { " (".contains($0) }[0] } == [
                "a,", "for", "repeat", "if", "state", "next", "check", "check", "minimize", "minimize", "minimize", "freeze", "rates",
                "follow", "follow,", "predict", "predict", "metadata", "return",
            ])
        let kinds = model.body.map { statement in
            switch statement.kind {
            case .assign(let names, _): "assign \(names.map(\.name))"
            case .forEach(let name, _, let body): "for \(name.name) \(body.count)"
            case .repeated(_, let body): "repeat \(body.count)"
            case .conditional(let branches, let otherwise): "if \(branches.map(\.body.count)) \(otherwise?.count ?? -1)"
            case .returned(let values): "return \(values.map { $0.label?.name ?? "" })"
            case .state(let name, let type, _): "state \(name.name) \(type.element) \(type.shape.count)"
            case .next(let name, _): "next \(name.name)"
            case .check(_, let message): "check \(message == nil)"
            case .minimize(_, let options): "minimize \(options.map { $0.label?.name ?? "" })"
            case .freeze(let patterns): "freeze \(patterns.count)"
            case .rates(let rates): "rates \(rates.count)"
            case .predicted(let values): "predict \(values.map { $0.label?.name ?? "" })"
            case .metadata(let notes): "metadata \(notes.count)"
            case .follow(_, let options): "follow \(options.map { $0.label?.name ?? "" })"
            }
        }
        #expect(
            kinds == [
                "assign [\"a\", \"_\"]", "for i 1", "repeat 1", "if [0, 1] 0", "state h bf16 0", "next h", "check false", "check true",
                "minimize [\"by\", \"over\"]", "minimize []", "assign [\"minimize\"]", "freeze 2", "rates 2", "follow [\"of\"]",
                "assign [\"follow\", \"rates\"]",
                "predict [\"\", \"c\"]", "assign [\"predict\"]", "metadata 1", "return [\"logits\", \"model\"]",
            ])
    }

    @Test func positionsCountCharacters() {
        let file = SourceFile(path: "a.dlm", text: "äb\r\n\tc\n")
        #expect(
            [0, 2, 3, 5, 6, 8].map { file.position($0) }.map { [$0.line, $0.column] } == [
                [1, 1], [1, 2], [1, 3], [2, 1], [2, 2], [3, 1],
            ])
        #expect(SourceRange(file: file, start: 6, end: 7).text == "c")
    }
}
