import DLCGraph

extension TreeEnsemble {
    /// ONNX TreeEnsemble (ai.onnx.ml 5), whose leaves speak for one target each: a tree with weights for all targets is
    /// written once for each of them.
    static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? TreeEnsemble, let type = writer.operandFacts[0]?.element else { return }
        let constants = writer.operandFacts.map { $0?.constant }
        guard let nodes = constants[1], let roots = constants[2], let table = constants[3] else {
            throw DLCError("nodes or weights are computed; ONNX TreeEnsemble has them as attributes")
        }
        let (weights, spoken) = (try table.doubles(), constants.count > 4 ? try constants[4]?.integers().map(Int.init) : nil)
        var written = WrittenTrees(try TreeNodes(nodes, type: type))
        let isDense = op.targets > 1 && spoken == nil
        // An average is over all trees, of which there are more here.
        let scale = isDense && op.aggregate == .average ? Double(op.targets) : 1
        for root in try TreeNodes.roots(roots) {
            for target in 0..<(isDense ? op.targets : 1) {
                try written.add(root: root) { leaf in
                    isDense ? (target, scale * weights[leaf * op.targets + target]) : (spoken?[leaf] ?? 0, weights[leaf])
                }
            }
        }
        var attributes = try written.attributes(type)
        attributes.append(("n_targets", .int(op.targets)))
        attributes.append(("aggregate_function", .int(TreeAggregate.numbered.firstIndex(of: op.aggregate) ?? 1)))
        writer.node("TreeEnsemble", domain: "ai.onnx.ml", inputs: [writer.inputs[0]], attributes: attributes)
    }
}

/// Nodes and leaves in the lists of ONNX TreeEnsemble.
private struct WrittenTrees {
    private let forest: TreeNodes
    private var (splits, modes, features, tracks): ([Double], [UInt8], [Int], [Int]) = ([], [], [], [])
    private var (yes, no, yesIsLeaf, noIsLeaf): ([Int], [Int], [Int], [Int]) = ([], [], [], [])
    private var (weights, targets, roots): ([Double], [Int], [Int]) = ([], [], [])

    init(_ forest: TreeNodes) { self.forest = forest }

    mutating func add(root: Int, _ weight: (Int) -> (target: Int, weight: Double)) throws {
        roots.append(splits.count)
        var waiting = [(root, blank())]
        while let (place, index) = waiting.popLast() {
            // What shares branches is written out, which comparisons of whole numbers never need and sets seldom.
            guard splits.count < 64 * (forest.nodes.count + 1024) else {
                throw DLCError("the trees share too many branches to be written one by one")
            }
            let node = forest.nodes[place]
            var (whenTrue, whenFalse) = (place, place)
            if node.leaf == nil {
                (whenTrue, whenFalse) = (node.left, node.left + 1)
                (splits[index], features[index], tracks[index]) = (node.threshold, node.feature, node.nanGoesLeft ? 1 : 0)
                if let equal = equality(node) {
                    whenTrue = equal
                    modes[index] = UInt8(TreeBranch.Mode.equal.rawValue)
                }
            }
            let (a, b) = (try child(whenTrue, weight, &waiting), try child(whenFalse, weight, &waiting))
            (yes[index], yesIsLeaf[index], no[index], noIsLeaf[index]) = (a.index, a.isLeaf, b.index, b.isLeaf)
        }
    }

    private mutating func blank() -> Int {
        splits.append(0)
        modes.append(0)
        for list in [\WrittenTrees.features, \.tracks, \.yes, \.no, \.yesIsLeaf, \.noIsLeaf] { self[keyPath: list].append(0) }
        return splits.count - 1
    }

    private mutating func child(
        _ place: Int, _ weight: (Int) -> (target: Int, weight: Double), _ waiting: inout [(Int, Int)]
    ) throws -> (index: Int, isLeaf: Int) {
        guard let leaf = forest.nodes[place].leaf else {
            let index = blank()
            waiting.append((place, index))
            return (index, 0)
        }
        let (target, value) = weight(leaf)
        guard !value.isNaN else { throw DLCError("a leaf has no weight for a target, which ONNX TreeEnsemble cannot say") }
        weights.append(value)
        targets.append(target)
        return (weights.count - 1, 1)
    }

    /// Where elements go that equal the threshold, if the node and its left child ask for nothing else.
    private func equality(_ node: TreeNodes.Node) -> Int? {
        let (inner, other) = (forest.nodes[node.left], forest.nodes[node.left + 1])
        guard inner.leaf == nil, inner.feature == node.feature, !inner.nanGoesLeft else { return nil }
        let before = forest.type == .float64 ? node.threshold.nextDown : Double(Float(node.threshold).nextDown)
        guard inner.threshold == before else { return nil }
        let below = forest.nodes[inner.left]
        let isSame = below.leaf != nil || other.leaf != nil ? below.leaf == other.leaf : below == other
        return isSame ? inner.left + 1 : nil
    }

    func attributes(_ type: ElementType) throws -> [(name: String, value: AttributeValue)] {
        [
            ("nodes_splits", .tensor(try Tensor(doubles: splits, type: type, shape: [splits.count]))),
            ("nodes_modes", .tensor(try Tensor(modes, shape: [modes.count]))), ("nodes_featureids", .ints(features)),
            ("nodes_truenodeids", .ints(yes)), ("nodes_falsenodeids", .ints(no)), ("nodes_trueleafs", .ints(yesIsLeaf)),
            ("nodes_falseleafs", .ints(noIsLeaf)), ("nodes_missing_value_tracks_true", .ints(tracks)), ("tree_roots", .ints(roots)),
            ("leaf_weights", .tensor(try Tensor(doubles: weights, type: type, shape: [weights.count]))), ("leaf_targetids", .ints(targets)),
        ]
    }
}
