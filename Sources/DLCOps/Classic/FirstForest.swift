import DLCGraph

/// A forest as ONNX's TreeEnsembleClassifier and TreeEnsembleRegressor write it: nodes by the numbers of tree and node, and
/// as many weights for a leaf as it likes.
struct FirstForest {
    private let builder: TreeBuilder
    private let weights: [Double]
    /// The target of each leaf, nil where all leaves have weights for all targets.
    private let spoken: [Int]?
    private let targets: Int
    /// Targets that some leaf has a weight for.
    let used: Set<Int>
    let base: [Double]?
    let isPositive: Bool
    var type: ElementType { builder.result.type }

    private struct Key: Hashable { var tree, node: Int }

    /// - Parameters:
    ///   - prefix: of the attributes that describe leaves, `class` or `target`.
    ///   - extra: further attributes of the operator.
    init(_ reader: ONNXReader, prefix: String, targets: Int, extra: [String]) throws {
        let lists = [
            "nodes_falsenodeids", "nodes_featureids", "nodes_missing_value_tracks_true", "nodes_nodeids", "nodes_treeids",
            "nodes_truenodeids",
            "\(prefix)_ids", "\(prefix)_nodeids", "\(prefix)_treeids",
        ]
        let numbers = ["base_values", "nodes_hitrates", "nodes_values", "\(prefix)_weights"]
        try reader.allowAttributes(lists + numbers + numbers.map { $0 + "_as_tensor" } + ["nodes_modes", "post_transform"] + extra)
        let values = try reader.numbers("nodes_values")
        let (leafWeights, isWide) = try { ($0.values, $0.isWide || values.isWide) }(reader.numbers("\(prefix)_weights"))
        let baseValues = try reader.numbers("base_values").values
        base = baseValues.isEmpty ? nil : baseValues
        isPositive = leafWeights.allSatisfy { $0 >= 0 }
        func ints(_ name: String) throws -> [Int] { try reader.attribute(name) ?? [] }

        let (trees, nodes, features) = (try ints("nodes_treeids"), try ints("nodes_nodeids"), try ints("nodes_featureids"))
        let (yes, no, tracks) = (try ints("nodes_truenodeids"), try ints("nodes_falsenodeids"), try ints("nodes_missing_value_tracks_true"))
        let modes: [String] = try reader.attribute("nodes_modes") ?? []
        let counts =
            [nodes.count, features.count, yes.count, no.count, modes.count, values.values.count] + (tracks.isEmpty ? [] : [tracks.count])
        guard counts.allSatisfy({ $0 == trees.count }) else { throw DLCError("\(trees.count) nodes are described by lists of \(counts)") }
        let (ids, leafTrees, leafNodes) = (try ints("\(prefix)_ids"), try ints("\(prefix)_treeids"), try ints("\(prefix)_nodeids"))
        guard [leafTrees.count, leafNodes.count, leafWeights.count].allSatisfy({ $0 == ids.count }),
            ids.allSatisfy({ (0..<targets).contains($0) })
        else {
            throw DLCError(
                "\(ids.count) weights for \(targets) targets are described by lists of \(leafTrees.count), \(leafNodes.count) and \(leafWeights.count)"
            )
        }
        used = Set(ids)
        self.targets = targets

        var places: [Key: Int] = [:]
        for index in trees.indices where places.updateValue(index, forKey: Key(tree: trees[index], node: nodes[index])) != nil {
            throw DLCError("node \(nodes[index]) of tree \(trees[index]) is given twice")
        }
        var entries: [Int: [(target: Int, weight: Double)]] = [:]
        for index in ids.indices {
            guard let place = places[Key(tree: leafTrees[index], node: leafNodes[index])] else {
                throw DLCError("a weight is of node \(leafNodes[index]) of tree \(leafTrees[index]), which there is not")
            }
            entries[place, default: []].append((ids[index], leafWeights[index]))
        }
        // A branch for every inner node, a row for every leaf.
        var children: [TreeBranch.Child] = []
        var (branchCount, leafCount) = (0, 0)
        for mode in modes {
            children.append(mode == "LEAF" ? .leaf(leafCount) : .node(branchCount))
            if mode == "LEAF" { leafCount += 1 } else { branchCount += 1 }
        }
        func child(_ index: Int, _ node: Int) throws -> TreeBranch.Child {
            guard let place = places[Key(tree: trees[index], node: node)] else {
                throw DLCError("node \(nodes[index]) of tree \(trees[index]) leads to node \(node), which there is not")
            }
            return children[place]
        }
        var (branches, rows, pointed): ([TreeBranch], [[(target: Int, weight: Double)]], Set<Int>) = ([], [], [])
        for index in trees.indices {
            if modes[index] == "LEAF" {
                rows.append(entries[index] ?? [])
                continue
            }
            guard let mode = Self.modes[modes[index]], features[index] >= 0 else {
                throw DLCError("node \(nodes[index]) of tree \(trees[index]) has mode '\(modes[index])' and feature \(features[index])")
            }
            for node in [yes[index], no[index]] { if let place = places[Key(tree: trees[index], node: node)] { pointed.insert(place) } }
            branches.append(
                TreeBranch(
                    mode: mode, feature: features[index], value: values.values[index], isTrue: try child(index, yes[index]),
                    isFalse: try child(index, no[index]), nanIsTrue: tracks.isEmpty ? false : tracks[index] != 0))
        }
        let type: ElementType = try isWide || reader.fact(0).element == .float64 ? .float64 : .float32
        var builder = try TreeBuilder(branches, type: type)
        // A tree begins at the node of its that no other leads to.
        var (roots, order): ([Int: Int], [Int]) = ([:], [])
        for index in trees.indices where !pointed.contains(index) {
            if let other = roots.updateValue(index, forKey: trees[index]) {
                throw DLCError("tree \(trees[index]) begins at nodes \(nodes[other]) and \(nodes[index])")
            }
            order.append(index)
        }
        if let tree = Set(trees).subtracting(roots.keys).min() { throw DLCError("every node of tree \(tree) is led to by another") }
        for index in order { try builder.add(root: children[index]) }
        self.builder = builder
        (weights, spoken) = try Self.table(rows, targets)
    }

    private static let modes: [String: TreeBranch.Mode] = [
        "BRANCH_LEQ": .atMost, "BRANCH_LT": .below, "BRANCH_GTE": .atLeast, "BRANCH_GT": .above, "BRANCH_EQ": .equal,
        "BRANCH_NEQ": .unequal,
    ]

    /// One weight and its target for each leaf where that is enough, else weights for all targets.
    private static func table(_ rows: [[(target: Int, weight: Double)]], _ targets: Int) throws -> (weights: [Double], spoken: [Int]?) {
        if rows.allSatisfy({ $0.count <= 1 }) { return (rows.map { $0.first?.weight ?? .nan }, rows.map { $0.first?.target ?? 0 }) }
        guard try Checked.multiply(rows.count, targets) <= 1 << 26 else {
            throw DLCError("\(rows.count) leaves for \(targets) targets are too many")
        }
        var weights = [Double](repeating: .nan, count: rows.count * targets)
        for (row, entries) in rows.enumerated() {
            for (target, weight) in entries {
                let place = row * targets + target
                weights[place] = weights[place].isNaN ? weight : weights[place] + weight
            }
        }
        return (weights, nil)
    }

    /// The aggregated weights `[N, targets]` in the forest's type.
    func sums(_ aggregate: TreeAggregate, _ reader: inout ONNXReader) throws -> Value {
        // No weight is 0 in a sum.
        let isSum = aggregate == .sum || aggregate == .average
        let x = try reader.rows(0, in: type)
        let table = isSum ? weights.map { $0.isNaN ? 0 : $0 } : weights
        return try reader.add1(
            TreeEnsemble(aggregate, targets: targets), reader.forest(x, builder, weights: table, spoken: spoken, targets: targets))
    }

    /// What a classifier chooses by, in f32.
    func scores(_ labels: ClassLabels, _ reader: inout ONNXReader) throws -> ClassScores {
        var sums = try sums(.sum, &reader)
        let isOneSided = labels.count <= 2 && used.count <= 1
        if let base {
            // Of two base values for one score, the first counts.
            let values =
                base.count == labels.count
                ? base : base.count == 1 ? [base[0]] + [Double](repeating: 0, count: max(labels.count, 1) - 1) : []
            guard values.count == max(labels.count, 1) else { throw DLCError("\(base.count) base values for \(labels.count) classes") }
            sums = try reader.apply(.add, sums, reader.constant(Tensor(doubles: values, type: type, shape: [values.count])))
        }
        let scores = try reader.cast(sums, .float32)
        guard isOneSided else { return .votes(scores) }
        let threshold = isPositive ? 0.5 : 0
        if used.contains(1) { return .second(scores, threshold: threshold) }
        let score = labels.count == 1 ? scores : try reader.slice(scores, axis: 1, from: 0, count: 1)
        return .one(score, isPositive: isPositive)
    }
}

extension ONNXReader {
    /// Numbers of an attribute, or of the tensor that newer versions have in its place, and whether they are f64.
    func numbers(_ name: String) throws -> (values: [Double], isWide: Bool) {
        if let tensor: Tensor = try attribute(name + "_as_tensor"), tensor.count > 0 {
            return (try tensor.doubles(), tensor.type == .float64)
        }
        return (try attribute(name) ?? [], false)
    }
}
