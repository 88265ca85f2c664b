#if ONNX
internal import CONNX
internal import DLCGraph
internal import DLCOps

extension ControlFlow {
    static func importScan(_ node: SourceNode, in body: BodyImporter) throws -> [Value?] {
        let graph = try graph("body", of: node)
        var attributes = try body.attributes(of: node)
        guard case .int(let scannedCount)? = attributes["num_scan_inputs"] else { throw DLCError("attribute num_scan_inputs is missing") }
        // Before opset 9 the first input says how much of each row of a batch counts, and all others have a dimension of the batch.
        let isBatched = body.opsets[""] ?? 1 < 9
        let names = Array(node.inputs.dropFirst(isBatched ? 1 : 0))
        if isBatched { attributes["scan_input_directions"] = attributes["directions"] }
        guard !isBatched || node.inputs.first?.isEmpty != false else {
            throw DLCError("Scan of opset 8 with lengths of its sequences is not supported")
        }
        guard (1...max(names.count, 1)).contains(scannedCount) else {
            throw DLCError("num_scan_inputs is \(scannedCount), the node has \(names.count) inputs")
        }
        let carried = names.count - scannedCount
        let isComplete = graph.outputs.count >= max(carried, node.outputs.count)
        guard carried >= 0, graph.inputs.count == names.count, isComplete else {
            throw DLCError("the body of Scan does not fit the node's inputs and outputs")
        }
        let state = try names[..<carried].map { try body.value($0) }
        let sources = try names[carried...].map { name in
            guard let value = try body.value(name) else { throw DLCError("a scanned input is absent") }
            return value
        }
        let inputs = try Directions("input", sources.count, attributes)
        let results = try Directions("output", graph.outputs.count - carried, attributes)
        let scan = Scan(graph: graph, node: node, names: Array(names[carried...]), inputs: inputs, results: results)
        return try isBatched ? batched(scan, state, sources, in: body) : rounds(scan, state, sources, in: body)
    }

    /// A node that takes slices of its inputs, round by round.
    private struct Scan {
        let graph: connx_graph
        let node: SourceNode
        /// What the scanned inputs are called.
        let names: [String]
        let inputs: Directions
        let results: Directions
    }

    /// Each row of a batch by itself, as Scan was before opset 9; all rows are stacked again.
    private static func batched(_ scan: Scan, _ state: [Value?], _ sources: [Value], in body: BodyImporter) throws -> [Value?] {
        guard let batch = body.site.builder.shape(sources[0]).first?.constant, (1...64).contains(batch) else {
            throw DLCError("Scan of opset 8 needs a batch of known size, 1 to 64; it is \(body.site.builder.fact(sources[0]).type)")
        }
        var columns: [[Value]] = []
        for index in 0..<batch {
            func row(_ value: Value) throws -> Value {
                let place = body.site.builder.constant(try Tensor([Int64(index)], shape: []))
                return try body.site.builder.add1(Gather(axis: 0), [value, place])
            }
            let results = try rounds(scan, state.map { try $0.map(row) }, sources.map(row), in: body)
            for (column, value) in results.enumerated() {
                guard let value else { throw DLCError("a result of Scan is absent") }
                if index == 0 { columns.append([]) }
                columns[column].append(value)
            }
        }
        return try columns.map { column in
            let rows = try column.map { value in
                try body.site.builder.add1(Reshape(shape: [1] + body.site.builder.shape(value)), [value])
            }
            return try body.site.builder.add1(Concat(axis: 0), rows)
        }
    }

    /// - Parameters:
    ///   - first: the values carried into the first round.
    ///   - sources: what slices are taken of.
    private static func rounds(_ scan: Scan, _ first: [Value?], _ sources: [Value], in body: BodyImporter) throws -> [Value?] {
        let (graph, node, inputs, results) = (scan.graph, scan.node, scan.inputs, scan.results)
        let (formal, outputs, carried) = (graph.inputs.map(\.name), graph.outputs.map(\.name), first.count)
        var state = first
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
                    let outer = try scope.captured(source, of: body.site.builder.fact(source), "\(scan.names[index]).scanned")
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
}
#endif
