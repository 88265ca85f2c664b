import DLCGraph

/// Small forests for the suite.
enum TreeExamples {
    static func all() throws -> [Example] {
        let x = try Tensor([-1, 0.5, 0, .nan, 2, -0.0, 0.25, 7, .infinity, 3, -.infinity, 2, 1, 1, 4, .nan] as [Float], shape: [8, 2])
        let forest = try builder(.float32, trees: 3)
        let many = try builder(.float32, trees: 21)
        let wide = try builder(.float64, trees: 2)
        let rows = try Tensor.random(seed: 5, shape: [37, 2])
        let leaves = [0.5, -1, 2, 0.125, 3, -4] as [Float]
        let single = try Tensor(leaves, shape: [6, 1])
        let dense = try Tensor(leaves.flatMap { [$0, -$0, 0.25 * $0] }, shape: [6, 3])
        let partial = try Tensor([1, .nan, .nan, 2, 3, 4, .nan, .nan, -1, .nan, 6, 5] as [Float], shape: [6, 2])
        let spoken = try Tensor([0, 1, 2, 0, 0, 1] as [Int32], shape: [6])
        func example(_ name: String, _ op: TreeEnsemble, _ x: Tensor, _ forest: TreeBuilder, _ weights: Tensor, _ targets: Tensor? = nil)
            throws -> Example
        {
            return Example(name, op, [x, try forest.result.tensor(), try forest.rootTensor(), weights, targets], isDifferentiable: false)
        }
        return [
            try example("one target", TreeEnsemble(), x, forest, single),
            try example("more trees than rows", TreeEnsemble(), x.reshaped([8, 2]), many, single),
            try example("many rows", TreeEnsemble(.average), rows, many, single),
            try example("all targets", TreeEnsemble(.average, targets: 3), rows, forest, dense),
            try example("a target for each leaf", TreeEnsemble(targets: 3), x, many, single, spoken),
            try example("the least", TreeEnsemble(.min, targets: 2), x, forest, partial),
            try example("the most", TreeEnsemble(.max, targets: 2), rows, forest, partial),
            try example("the most of f64", TreeEnsemble(.max), x.converted(to: .float64), wide, single.converted(to: .float64)),
            try example("no rows", TreeEnsemble(targets: 3), try Tensor([] as [Float], shape: [0, 2]), forest, dense),
        ]
    }

    /// Trees with nodes of all modes over six leaves.
    private static func builder(_ type: ElementType, trees: Int) throws -> TreeBuilder {
        func branch(
            _ mode: TreeBranch.Mode, _ feature: Int, _ value: Double, _ yes: TreeBranch.Child, _ no: TreeBranch.Child,
            _ nanIsTrue: Bool = false
        )
            -> TreeBranch
        {
            TreeBranch(mode: mode, feature: feature, value: value, members: [0.25, 2, -1], isTrue: yes, isFalse: no, nanIsTrue: nanIsTrue)
        }
        let branches = [
            branch(.atMost, 0, 0.25, .node(1), .node(2)), branch(.below, 1, 0, .leaf(0), .node(3), true),
            branch(.atLeast, 1, 1, .node(4), .leaf(1)), branch(.equal, 0, 0, .leaf(2), .leaf(3), true),
            branch(.member, 0, 0, .leaf(4), .leaf(5)),
            branch(.above, 1, 0, .node(6), .leaf(1)), branch(.unequal, 0, 2, .leaf(0), .leaf(5)),
        ]
        var builder = try TreeBuilder(branches, type: type)
        for tree in 0..<trees { try builder.add(root: [.node(0), .node(5), .leaf(tree % 6)][tree % 3]) }
        return builder
    }
}
