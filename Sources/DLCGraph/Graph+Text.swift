/// The text form:
///
///     graph mnist(%image: f32[N, 1, 28, 28]) -> (%scores) {
///         state %runs: i64[] = (0) -> %more
///         require equal(N, 5) "concat rows" "operands agree in dimension 0"
///         %w = constant {value: f32[2] (0.5, -1)}
///         %y: f32[N, 8, 28, 28] = conv(%image, %w, _) {strides: [1, 1]} "conv1"
///         ...
///     }
///
/// A state's line gives its type, initial value and next value. Result types are printed for the reader and checked when parsed. Floats are printed so that they parse to the
/// same bits. `elidingAbove` shortens large constants, after which the text no longer parses.
extension Graph {
    public func text(elidingAbove limit: Int? = nil) -> String {
        var names = [String](repeating: "", count: values.count)
        var taken = Set<String>()
        func assign(_ value: Value, preferred: String?) {
            var candidate = preferred.flatMap { $0.isEmpty ? nil : $0 } ?? String(value.index)
            while !taken.insert(candidate).inserted { candidate += "'" }
            names[value.index] = "%" + Self.quoted(candidate)
        }
        for port in inputs { assign(port.value, preferred: port.name) }
        for state in states { assign(state.value, preferred: state.name) }
        for node in nodes { for value in node.results { assign(value, preferred: self.name(of: value)) } }
        let arguments = inputs.map { "\(names[$0.value.index]): \(type($0.value))" }
        let results = outputs.map { port in
            let reference = names[port.value.index]
            return reference == "%" + Self.quoted(port.name) ? reference : "\(Self.quoted(port.name)) = \(reference)"
        }
        var lines = [
            "graph \(Self.quoted(self.name.isEmpty ? "main" : self.name))(\(arguments.joined(separator: ", "))) -> (\(results.joined(separator: ", "))) {"
        ]
        if stage != .imported { lines.append("    stage \(stage)") }
        for key in metadata.keys.sorted() { lines.append("    metadata \(Self.literal(key)): \(Self.literal(metadata[key] ?? ""))") }
        for state in states {
            let isSplat = state.initial.rank == 0 && !shape(state.value).isEmpty
            let initial = isSplat ? "(\(state.initial.elementTexts()[0])...)" : state.initial.elementText(elidingAbove: limit)
            lines.append("    state \(names[state.value.index]): \(type(state.value)) = \(initial) -> \(names[state.next.index])")
        }
        for port in inputs {
            guard let shape = declaredShapes[port.name] else { continue }
            lines.append("    declared \(names[port.value.index]): [\(shape.map(\.description).joined(separator: ", "))]")
        }
        for symbol in settled {
            let value = "\(Dim(symbol: symbol.symbol)) = \(symbol.value)"
            lines.append("    settled \(value) \(Self.literal(symbol.place)) \(Self.literal(symbol.reason))")
        }
        for constraint in constraints {
            let claim = "\(constraint.relation.rawValue)(\(constraint.left), \(constraint.right))"
            lines.append("    require \(claim) \(Self.literal(constraint.place)) \(Self.literal(constraint.reason))")
        }
        for node in nodes {
            let left = node.results.map { value in
                node.op is Constant ? names[value.index] : "\(names[value.index]): \(type(value))"
            }.joined(separator: ", ")
            var line = "    \(left) = \(node.op.name)"
            if !(node.op is Constant) {
                line += "(\(node.operands.map { $0.map { names[$0.index] } ?? "_" }.joined(separator: ", ")))"
            }
            let attributes = node.op.changedAttributes
            if !attributes.isEmpty {
                let parts = attributes.map { "\($0.name): \($0.value.text(elidingAbove: limit))" }
                line += " {\(parts.joined(separator: ", "))}"
            }
            if !node.name.isEmpty { line += " " + Self.literal(node.name) }
            lines.append(line)
        }
        lines.append("}")
        return lines.joined(separator: "\n") + "\n"
    }

    /// The name as it is where it is plain, else as a string literal.
    static func quoted(_ name: String) -> String {
        let isPlain =
            !name.isEmpty
            && name.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII
                    && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "_./'-".unicodeScalars.contains(scalar))
            }
        return isPlain ? name : literal(name)
    }

    /// Bytes as a string literal, those that are no UTF-8 and control characters as `\x7f`.
    static func literal(_ text: [UInt8]) -> String {
        if let string = String(validating: text, as: UTF8.self), text.allSatisfy({ $0 >= 32 || $0 == 10 }) { return literal(string) }
        let digits = Array("0123456789abcdef")
        return "\"" + text.map { "\\x\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined() + "\""
    }

    static func literal(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension AttributeValue {
    /// The attribute as it stands in the text form.
    public func text(elidingAbove limit: Int? = nil) -> String {
        switch self {
        case .bool(let value): return String(value)
        case .int(let value): return String(value)
        case .float(let value): return Self.number(value)
        case .string(let value): return Graph.literal(value)
        case .ints(let values): return "[\(values.map { String($0) }.joined(separator: ", "))]"
        case .floats(let values): return "[\(values.map { Self.number($0) }.joined(separator: ", "))]"
        case .strings(let values): return "[\(values.map { Graph.literal($0) }.joined(separator: ", "))]"
        case .dims(let dims): return "dims(\(dims.map(\.description).joined(separator: "; ")))"
        case .type(let type): return type.name
        case .graph(let graph): return graph.text(elidingAbove: limit).trimmingNewline()
        case .valueType(let type): return type.description
        case .none: return "none"
        case .tensor(let tensor):
            let type = "\(tensor.type)[\(tensor.shape.map { String($0) }.joined(separator: ", "))]"
            return "\(type) \(tensor.elementText(elidingAbove: limit))"
        }
    }

    /// The shortest decimal that gives the same double; always with a point, an exponent, `nan` or `inf`.
    private static func number(_ value: Double) -> String { value.description }
}

extension String {
    fileprivate func trimmingNewline() -> String { hasSuffix("\n") ? String(dropLast()) : self }
}
