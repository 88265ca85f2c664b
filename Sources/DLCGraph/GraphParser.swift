/// Reads the text form of a graph. Errors name the line.
public struct GraphParser {
    private var scanner: TextScanner
    /// Those that stand in types so far, of graphs around this one too.
    private var symbols = RewrittenSymbols()
    private let definitions: [String: OperatorDefinition]
    /// Elements of constants that are written as one: a short text must not take all memory.
    private var repeatedElements = 0

    /// Parses one graph; names of operators are looked up among `definitions`.
    /// - Throws: a `DLCError` naming the line of the first mistake.
    public static func parse(_ text: String, definitions: [OperatorDefinition]) throws -> Graph {
        var byName: [String: OperatorDefinition] = [:]
        for definition in definitions { byName[definition.name] = definition }
        byName["constant"] = Constant.definition
        var parser = GraphParser(scanner: TextScanner(text), definitions: byName)
        let graph = try parser.located { try $0.graph() }
        try parser.located { parser in
            parser.scanner.skipSpace()
            if !parser.scanner.isAtEnd { throw DLCError("text after the graph's closing brace") }
        }
        return graph
    }

    private mutating func located<R>(_ body: (inout GraphParser) throws -> R) throws -> R {
        do {
            return try body(&self)
        } catch var error as DLCError {
            error.path.insert("line \(scanner.line)", at: 0)
            throw error
        }
    }

    private mutating func graph() throws -> Graph {
        try scanner.expectWord("graph")
        var builder = GraphBuilder(name: try scanner.name())
        var values: [String: Value] = [:]
        try scanner.expect("(")
        while !scanner.take(")") {
            let name = try valueName()
            try scanner.expect(":")
            let type = try tensorType()
            guard values[name] == nil else { throw DLCError("%\(name) is defined twice") }
            values[name] = try builder.input(name, type)
            symbols.settle(inputs: [type], as: [type])
            if !scanner.take(",") { try scanner.expect(")"); break }
        }
        try scanner.expect("->")
        try scanner.expect("(")
        var outputs: [(name: String, value: String)] = []
        while !scanner.take(")") {
            if scanner.peek("%") {
                let name = try valueName()
                outputs.append((name, name))
            } else {
                let name = try scanner.name()
                try scanner.expect("=")
                outputs.append((name, try valueName()))
            }
            if !scanner.take(",") { try scanner.expect(")"); break }
        }
        try scanner.expect("{")
        var states: [(name: String, next: String)] = []
        while !scanner.take("}") {
            if scanner.takeWord("state") {
                states.append(try state(&builder, &values))
            } else if scanner.takeWord("stage") {
                let name = try scanner.name()
                guard let stage = Stage.allCases.first(where: { $0.description == name }) else { throw DLCError("unknown stage \(name)") }
                builder.setStage(stage)
            } else if scanner.takeWord("metadata") {
                let key = try scanner.string()
                try scanner.expect(":")
                builder.setMetadata(key, try scanner.string())
            } else if scanner.takeWord("require") {
                try builder.require(try constraint())
            } else if scanner.takeWord("settled") {
                builder.settle(try settledSymbol())
            } else if scanner.takeWord("declared") {
                let name = try valueName()
                try scanner.expect(":")
                guard let value = values[name], let port = builder.graph.inputs.first(where: { $0.value == value }) else {
                    throw DLCError("%\(name) is no input")
                }
                let shape = try dims()
                let rank = builder.shape(value).count
                guard shape.count == rank else { throw DLCError("%\(name) has \(rank) dimensions") }
                builder.declare(port.name, shape)
            } else {
                try statement(&builder, &values)
            }
        }
        for output in outputs {
            guard let value = values[output.value] else { throw DLCError("output %\(output.value) is never computed") }
            try builder.output(output.name, value)
        }
        for state in states {
            guard let value = values[state.next] else {
                throw DLCError("%\(state.next), the next value of state \(state.name), is never computed")
            }
            try builder.next(state.name, value)
        }
        return builder.graph
    }

    /// `state %h: f32[2, 4] = (0...) -> %next`, behind its first word.
    private mutating func state(_ builder: inout GraphBuilder, _ values: inout [String: Value]) throws -> (name: String, next: String) {
        let name = try valueName()
        try scanner.expect(":")
        let type = try tensorType()
        try scanner.expect("=")
        let (words, isSplat) = try elements()
        guard values[name] == nil else { throw DLCError("%\(name) is defined twice") }
        guard let shape = type.shape.constants else { throw DLCError("state \(name) is \(type); the extents of a state are numbers") }
        let initial = try Tensor(elementTexts: words, type: type.element, shape: isSplat ? [] : shape)
        values[name] = try builder.state(name, type, initial: initial)
        try scanner.expect("->")
        return (name, try valueName())
    }

    private mutating func statement(_ builder: inout GraphBuilder, _ values: inout [String: Value]) throws {
        var names: [String] = []
        var types: [TensorType?] = []
        repeat {
            names.append(try valueName())
            types.append(scanner.take(":") ? try tensorType() : nil)
        } while scanner.take(",")
        try scanner.expect("=")
        let opName = try scanner.name()
        guard let definition = definitions[opName] else { throw DLCError("unknown operator \(opName)") }
        var operands: [Value?] = []
        if scanner.take("(") {
            while !scanner.take(")") {
                if scanner.take("_") {
                    operands.append(nil)
                } else {
                    let name = try valueName()
                    guard let value = values[name] else { throw DLCError("%\(name) is not defined") }
                    operands.append(value)
                }
                if !scanner.take(",") { try scanner.expect(")"); break }
            }
        }
        var op = definition.prototype
        if scanner.take("{") {
            while !scanner.take("}") {
                let name = try scanner.name()
                try scanner.expect(":")
                op = try op.setting(name, to: try attribute())
                if !scanner.take(",") { try scanner.expect("}"); break }
            }
        }
        let layer = scanner.peek("\"") ? try scanner.string() : ""
        let results: [Value]
        if let constant = op as? Constant {
            results = [builder.constant(constant.value, name: names[0])]
        } else {
            results = try builder.add(
                op, operands, name: layer, resultNames: names, symbols: symbols.introduced(by: types.compactMap(\.self), of: op))
        }
        guard results.count == names.count else {
            throw DLCError("\(opName) has \(results.count) results, \(names.count) are named")
        }
        for (index, name) in names.enumerated() {
            guard values[name] == nil else { throw DLCError("%\(name) is defined twice") }
            if let type = types[index], type != builder.fact(results[index]).type {
                throw DLCError("%\(name) is said to be \(type), inference gives \(builder.fact(results[index]).type)")
            }
            values[name] = results[index]
            symbols.settle(inputs: [builder.fact(results[index]).type], as: [builder.fact(results[index]).type])
        }
    }

    private mutating func valueName() throws -> String {
        try scanner.expect("%")
        return try scanner.name()
    }

    private mutating func tensorType() throws -> TensorType {
        if let kind = try containerKind() { return try containerType(kind) }
        let name = try scanner.name()
        guard let element = ElementType(name: name) else { throw DLCError("unknown element type \(name)") }
        return TensorType(element, try dims())
    }

    /// `sequence of`, `optional sequence of` or `optional`, where a type begins so.
    private mutating func containerKind() throws -> Container.Kind? {
        let isOptional = scanner.takeWord("optional")
        guard scanner.takeWord("sequence") else { return isOptional ? .optional : nil }
        try scanner.expectWord("of")
        return isOptional ? .optionalSequence : .sequence
    }

    /// `f32[?, 3]`, `f32[...]` or `f32`, behind what holds it.
    private mutating func containerType(_ kind: Container.Kind) throws -> TensorType {
        let name = try scanner.name()
        guard let element = ElementType(name: name) else { throw DLCError("unknown element type \(name)") }
        guard scanner.take("[") else { return TensorType(element, Container(kind, .none)) }
        if scanner.take("...") {
            try scanner.expect("]")
            return TensorType(element, Container(kind, .any))
        }
        var extents: [Int?] = []
        while !scanner.take("]") {
            if scanner.take("?") {
                extents.append(nil)
            } else {
                let text = try scanner.numberText()
                guard let extent = Int(text), extent >= 0 else { throw DLCError("expected an extent or ?, found \(text)") }
                extents.append(extent)
            }
            if !scanner.take(",") { try scanner.expect("]"); break }
        }
        return TensorType(element, Container(kind, .shape(extents)))
    }

    private mutating func dims() throws -> Shape {
        try scanner.expect("[")
        var shape = Shape()
        while !scanner.take("]") {
            shape.append(try scanner.dim())
            if !scanner.take(",") { try scanner.expect("]"); break }
        }
        return shape
    }

    /// `equal(N, 5) "concat rows" "operands agree in dimension 0"`
    private mutating func constraint() throws -> Constraint {
        let word = try scanner.name()
        guard let relation = Constraint.Relation(rawValue: word) else { throw DLCError("unknown relation \(word)") }
        try scanner.expect("(")
        let left = try scanner.dim()
        try scanner.expect(",")
        let right = try scanner.dim()
        try scanner.expect(")")
        return Constraint(relation, left, right, place: try scanner.string(), reason: try scanner.string())
    }

    /// `C = 3 "conv stem" "w expects 3 channels"`
    private mutating func settledSymbol() throws -> SettledSymbol {
        let symbol = try scanner.dim()
        guard let name = symbol.symbol else { throw DLCError("\(symbol) is no symbol") }
        try scanner.expect("=")
        let value = try scanner.dim()
        return SettledSymbol(symbol: name, value: value, place: try scanner.string(), reason: try scanner.string())
    }

    private mutating func attribute() throws -> AttributeValue {
        if scanner.peek("\"") { return .string(try scanner.string()) }
        if scanner.take("[") { return try list() }
        if scanner.takeWord("true") { return .bool(true) }
        if scanner.takeWord("false") { return .bool(false) }
        if scanner.takeWord("none") { return .none }
        if scanner.peekWord("graph") { return .graph(try graph()) }
        if let kind = try containerKind() { return .valueType(try containerType(kind)) }
        if scanner.takeWord("dims") {
            try scanner.expect("(")
            var dims: [Dim] = []
            while !scanner.take(")") {
                dims.append(try scanner.dim())
                if !scanner.take(";") { try scanner.expect(")"); break }
            }
            return .dims(dims)
        }
        if let element = scanner.takeElementType() {
            return scanner.peek("[") ? .tensor(try tensor(element)) : .type(element)
        }
        let word = try scanner.numberText()
        if let value = Int(word) { return .int(value) }
        guard let value = Double(word) else { throw DLCError("expected an attribute's value, found \(word)") }
        return .float(value)
    }

    private mutating func list() throws -> AttributeValue {
        var words: [String] = []
        var strings: [String] = []
        while !scanner.take("]") {
            if scanner.peek("\"") { strings.append(try scanner.string()) } else { words.append(try scanner.numberText()) }
            if !scanner.take(",") { try scanner.expect("]"); break }
        }
        if !strings.isEmpty { return .strings(strings) }
        let ints = words.compactMap { Int($0) }
        if ints.count == words.count { return .ints(ints) }
        return .floats(
            try words.map {
                guard let value = Double($0) else { throw DLCError("expected a number, found \($0)") }
                return value
            })
    }

    private mutating func tensor(_ element: ElementType) throws -> Tensor {
        try scanner.expect("[")
        var shape: [Int] = []
        while !scanner.take("]") {
            guard let extent = Int(try scanner.numberText()) else { throw DLCError("a constant's shape must be numbers") }
            shape.append(extent)
            if !scanner.take(",") { try scanner.expect("]"); break }
        }
        var (words, isSplat) = try elements()
        if isSplat {
            let count = try Checked.count(shape)
            repeatedElements = try Checked.add(repeatedElements, count)
            guard count <= 1 << 24, repeatedElements <= 1 << 26 else {
                throw DLCError("a constant of \(count) elements is too large for text")
            }
            words = Array(repeating: words[0], count: count)
        }
        return try Tensor(elementTexts: words, type: element, shape: shape)
    }

    /// `(1, 2)`, or `(1...)` for as many as there are places.
    private mutating func elements() throws -> (words: [String], isSplat: Bool) {
        try scanner.expect("(")
        var words: [String] = []
        while !scanner.take(")") {
            words.append(scanner.peek("\"") ? try scanner.literal() : try scanner.numberText())
            if words.count == 1, scanner.take("...") {
                try scanner.expect(")")
                return (words, true)
            }
            if !scanner.take(",") { try scanner.expect(")"); break }
        }
        return (words, false)
    }
}
