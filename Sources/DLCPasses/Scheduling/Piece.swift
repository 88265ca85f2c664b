import DLCGraph
import DLCOps
import DLCRuntime

/// The nodes of one level that some values need, as a graph of their own.
struct Piece {
    private(set) var graph: Graph
    /// The values that are its inputs, in order.
    private(set) var reads: [Value] = []
    /// Symbols that it needs and that stand alone in none of the inputs; they are the extents of a further input.
    private(set) var symbols: [String] = []

    /// - Parameter values: what becomes the outputs.
    init(_ source: Graph, _ levels: Levels, _ level: Int, computing values: [Value]) throws {
        var builder = GraphBuilder(name: source.name, foldLimit: GraphBuilder.usualFoldLimit)
        var made: [Int: Value] = [:]
        var reads: [Value] = []
        var names: Set<String> = []
        func name(_ value: Value, _ other: String) -> String {
            let plain = source.name(of: value) ?? other
            return names.insert(plain).inserted ? plain : "\(plain).\(value.index)"
        }
        func read(_ value: Value) throws -> Value {
            if let known = made[value.index] { return known }
            let fact = source.fact(value)
            let result: Value
            if let constant = fact.constant {
                result = builder.constant(constant, name: source.name(of: value))
            } else if let content = fact.content, let shape = fact.shape.constants {
                result = try builder.add1(
                    Extents(values: content, shape: shape, type: fact.element), [], resultName: source.name(of: value))
            } else {
                result = try builder.input(name(value, "value\(value.index)"), fact.type)
                reads.append(value)
            }
            made[value.index] = result
            return result
        }
        var isNeeded = Set(values.filter { !Scheduling.isMadeAnew($0, source) }.map(\.index))
        var order: [Int] = []
        for index in source.nodes.indices.reversed() where levels.nodes[index] == level {
            let node = source.nodes[index]
            guard node.results.contains(where: { isNeeded.contains($0.index) }), !Scheduling.isCut(node, source) else { continue }
            order.append(index)
            for case let operand? in node.operands where !Scheduling.isMadeAnew(operand, source) { isNeeded.insert(operand.index) }
        }
        for index in order.reversed() {
            let node = source.nodes[index]
            let results = try builder.add(
                node.op, node.operands.map { try $0.map(read) }, name: node.name, resultNames: node.results.map { source.name(of: $0) })
            for (old, new) in zip(node.results, results) { made[old.index] = new }
        }
        var outputNames: Set<String> = []
        for value in values {
            let plain = source.name(of: value) ?? "value\(value.index)"
            try builder.output(outputNames.insert(plain).inserted ? plain : "\(plain).\(value.index)", read(value))
        }
        // What data must keep to, where nothing in the piece says it by itself.
        let mentioned = builder.graph.mentionedSymbols
        for constraint in source.constraints
        where constraint.symbols.contains(where: source.isFromData) && constraint.symbols.allSatisfy(mentioned.contains) {
            try builder.require(constraint)
        }
        let alone = Set(builder.graph.inputs.flatMap { builder.shape($0.value).compactMap(\.symbol) })
        symbols = mentioned.subtracting(alone).sorted()
        if !symbols.isEmpty {
            _ = try builder.input(
                "extents known before\(names.contains("extents known before") ? "'" : "")",
                TensorType(.bool, [0] + symbols.map { Dim(symbol: $0) }))
        }
        (graph, self.reads) = (builder.graph, reads)
    }
}

extension Scheduling {
    /// Compiles a piece and lets a block run it.
    mutating func append(_ piece: Piece, to block: Int, operands: [Int], results: [Int]) throws {
        var graph = piece.graph
        graph.name = "piece \(image.plan.programs.count)"
        graph = try Pipelines.passes(to: .lowered, options).run(graph, options.passes)
        graph.metadata = [:]
        var item = Schedule.Item()
        item.name = name(graph.name)
        item.parameters = [image.plan.programs.count]
        item.operands = operands
        item.results = results
        item.symbols = piece.symbols.map { symbol($0) }
        image.append(try Lowering.plan(graph, options, sharing: image))
        schedule.blocks[block].items.append(item)
    }
}
