#if ONNX
internal import CONNX
internal import DLCGraph
internal import DLCOps

extension ControlFlow {
    /// The most iterations that are unrolled.
    static let iterationLimit = 1024

    /// The most nodes that unrolling makes.
    private static let unrolledNodes = 4096

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
        let count = try node.inputs[0].isEmpty ? nil : body.value(node.inputs[0])
        let condition = try node.inputs[1].isEmpty ? nil : body.value(node.inputs[1])
        let initial = try node.inputs[2...].map { try body.value($0) }
        if let results = attempt(in: body, { try unrolled(graph, count, condition, initial, node, in: body) }) { return results }
        let values = try initial.map { value in
            guard let value else { throw DLCError("a value that Loop carries is absent") }
            return value
        }
        return try importRounds(graph, count: count, condition: condition, initial: values, formal: formal, node, in: body)
    }

    /// The rounds one after another.
    /// - Throws: where not all is known when the model is built, or there are many.
    private static func unrolled(
        _ graph: connx_graph, _ count: Value?, _ initialCondition: Value?, _ initial: [Value?], _ node: SourceNode, in body: BodyImporter
    ) throws -> [Value?] {
        let formal = graph.inputs.map(\.name)
        let outputs = graph.outputs.map(\.name)
        let carried = initial.count
        let limit = try count.map { try iterations($0, in: body) }
        let most = min(iterationLimit, max(1, unrolledNodes / max(1, graph.nodes.count)))
        guard initialCondition != nil || limit.map({ $0 <= most }) ?? false else { throw DLCError("Loop runs more than \(most) times") }
        var (condition, state) = (initialCondition, initial)
        var scanned = [[Value]](repeating: [], count: outputs.count - 1 - carried)
        var iteration = 0
        while iteration < limit ?? .max, try condition.map({ try known($0, in: body) }) ?? true {
            guard iteration < most else { throw DLCError("Loop runs more than \(most) times") }
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
        guard let isTrue = try knownCondition(condition, in: body) else { throw DLCError("the condition depends on data") }
        return isTrue
    }

    private static func iterations(_ value: Value, in body: BodyImporter) throws -> Int {
        guard let count = body.site.builder.fact(value).content?.first?.constant else {
            throw DLCError("the number of rounds depends on data")
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
        guard carried >= 0, formal.count == node.inputs.count, isComplete else {
            throw DLCError("the body of Scan does not fit the node's inputs and outputs")
        }
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
        let extents = zip(sources, axes).map { body.site.builder.shape($0)[$1] }
        for extent in extents {
            try body.site.builder.require(
                Constraint(.equal, extents[0], extent, place: "Scan \(node.name)", reason: "scanned inputs have one length"))
        }
        let most = min(iterationLimit, max(1, unrolledNodes / max(1, graph.nodes.count)))
        if let length = extents[0].constant, length > 0, length <= most {
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
            return state
                + (try scanned.enumerated().map { index, rows in
                    try stacked(results.isReversed[index] ? rows.reversed() : rows, axis: results.axes[index], node, in: body)
                })
        }
        // A loop whose rounds take their rows out of the inputs.
        let initial = try state.map { value in
            guard let value else { throw DLCError("a value that Scan carries is absent") }
            return value
        }
        let count = try body.site.builder.add1(Extents(values: [extents[0]], shape: []), [])
        var values = try importRounds(
            graph, count: count, condition: nil, initial: initial, formal: [nil, nil] + formal[..<carried].map { $0 }, node, in: body,
            prepare: { scope, entries in
                for (index, source) in sources.enumerated() {
                    let outer = try scope.captured(source, of: body.site.builder.fact(source), "\(node.inputs[carried + index]).scanned")
                    var place = entries[0]
                    if inputs.isReversed[index] {
                        let last = try scope.site.builder.add1(Extents(values: [extents[index].minus(1)], shape: []), [])
                        place = try scope.site.builder.add1(Binary(.sub), [last, place])
                    }
                    scope.values[formal[carried + index]] = .some(try scope.site.builder.add1(Gather(axis: axes[index]), [outer, place]))
                }
            }, first: { [$1[1]] })
        for index in 0..<outputs.count - carried {
            var value = values[carried + index]
            let shape = body.site.builder.shape(value)
            if results.isReversed[index] {
                var slice = Slice(
                    starts: Shape(repeating: 0, count: shape.count), sizes: shape, steps: [Int](repeating: 1, count: shape.count))
                (slice.starts[0], slice.steps[0]) = (try shape[0].minus(1), -1)
                value = try body.site.builder.add1(slice, [value])
            }
            let axis = try InferenceRules.axis(results.axes[index], rank: shape.count)
            if axis != 0 { value = try body.site.builder.add1(Transpose(Array(1...axis) + [0] + Array((axis + 1)..<shape.count)), [value]) }
            values[carried + index] = value
        }
        return values
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
