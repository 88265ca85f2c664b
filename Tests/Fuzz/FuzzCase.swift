import DLC

/// A graph, the inputs that it is run on, and how it is compiled: all that a failure needs to come again.
struct FuzzCase: Sendable {
    struct Run: Sendable {
        var bindings: [String: Int]
        var inputs: [String: Tensor]
    }

    var sketch: Sketch
    /// In the order in which one session runs them.
    var runs: [Run]
    var target: Target
    var isExact: Bool

    static let separator = "//--- run"

    /// The graph in the text form, then the inputs of each run as a graph of constants.
    func text() throws -> String {
        var text = "// target \(target.name)\(isExact ? " exact" : "")\n" + (try sketch.build().text())
        for run in runs {
            var builder = GraphBuilder(name: "inputs")
            for input in sketch.inputs {
                guard let tensor = run.inputs[input.name] else { continue }
                try builder.output(input.name, builder.parameter(tensor, name: input.name))
            }
            let symbols = run.bindings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            text += "\(Self.separator) \(symbols)\n" + builder.graph.text()
        }
        return text
    }

    /// - Throws: where the text is not what `text()` gives.
    init(text: String) throws {
        var parts = text.components(of: Self.separator)
        let header = parts.removeFirst()
        let words = header.split(separator: "\n").first?.split(separator: " ").map(String.init) ?? []
        isExact = words.contains("exact")
        target = words.lazy.compactMap { Target(name: $0) }.first ?? .native
        sketch = Sketch(try GraphParser.parse(header, definitions: AllOps.definitions))
        runs = try parts.map { part in
            let line = part.prefix { $0 != "\n" }
            var bindings: [String: Int] = [:]
            for word in line.split(separator: " ") {
                guard let equals = word.lastIndex(of: "=") else { continue }
                bindings[String(word[..<equals])] = Int(word[word.index(after: equals)...])
            }
            let graph = try GraphParser.parse(String(part.dropFirst(line.count)), definitions: AllOps.definitions)
            return Run(bindings: bindings, inputs: try Interpreter.run(graph, [:]))
        }
    }

    init(sketch: Sketch, runs: [Run], target: Target, isExact: Bool) {
        self.sketch = sketch
        self.runs = runs
        self.target = target
        self.isExact = isExact
    }
}

extension String {
    fileprivate func components(of separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
