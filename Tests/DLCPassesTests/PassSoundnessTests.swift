import DLC
import Synchronization
import Testing

/// Passes cannot be unsound quietly: what a rule must not do is an error in tests and leaves the node alone elsewhere.
@Suite struct PassSoundnessTests {
    private let text = """
        graph g(%x: f32[2, 3]) -> (%y) {
            %y: f32[2, 3] = relu(%x) "act"
        }
        """

    private func graph() throws -> Graph { try GraphParser.parse(text, definitions: AllOps.definitions) }

    private let turning = Pass("turning") { rewriter, node in
        node.op is Unary ? [try rewriter.add1(Transpose([1, 0]), node.operands)] : nil
    }

    private let restless = Pass("restless") { rewriter, node in
        node.op is Unary ? [try rewriter.add1(node.op, node.operands, name: node.name)] : nil
    }

    @Test func aPassThatChangesATypeIsAnErrorInTests() throws {
        #expect { try [turning].run(graph(), .strict) } throws: { "\($0)".contains("pass turning: relu act") }
    }

    @Test func aPassThatChangesATypeLeavesTheNodeElsewhere() throws {
        let reports = Mutex<[String]>([])
        var options = PassOptions()
        options.isStrict = false
        options.declined = { error in reports.withLock { $0.append("\(error)") } }
        #expect(try [turning].run(graph(), options).text() == graph().text())
        #expect(reports.withLock { $0.first?.hasPrefix("pass turning: relu act") } == true)
    }

    @Test func aPassThatNeverSettlesIsAnErrorInTests() throws {
        #expect { try [restless].run(graph(), .strict) } throws: { "\($0)".contains("pass restless: has not settled") }
        var options = PassOptions()
        options.isStrict = false
        _ = try [restless].run(graph(), options)
    }

    /// What a rule makes of constants is a constant, whether it sees the graph or a node.
    @Test func whatPassesMakeOfConstantsIsComputed() throws {
        @Sendable func shifted(_ rewriter: inout Rewriter, _ node: Node) throws -> [Value]? {
            guard node.op is Unary else { return nil }
            let one = rewriter.constant(try Tensor(filling: 1, type: .float32, shape: []))
            return [try rewriter.add1(Binary(.add), [node.operands[0], rewriter.add1(Unary(.neg), [one])])]
        }
        for pass in [Pass("node", shifted), Pass("graph", rule: { _, _ in shifted })] {
            #expect(try [pass].run(graph(), .strict).nodes.map(\.op.name).sorted() == ["add", "constant"])
        }
    }

    @Test func exactLeavesOutWhatDoesNotKeepSums() {
        var options = CompileOptions()
        options.exact = true
        let kept = Set(Pipelines.passes(to: .lowered, options).map(\.name))
        #expect(Set(Pipelines.all.map(\.name)).subtracting(kept) == ["finish-integers", "integer-layers", "sum-convolutions"])
    }

    @Test func stagesHaveRules() throws {
        let first = "graph g(%x: f32[1, 2, 3, 3]) -> (%y) {\n    stage laid-out\n    %y: f32[1, 2, 3, 3] = lrn(%x) {size: 3}\n}\n"
        let image = try GraphParser.parse(first, definitions: AllOps.definitions)
        #expect { try [Pass]([.init("nothing") { _, _ in nil }]).run(image, .strict) } throws: { "\($0)".contains("channels last") }
        var lowered = try graph()
        lowered.stage = .lowered
        #expect { try [Pass]([.init("nothing") { _, _ in nil }]).run(lowered, .strict) } throws: { "\($0)".contains("in regions") }
    }

    @Test func recordedTypesAreInferredOnesAsExpressions() throws {
        let symbolic = "graph g(%x: f32[N], %z: f32[M]) -> (%y) {\n    %y: f32[N] = relu(%x)\n}\n"
        let graph = try GraphParser.parse(symbolic, definitions: AllOps.definitions)
        try graph.verify()
        #expect(throws: DLCError.self) {
            try GraphParser.parse(symbolic.replacing("%y: f32[N]", with: "%y: f32[M]"), definitions: AllOps.definitions)
        }
    }
}
