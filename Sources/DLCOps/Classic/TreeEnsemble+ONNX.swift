import DLCGraph

/// ONNX's forests: version 5, and the classifier and the regressor before it.
extension TreeEnsemble {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([
            "aggregate_function", "leaf_targetids", "leaf_weights", "membership_values", "n_targets", "nodes_falseleafs",
            "nodes_falsenodeids",
            "nodes_featureids", "nodes_hitrates", "nodes_missing_value_tracks_true", "nodes_modes", "nodes_splits", "nodes_trueleafs",
            "nodes_truenodeids", "post_transform", "tree_roots",
        ])
        let code: Int = try reader.attribute("aggregate_function") ?? 1
        guard TreeAggregate.numbered.indices.contains(code) else { throw DLCError("aggregate_function is \(code); expected 0 to 3") }
        let post: Int = try reader.attribute("post_transform") ?? 0
        guard PostTransform.numbered.indices.contains(post) else { throw DLCError("post_transform is \(post); expected 0 to 4") }
        let given = try reader.fact(0).element
        let x = try reader.rows(0, in: given == .float64 ? .float64 : .float32)
        let leaves = try TreeLeaves(reader, nodes: given)
        var builder = try TreeBuilder(leaves.branches, type: reader.builder.fact(x).element)
        for root in leaves.roots { try builder.add(root: root) }
        let op = TreeEnsemble(TreeAggregate.numbered[code], targets: leaves.targets)
        let sums = try reader.add1(op, reader.forest(x, builder, weights: leaves.weights, spoken: leaves.spoken, targets: leaves.targets))
        return [try reader.cast(PostTransform.numbered[post].apply(to: sums, &reader), given)]
    }

    static let readRegressor: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let targets: Int = try reader.attribute("n_targets") ?? 1
        let text: String = try reader.attribute("aggregate_function") ?? "SUM"
        guard let aggregate = TreeAggregate(rawValue: text.lowercased()) else { throw DLCError("aggregate_function is '\(text)'") }
        guard (1...1 << 24).contains(targets) else { throw DLCError("n_targets is \(targets); expected at least 1") }
        let forest = try FirstForest(reader, prefix: "target", targets: targets, extra: ["n_targets", "aggregate_function"])
        var sums = try forest.sums(aggregate, &reader)
        if let base = forest.base.map({ $0.count == 1 ? [Double](repeating: $0[0], count: targets) : $0 }) {
            guard base.count == targets else { throw DLCError("\(base.count) base values for \(targets) targets") }
            sums = try reader.apply(.add, sums, reader.constant(Tensor(doubles: base, type: forest.type, shape: [targets])))
        }
        return [try PostTransform(reader).apply(to: reader.cast(sums, .float32), &reader)]
    }

    static let readClassifier: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let labels = try ClassLabels(reader, integers: "classlabels_int64s")
        let forest = try FirstForest(
            reader, prefix: "class", targets: max(labels.count, 1), extra: ["classlabels_int64s", "classlabels_strings"])
        let scores = try forest.scores(labels, &reader)
        return try labels.results(scores, PostTransform(reader), &reader)
    }
}

/// Branches and leaves of ONNX TreeEnsemble: nodes by position, leaves of one target each.
private struct TreeLeaves {
    var branches: [TreeBranch] = []
    var roots: [TreeBranch.Child] = []
    var weights: [Double] = []
    var spoken: [Int] = []
    let targets: Int

    init(_ reader: ONNXReader, nodes type: ElementType) throws {
        func ints(_ name: String) throws -> [Int] { try reader.attribute(name) ?? [] }
        func numbers(_ name: String) throws -> [Double] {
            guard let tensor: Tensor = try reader.attribute(name) else { return [] }
            return try tensor.doubles()
        }
        targets = try reader.attribute("n_targets") ?? 1
        guard (1...1 << 24).contains(targets) else { throw DLCError("n_targets is \(targets); expected at least 1") }
        (weights, spoken) = (try numbers("leaf_weights"), try ints("leaf_targetids"))
        guard weights.count == spoken.count, spoken.allSatisfy({ (0..<targets).contains($0) }) else {
            throw DLCError("\(weights.count) leaf weights have \(spoken.count) targets below \(targets)")
        }
        let (splits, features, modes) = (try numbers("nodes_splits"), try ints("nodes_featureids"), try numbers("nodes_modes"))
        let (yes, no) = (try ints("nodes_truenodeids"), try ints("nodes_falsenodeids"))
        let (yesIsLeaf, noIsLeaf) = (try ints("nodes_trueleafs"), try ints("nodes_falseleafs"))
        let tracks = try ints("nodes_missing_value_tracks_true")
        let lists =
            [features.count, modes.count, yes.count, no.count, yesIsLeaf.count, noIsLeaf.count] + (tracks.isEmpty ? [] : [tracks.count])
        guard lists.allSatisfy({ $0 == splits.count }) else { throw DLCError("\(splits.count) nodes are described by lists of \(lists)") }
        var members = try numbers("membership_values")[...]
        let leafCount = weights.count
        func child(_ id: Int, _ isLeaf: Int) throws -> TreeBranch.Child {
            guard isLeaf == 0 || (0..<leafCount).contains(id) else { throw DLCError("leaf \(id) of \(leafCount)") }
            return isLeaf == 0 ? .node(id) : .leaf(id)
        }
        for index in splits.indices {
            guard let mode = Int(exactly: modes[index]).flatMap(TreeBranch.Mode.init), features[index] >= 0 else {
                throw DLCError("node \(index) has mode \(modes[index]) and feature \(features[index])")
            }
            var branch = TreeBranch(
                mode: mode, feature: features[index], value: splits[index], isTrue: try child(yes[index], yesIsLeaf[index]),
                isFalse: try child(no[index], noIsLeaf[index]), nanIsTrue: tracks.isEmpty ? false : tracks[index] != 0)
            if mode == .member {
                guard let end = members.firstIndex(where: \.isNaN) else {
                    throw DLCError("node \(index) has no membership values that end with NaN")
                }
                branch.members = Array(members[..<end])
                members = members[(end + 1)...]
            }
            branches.append(branch)
        }
        roots = try ints("tree_roots").map { .node($0) }
        for case .node(let root) in roots where !branches.indices.contains(root) {
            throw DLCError("root \(root) of \(branches.count) nodes")
        }
    }
}

extension ONNXReader {
    /// An operand as rows `[N, F]` of a type; a vector is one row.
    mutating func rows(_ index: Int, in type: ElementType) throws -> Value {
        let (value, fact) = (try required(index), try fact(index))
        guard fact.rank == 1 || fact.rank == 2 else { throw DLCError("x is \(fact.type); expected [N, F]") }
        return try cast(fact.rank == 1 ? reshape(value, [1, fact.shape[0]]) : value, type)
    }

    /// Operands of a `TreeEnsemble`.
    mutating func forest(_ x: Value, _ builder: TreeBuilder, weights: [Double], spoken: [Int]?, targets: Int) throws -> [Value?] {
        let columns = spoken == nil ? targets : 1
        let table = try Tensor(doubles: weights, type: builder.result.type, shape: [weights.count / columns, columns])
        let own = try spoken.flatMap { targets == 1 ? nil : try Tensor($0.map { Int32($0) }, shape: [$0.count]) }
        return [x, constant(try builder.result.tensor()), constant(try builder.rootTensor()), constant(table), own.map { constant($0) }]
    }
}
