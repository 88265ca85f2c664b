import DLCTensor

extension Parser {
    // file := (import | definition)*
    mutating func wholeFile() -> SyntaxTree {
        var tree = SyntaxTree(file: file)
        while kind() != .end {
            let first = index
            do throws(Abandoned) {
                switch kind() {
                case .keyword(.import): tree.imports.append(try importLine())
                case .keyword(.block): tree.definitions.append(try definition(.block))
                case .keyword(.model): tree.definitions.append(try definition(.model))
                case .keyword(.training): tree.definitions.append(try definition(.training))
                default: throw strayStatement()
                }
                try endOfStatement()
            } catch {
                if index == first { advance() }
                while kind() != .end, !beginsDeclaration { advance() }
            }
        }
        return tree
    }

    /// What stands between declarations and is none.
    private mutating func strayStatement() -> Abandoned {
        if isNext(.rightBrace) {
            report("this `}` closes nothing", at: range(token))
        } else if kind() == .identifier, let near = nearestName(to: text(token), among: ["block", "model", "training", "import"]) {
            report(
                "expected `block`, `model`, `training` or `import`, found \(found)", at: range(token),
                help: "did you mean `\(near)`?")
        } else {
            report(
                "expected `block`, `model`, `training` or `import`, found \(found)", at: range(token),
                help: "statements stand in the braces of a block, model or training")
        }
        return Abandoned()
    }

    // import := "import" text
    private mutating func importLine() throws(Abandoned) -> ImportSyntax {
        advance()
        guard kind() == .text, !token.startsLine else {
            throw missing("the path of a file in double quotes", help: "for example `import \"blocks.dlm\"`")
        }
        let range = range(token)
        let pieces = try textPieces()
        guard pieces.count == 1, case .literal(let path) = pieces[0] else {
            report("the path of an import is a text without interpolation", at: range)
            throw Abandoned()
        }
        return ImportSyntax(path: path, pathRange: range)
    }

    // definition := ("block" | "model" | "training") name "(" (parameter ",")* ")" body
    private mutating func definition(_ kind: DefinitionSyntax.Kind) throws(Abandoned) -> DefinitionSyntax {
        let documentation = documentation[index]
        doubtfulBrace = nil
        let start = range(advance())
        let name = try name("the name of the \(kind.rawValue)")
        var parameters: [ParameterSyntax] = []
        do throws(Abandoned) {
            let opening = range(token)
            try expect(
                .leftParenthesis, "after the name of the \(kind.rawValue)",
                help: "a \(kind.rawValue) without parameters is `\(kind.rawValue) \(name.name)() { … }`")
            try items(from: opening, to: .rightParenthesis, "a parameter") { parser throws(Abandoned) in
                let parameter = try parser.parameter(of: kind)
                if let first = parameters.first(where: { $0.name.name == parameter.name.name }) {
                    parser.report(
                        "`\(parameter.name.name)` is a parameter already", at: parameter.name.range,
                        notes: [.init("the first one", at: first.name.range)])
                }
                parameters.append(parameter)
            }
            if isNext(.minus), self.kind(1) == .symbol(.greater) {
                throw missing("`{`", help: "results are declared by `return` alone")
            }
        } catch {
            skipToBrace()
            if !isNext(.leftBrace) { throw error }
        }
        let body = try body("of the \(kind.rawValue)")
        return DefinitionSyntax(
            kind: kind, documentation: documentation, name: name, parameters: parameters, body: body,
            range: range(from: start))
    }

    // parameter := name (":" type)? ("=" expression)?
    private mutating func parameter(of kind: DefinitionSyntax.Kind) throws(Abandoned) -> ParameterSyntax {
        let documentation = documentation[index]
        let name = try name("the name of a parameter")
        var type: TypeSyntax?
        var defaultValue: ExpressionSyntax?
        if isNext(.colon) {
            let colon = range(advance())
            type = try self.type()
            if kind == .block {
                report(
                    "a block's parameters have no types", at: colon,
                    help: "a block takes what it is called with; `check` can refuse it")
                type = nil
            }
        }
        if isNext(.assign) {
            let assign = range(advance())
            defaultValue = try expression()
            if type != nil {
                report("an input has no default", at: assign, help: "a build-time parameter has a default and no type")
                defaultValue = nil
            }
        } else if kind != .block && type == nil {
            report(
                "`\(name.name)` has neither a type nor a default", at: name.range,
                help: "an input is `\(name.name): f32[N, 3, 224, 224]`, a build-time parameter `\(name.name) = 10`")
        }
        return ParameterSyntax(
            documentation: documentation, name: name, type: type, defaultValue: defaultValue, range: range(from: name.range))
    }

    // type := element "[" (expression ",")* "]"
    mutating func type() throws(Abandoned) -> TypeSyntax {
        guard kind() == .identifier, followsInLine(0) else { throw missing("a type such as `f32[N, 3]`") }
        let word = anyName()
        let names = ElementType.computed.map(\.name)
        let element = ElementType(name: word.name).flatMap { $0.isComputed ? $0 : nil }
        if element == nil {
            let near = Self.foreignTypes[word.name] ?? nearestName(to: word.name, among: names)
            report(
                "`\(word.name)` is no type of elements", at: word.range,
                help: near.map { "did you mean `\($0)`?" } ?? "there are " + names.map { "`\($0)`" }.joined(separator: ", "))
        }
        let opening = range(token)
        guard followsInLine(0), take(.leftBracket) else {
            throw missing("`[` after the type of elements", help: "a scalar is `\(word.name)[]`")
        }
        let shape = try expressions(from: opening, to: .rightBracket, "an extent")
        return TypeSyntax(element: element ?? .float32, shape: shape, range: range(from: word.range))
    }

    /// What other languages call the types of elements.
    private static let foreignTypes = [
        "float": "f32", "float32": "f32", "double": "f64", "float64": "f64", "half": "f16", "float16": "f16", "bfloat16": "bf16",
        "int": "i64", "int64": "i64", "int32": "i32", "int16": "i16", "int8": "i8", "uint8": "u8", "byte": "u8",
    ]
}
