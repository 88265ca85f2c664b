import CKernels

extension dlc_tree_aggregate: KernelChoice {
    package static let choices: ChoiceTable<dlc_tree_aggregate> = [
        DLC_TREES_SUM: "sum", DLC_TREES_AVERAGE: "average", DLC_TREES_MIN: "min", DLC_TREES_MAX: "max",
    ]
}

/// Decision trees, with the nodes that `TreeNodes` lays out.
package struct TreeEnsembleKernel: Kernel {
    package static let name = "tree_ensemble"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("x", .floats, "N F"), OperandRule("nodes", .only(.int32), "M _"), OperandRule("roots", .only(.int32), "R 2"),
            OperandRule("weights", .floats, "L _"), OperandRule("targets?", .only(.int32), "L"),
        ],
        results: [OperandRule("y", .floats, "N _")])

    package var aggregate = DLC_TREES_SUM
    /// Whether NaN goes left at some node.
    package var nanLeft = false

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("aggregate", &aggregate)
        try fields("nan_left", &nanLeft)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, nodes, weights, y) = (try step("x"), try step("nodes"), try step("weights"), try step("y"))
        var trees = dlc_trees()
        trees.type = x.type.kernelType
        (trees.aggregate, trees.nan_left) = (aggregate, nanLeft)
        let width = (x.type == .float32 ? MemoryLayout<dlc_tree_node_f32>.size : MemoryLayout<dlc_tree_node_f64>.size) / 4
        guard nodes.shape[1] == width else { throw DLCError("nodes have extents \(nodes.shape); expected \(width) words each") }
        (trees.rows, trees.features) = (Int64(x.shape[0]), Int64(x.shape[1]))
        (trees.nodes, trees.trees) = (Int64(nodes.shape[0]), Int64(try step("roots").shape[0]))
        (trees.leaves, trees.columns, trees.targets) = (Int64(weights.shape[0]), Int64(weights.shape[1]), Int64(y.shape[1]))
        guard trees.columns == (step.optional("targets") == nil ? trees.targets : 1) else {
            throw DLCError("weights have extents \(weights.shape) for \(y.shape[1]) targets")
        }
        if step.knowsConstants {
            let (bytes, roots) = (try step.constant("nodes"), try step.constant("roots"))
            let areValid = withUnsafePointer(to: trees) {
                dlc_trees_valid($0, bytes.baseAddress, roots.baseAddress?.assumingMemoryBound(to: dlc_tree_root.self))
            }
            guard areValid else { throw DLCError("a tree leads outside of its \(nodes.shape[0]) nodes or the \(x.shape[1]) features of x") }
        }
        return try PreparedKernel(trees, slots: step.slots("x", "nodes", "roots", "weights", "targets", "y")) {
            dlc_trees_prepare(step.isa, $0, $1)
        }
    }
}

/// Probabilities of classes from those of pairs.
package struct CouplingKernel: Kernel {
    package static let name = "pairwise_coupling"
    package static let definition = KernelDefinition(
        operands: [OperandRule("pairs", .floats, "N _")], results: [OperandRule("y", .floats, "N _")])

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {}

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (pairs, y) = (try step("pairs"), try step("y"))
        var coupling = dlc_coupling()
        coupling.type = y.type.kernelType
        (coupling.rows, coupling.classes) = (Int64(y.shape[0]), Int64(y.shape[1]))
        guard y.shape[1] <= 1 << 12, pairs.shape[1] == y.shape[1] * (y.shape[1] - 1) / 2 else {
            throw DLCError("pairs have extents \(pairs.shape) for \(y.shape[1]) classes")
        }
        return try PreparedKernel(coupling, slots: step.slots) { dlc_coupling_prepare(step.isa, $0, $1) }
    }
}

/// Squared distances between the rows of two matrices.
package struct DistancesKernel: Kernel {
    package static let name = "squared_distances"
    package static let definition = KernelDefinition(
        operands: [OperandRule("a", .floats, "M K"), OperandRule("b", .floats, "N K")], results: [OperandRule("y", .floats, "M N")])

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {}

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (a, b) = (try step("a"), try step("b"))
        var distances = dlc_distances()
        distances.type = a.type.kernelType
        (distances.rows, distances.others, distances.features) = (Int64(a.shape[0]), Int64(b.shape[0]), Int64(a.shape[1]))
        return try PreparedKernel(distances, slots: step.slots) { dlc_distances_prepare(step.isa, $0, $1) }
    }
}

/// Positions of elements among sorted keys.
package struct FindKernel: Kernel {
    package static let name = "find"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .common(), "*shape"), OperandRule("keys", .common(), "K")],
        results: [OperandRule("places", .only(.int64), "*shape")])

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {}

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, keys) = (try step("x"), try step("keys"))
        var find = dlc_find()
        find.type = x.type.kernelType
        (find.elements, find.keys) = (Int64(x.count), Int64(keys.count))
        return try PreparedKernel(find, slots: step.slots) { dlc_find_prepare(step.isa, $0, $1) }
    }
}
