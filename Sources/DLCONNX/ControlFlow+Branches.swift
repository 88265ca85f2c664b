#if ONNX
internal import CONNX
internal import DLCGraph

/// `If` whose condition is shape arithmetic that bounds do not settle, with branches of different types, such as a `Squeeze` where
/// an extent is 1.
///
/// One branch is taken, and what the condition must be for it becomes a constraint. Which one is decided by what the readers need:
/// the import is tried with the likely branch, and where it fails with the other (`BranchChoices`).
extension ControlFlow {
    /// Results of a branch, or why it cannot be.
    enum Branch {
        case results([Value?], [TensorType?])
        case fails(any Error)
    }

    /// The branch as it would be; nothing of it stays in the graph.
    static func tried(_ graph: connx_graph, _ node: SourceNode, in body: BodyImporter) -> Branch {
        let before = Snapshot(body)
        defer { before.restore() }
        do {
            let results = try inline(graph, node, in: body)
            return .results(results, results.map { $0.map { body.site.builder.fact($0).type } })
        } catch {
            return .fails(error)
        }
    }

    /// Takes one of the branches, and requires that the condition be so; nil where both give the same types.
    static func importChoice(
        _ truth: Dim, then: connx_graph, otherwise: connx_graph, _ node: SourceNode, in body: BodyImporter
    ) throws -> [Value?]? {
        let isTrue: Bool
        switch (tried(then, node, in: body), tried(otherwise, node, in: body)) {
        case (.results(_, let a), .results(_, let b)):
            if a == b { return nil }
            // An extent is seldom the one that is asked for.
            let asksForEquality = truth.equation != nil
            let asksForDifference = try truth.not().equation != nil
            isTrue = body.context.branches.choose(likely: asksForDifference && !asksForEquality)
        case (.results, .fails): isTrue = true
        case (.fails, .results): isTrue = false
        case (.fails(let error), .fails): throw error
        }
        try require(truth, isTrue, node, in: body)
        return try inline(isTrue ? then : otherwise, node, in: body)
    }

    private static func require(_ truth: Dim, _ isTrue: Bool, _ node: SourceNode, in body: BodyImporter) throws {
        let place = node.name.isEmpty ? "If" : "If \(node.name)"
        let reason = "the model is compiled for the branch that is taken then"
        let claim: Constraint
        if let equation = try isTrue ? truth.equation : truth.not().equation {
            claim = Constraint(.equal, equation.left, equation.right, place: place, reason: reason)
        } else {
            claim = Constraint(.equal, truth, isTrue ? 1 : 0, place: place, reason: reason)
        }
        try body.site.builder.require(claim)
    }
}

/// Which branches of `If` an import takes that neither bounds nor data decide.
final class BranchChoices {
    /// Decisions to take, in the order in which they come up; beyond them the likely ones.
    private var given: [Bool] = []
    private var taken: [Bool] = []
    private var isSecond: [Bool] = []
    private var attempts = 0

    func choose(likely: Bool) -> Bool {
        let choice = taken.count < given.count ? given[taken.count] : likely
        if taken.count >= isSecond.count { isSecond.append(false) }
        taken.append(choice)
        return choice
    }

    /// Whether the import has met any.
    var isAsked: Bool { !taken.isEmpty }

    /// Prepares another import with the same decisions.
    func restart() { taken = [] }

    /// Prepares another import with the last decision turned whose other side has not been tried. False where there is none.
    func turn() -> Bool {
        attempts += 1
        guard attempts < 16, let last = taken.indices.last(where: { !isSecond[$0] }) else { return false }
        given = Array(taken[..<last]) + [!taken[last]]
        isSecond = Array(isSecond[..<last]) + [true]
        taken = []
        return true
    }
}
#endif
