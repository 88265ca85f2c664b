#if ONNX
internal import CONNX
internal import DLCGraph

extension ControlFlow {
    /// The most iterations that are unrolled.
    static let iterationLimit = 1024

    static func importLoop(_ node: SourceNode, in body: BodyImporter) throws -> [Value?] {
        let graph = try graph("body", of: node)
        let formal = graph.inputs.map(\.name)
        let outputs = graph.outputs.map(\.name)
        let carried = node.inputs.count - 2
        guard carried >= 0, formal.count == carried + 2, outputs.count > max(carried, node.outputs.count) else {
            throw DLCError(
                "the body of Loop has \(formal.count) inputs and \(outputs.count) outputs, "
                    + "the node \(node.inputs.count) and \(node.outputs.count)")
        }
        let limit = try node.inputs[0].isEmpty ? nil : body.value(node.inputs[0]).map { try iterations($0, in: body) }
        var condition = try node.inputs[1].isEmpty ? nil : body.value(node.inputs[1])
        var state = try node.inputs[2...].map { try body.value($0) }
        var scanned = [[Value]](repeating: [], count: outputs.count - 1 - carried)
        var iteration = 0
        while iteration < limit ?? .max, try condition.map({ try known($0, in: body) }) ?? true {
            guard iteration < iterationLimit else { throw DLCError("Loop runs more than \(iterationLimit) times") }
            let scope = try scope(graph, node, in: body, prefix: "\(node.name)[\(iteration)]/")
            scope.values[formal[0]] = .some(body.site.builder.constant(try Tensor([Int64(iteration)], shape: [])))
            let isTrue = try Tensor([true], shape: [])
            scope.values[formal[1]] = .some(condition ?? body.site.builder.constant(isTrue))
            for (name, value) in zip(formal[2...], state) { scope.values[name] = .some(value) }
            let results = try scope.importNodes(graph.nodes, outputs: outputs)
            condition = results[0]
            state = Array(results[1..<1 + carried])
            for (index, value) in results[(1 + carried)...].enumerated() {
                guard let value else { throw DLCError("a scanned output is absent") }
                scanned[index].append(value)
            }
            iteration += 1
        }
        return state + (try scanned.map { try stacked($0, axis: 0, node, in: body) })
    }

    private static func known(_ condition: Value, in body: BodyImporter) throws -> Bool {
        guard let isTrue = try knownCondition(condition, in: body) else {
            throw DLCError("Loop whose condition depends on data is not supported")
        }
        return isTrue
    }

    private static func iterations(_ value: Value, in body: BodyImporter) throws -> Int {
        guard let count = body.site.builder.fact(value).content?.first?.constant else {
            throw DLCError("Loop whose number of iterations depends on data is not supported")
        }
        return count
    }

    static func importScan(_ node: SourceNode, in body: BodyImporter) throws -> [Value?] {
        let graph = try graph("body", of: node)
        let attributes = try body.attributes(of: node)
        guard case .int(let scannedCount)? = attributes["num_scan_inputs"], body.opsets[""] ?? 1 >= 9 else {
            throw DLCError("Scan before opset 9, or without num_scan_inputs, is not supported")
        }
        let formal = graph.inputs.map(\.name)
        let outputs = graph.outputs.map(\.name)
        guard (1...max(node.inputs.count, 1)).contains(scannedCount) else {
            throw DLCError("num_scan_inputs is \(scannedCount), the node has \(node.inputs.count) inputs")
        }
        let carried = node.inputs.count - scannedCount
        let isComplete = outputs.count >= max(carried, node.outputs.count)
        guard carried >= 0, formal.count == node.inputs.count, isComplete else { throw DLCError("the body of Scan does not fit the node's inputs and outputs") }
        var state = try node.inputs[..<carried].map { try body.value($0) }
        let sources = try node.inputs[carried...].map { name in
            guard let value = try body.value(name) else { throw DLCError("a scanned input is absent") }
            return value
        }
        let inputs = try Directions("input", sources.count, attributes)
        let results = try Directions("output", outputs.count - carried, attributes)
        let axes = try zip(sources, inputs.axes).map {
            try InferenceRules.axis($1, rank: body.site.builder.shape($0).count)
        }
        let lengths = zip(sources, axes).map { body.site.builder.shape($0)[$1].constant }
        guard let length = lengths[0], lengths.allSatisfy({ $0 == length }), length <= iterationLimit else {
            throw DLCError("Scan needs one known length of at most \(iterationLimit) along its axes")
        }
        var scanned = [[Value]](repeating: [], count: outputs.count - carried)
        for iteration in 0..<length {
            let scope = try scope(graph, node, in: body, prefix: "\(node.name)[\(iteration)]/")
            for (name, value) in zip(formal, state) { scope.values[name] = .some(value) }
            for (index, source) in sources.enumerated() {
                let position = inputs.isReversed[index] ? length - 1 - iteration : iteration
                scope.values[formal[carried + index]] = .some(try row(position, of: source, axes[index], node, in: body))
            }
            let values = try scope.importNodes(graph.nodes, outputs: outputs)
            state = Array(values[..<carried])
            for (index, value) in values[carried...].enumerated() {
                guard let value else { throw DLCError("a scanned output is absent") }
                scanned[index].append(value)
            }
        }
        return state + (try scanned.enumerated().map { index, rows in
            try stacked(results.isReversed[index] ? rows.reversed() : rows, axis: results.axes[index], node, in: body)
        })
    }

    /// The axes and directions of a Scan's inputs or outputs.
    private struct Directions {
        let axes: [Int]
        let isReversed: [Bool]

        init(_ side: String, _ count: Int, _ attributes: [String: AttributeValue]) throws {
            func list(_ name: String) throws -> [Int] {
                guard let value = attributes["scan_\(side)_\(name)"] else { return [Int](repeating: 0, count: count) }
                guard case .ints(let values) = value, values.count == count else {
                    throw DLCError("attribute scan_\(side)_\(name) must hold \(count) integers")
                }
                return values
            }
            axes = try list("axes")
            isReversed = try list("directions").map { $0 == 1 }
        }
    }

    private static func row(
        _ position: Int, of value: Value, _ axis: Int, _ node: SourceNode, in body: BodyImporter
    ) throws -> Value? {
        guard let gather = body.context.mapping(OperatorKey(domain: "", opType: "Gather")) else {
            throw DLCError("Scan needs the operator Gather")
        }
        let index = body.site.builder.constant(try Tensor([Int64(position)], shape: []))
        return try body.read(gather, node, operands: [value, index], attributes: ["axis": .int(axis)]).first
    }

    /// The iterations' values along a new axis.
    private static func stacked(
        _ values: [Value], axis: Int, _ node: SourceNode, in body: BodyImporter
    ) throws -> Value? {
        guard let first = values.first else {
            throw DLCError("\(node.key) collects an output in zero iterations, which is not supported")
        }
        guard let unsqueeze = body.context.mapping(OperatorKey(domain: "", opType: "Unsqueeze")),
            let concat = body.context.mapping(OperatorKey(domain: "", opType: "Concat"))
        else { throw DLCError("\(node.key) with collected outputs needs the operators Unsqueeze and Concat") }
        let axis = try InferenceRules.axis(axis, rank: body.site.builder.shape(first).count + 1)
        let operand = body.site.builder.constant(try Tensor([Int64(axis)], shape: [1]))
        let rows = try values.map { value in
            try body.opsets[""] ?? 1 < 13
                ? body.read(unsqueeze, node, operands: [value], attributes: ["axes": .ints([axis])]).first
                : body.read(unsqueeze, node, operands: [value, operand], attributes: [:]).first
        }
        return try body.read(concat, node, operands: rows, attributes: ["axis": .int(axis)]).first
    }
}
#endif
