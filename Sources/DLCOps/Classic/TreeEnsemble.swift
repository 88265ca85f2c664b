import DLCGraph

/// What the leaves of many decision trees say of the rows of x (ONNX TreeEnsemble, its classifier and its regressor, before
/// labels, base values and what is done with the sums).
///
/// Rows `[N, F]` go through the trees that `roots` `[R, 2]` says, by their first nodes and depths, of `nodes`
/// (`TreeNodes`). The leaves' weights
/// are `[L, T]`, or `[L, 1]` with the number of the one target that each leaf speaks for; NaN is no weight. The result is
/// `[N, T]`; a target that no leaf has spoken for is 0.
public struct TreeEnsemble: Operator {
    public var aggregate: TreeAggregate
    /// T.
    public var targets: Int

    public init(_ aggregate: TreeAggregate = .sum, targets: Int = 1) {
        self.aggregate = aggregate
        self.targets = targets
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        TreeEnsemble(), name: "tree_ensemble", operands: ["x", "nodes", "roots", "weights", "targets?"],
        onnx: [
            ONNXMapping("TreeEnsemble", domain: "ai.onnx.ml", read: read, write: write),
            ONNXMapping("TreeEnsembleRegressor", domain: "ai.onnx.ml", read: readRegressor, write: write),
            ONNXMapping("TreeEnsembleClassifier", domain: "ai.onnx.ml", read: readClassifier, write: write),
        ],
        examples: { try TreeExamples.all() }
    ) {
        Attribute("aggregate", \.aggregate)
        Attribute("targets", \.targets)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", [.float32, .float64])
        try context.expect(0, "x", rank: 2)
        let x = try context.operand(0)
        for (index, what) in [(1, "nodes"), (2, "roots")] { try context.expect(index, what, [.int32]) }
        try context.expect(3, "weights", [x.element])
        let (nodes, roots, weights) = (try context.operand(1), try context.operand(2), try context.operand(3))
        guard targets >= 1, nodes.rank == 2, roots.rank == 2, weights.rank == 2 else {
            throw DLCError(
                "nodes are \(nodes.type), roots \(roots.type), weights \(weights.type) for \(targets) targets; expected [M, W], [R, 2] and [L, T]"
            )
        }
        try context.require(nodes.shape[1], equals: Dim(TreeNodes.width(x.element)), "nodes are \(nodes.type) for \(x.element)")
        try context.require(roots.shape[1], equals: 2, "roots are \(roots.type)")
        if let spoken = context.optional(4) {
            try context.expect(4, "targets", [.int32])
            try context.require(weights.shape[1], equals: 1, "weights are \(weights.type) where leaves have targets of their own")
            guard spoken.rank == 1 else { throw DLCError("targets are \(spoken.type); expected [L]") }
            try context.require(spoken.shape[0], equals: weights.shape[0], "targets are \(spoken.type) for weights \(weights.type)")
            if let target = try spoken.constant?.integers().first(where: { $0 < 0 || $0 >= targets }) {
                throw DLCError("a leaf speaks for target \(target) of \(targets)")
            }
        } else {
            try context.require(weights.shape[1], equals: Dim(targets), "weights are \(weights.type) for \(targets) targets")
        }
        if let constant = nodes.constant {
            let forest = try TreeNodes(constant, type: x.element), highest = forest.highestFeature
            try forest.check(
                roots: roots.constant.map { try TreeNodes.roots($0) } ?? [], leaves: weights.shape[0].constant ?? .max)
            try context.require(.atLeast, x.shape[1], Dim(highest + 1), "a tree reads feature \(highest) of x, \(x.type)")
        }
        return [Fact(x.element, [x.shape[0], Dim(targets)])]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let forest = try TreeNodes(Oracle.operand(operands, 1), type: x.type)
        let roots = try TreeNodes.roots(Oracle.operand(operands, 2))
        let weights = try Oracle.operand(operands, 3)
        let (values, spoken, columns) = (
            try weights.doubles(), try Oracle.optional(operands, 4)?.integers().map(Int.init), weights.shape[1]
        )
        let (rows, features, elements) = (x.shape[0], x.shape[1], try x.doubles())
        guard forest.highestFeature < features else {
            throw DLCError("a tree reads feature \(forest.highestFeature) of x, \(x.type)\(x.shape)")
        }
        var result: [Double] = []
        for row in 0..<rows {
            var sums = [Double?](repeating: nil, count: targets)
            for root in roots {
                let leaf = try leaf(forest, from: root) { try Oracle.element(elements, row * features, $0, features) }
                guard (0..<weights.shape[0]).contains(leaf) else { throw DLCError("leaf \(leaf) of \(weights.shape[0])") }
                for column in 0..<columns {
                    let (weight, target) = (values[leaf * columns + column], spoken?[leaf] ?? column)
                    guard sums.indices.contains(target) else { throw DLCError("leaf \(leaf) speaks for target \(target) of \(targets)") }
                    if weight.isNaN, aggregate == .min || aggregate == .max { continue }
                    sums[target] = sums[target].map { combine($0, weight) } ?? weight
                }
            }
            result += sums.map { ($0 ?? 0) / (aggregate == .average ? Double(roots.count) : 1) }
        }
        return [try Tensor(doubles: result, type: x.type, shape: [rows, targets])]
    }

    private func combine(_ a: Double, _ b: Double) -> Double {
        switch aggregate {
        case .min: Swift.min(a, b)
        case .max: Swift.max(a, b)
        case .sum, .average: a + b
        }
    }

    private func leaf(_ forest: TreeNodes, from root: Int, _ element: (Int) throws -> Double) throws -> Int {
        var place = root
        for _ in 0...forest.nodes.count {
            guard forest.nodes.indices.contains(place) else { throw DLCError("node \(place) of \(forest.nodes.count)") }
            let node = forest.nodes[place]
            if let leaf = node.leaf { return leaf }
            place = node.next(try element(node.feature))
        }
        throw DLCError("the tree at node \(root) has no end")
    }
}

extension Oracle {
    /// An element of a row of a matrix.
    static func element(_ elements: [Double], _ start: Int, _ column: Int, _ columns: Int) throws -> Double {
        guard (0..<columns).contains(column) else { throw DLCError("feature \(column) of \(columns)") }
        return elements[start + column]
    }
}
