import DLC
import Testing

/// Sequences and optionals as values of sessions: what a session computes is what the definitions say, for lengths and positions
/// that only data know, one after another and back, from a plan that was written and read; exports and texts say the same graph.
@Suite struct SequenceTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        /// The model among those that `Sequences/make.py` writes.
        let file: String
        /// Sets of inputs, each with the shapes of the first output's tensors.
        let runs: [(inputs: [String: Datum], shapes: [[Int]])]
        var testDescription: String { name }
    }

    static let cases: [Case] = (try? makeCases()) ?? []

    private static let folder = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Sequences"
    private static func graph(_ file: String) throws -> Graph { try importONNX(path: "\(folder)/\(file).onnx") }
    private static func session(_ file: String) throws -> Session {
        try Session(CompiledModel(Compiler.compile(graph(file))), threads: 1)
    }

    private static func number(_ value: Int64) throws -> Datum { .tensor(try Tensor([value], shape: [])) }
    private static func truth(_ value: Bool) throws -> Datum { .tensor(try Tensor([value], shape: [])) }
    private static func table(_ shape: Int...) throws -> Tensor {
        try Tensor((0..<shape.reduce(1, *)).map { Float($0 % 7) - 3 }, shape: shape)
    }

    private static func makeCases() throws -> [Case] {
        let (a, b, three) = (try table(2), try table(3), try table(4))
        return [
            Case(
                name: "a sequence passed on", file: "a_sequence_passed_on",
                runs: [(["x": .sequence([a, b])], [[2], [3]]), (["x": .sequence([])], [])]),
            Case(
                name: "a place that data say, in and out", file: "a_place_that_data_say_in_and_out",
                runs: [
                    (["x": .sequence([a, b]), "z": .tensor(three), "p": try number(1)], [[2], [4], [3]]),
                    (["x": .sequence([a, b]), "z": .tensor(three), "p": try number(-2)], [[4], [2], [3]]),
                    (["x": .sequence([a]), "z": .tensor(b), "p": try number(0)], [[3], [2]]),
                ]),
            Case(
                name: "a sequence that grows in a loop", file: "a_sequence_that_grows_in_a_loop",
                runs: [
                    (["n": try number(3), "x": .tensor(a)], [[2], [4], [6]]), (["n": try number(0), "x": .tensor(a)], []),
                    (["n": try number(5), "x": .tensor(a)], [[2], [4], [6], [8], [10]]),
                ]),
            Case(
                name: "a map of two sequences", file: "a_map_of_two_sequences",
                runs: [
                    (["x": .sequence([a, b]), "y": .sequence([b, b, a]), "z": .tensor(try Tensor([2 as Float], shape: []))], [[5], [6]]),
                    (["x": .sequence([]), "y": .sequence([]), "z": .tensor(try Tensor([2 as Float], shape: []))], []),
                ]),
            Case(
                name: "branches that give sequences of different lengths", file: "branches_that_give_sequences_of_different_lengths",
                runs: [
                    (["x": .tensor(try table(3, 2)), "c": try truth(true)], [[3, 2], [3, 2], [3, 2]]),
                    (["x": .tensor(try table(3, 2)), "c": try truth(false)], [[6, 2]]),
                ]),
            Case(
                name: "parts of computed extents, stacked", file: "parts_of_computed_extents_stacked",
                runs: [
                    (
                        [
                            "x": .tensor(try table(6, 4)), "p": .tensor(try Tensor([1, 5, 0] as [Int64], shape: [3])), "k": try number(2),
                        ], [[1, 4], [5, 4], [0, 4]]
                    ),
                    (
                        ["x": .tensor(try table(4, 4)), "p": .tensor(try Tensor([4] as [Int64], shape: [1])), "k": try number(2)], [[4, 4]]
                    ),
                ]),
            Case(
                name: "slices without their axis", file: "slices_without_their_axis",
                runs: [(["x": .tensor(try table(2, 2, 3))], [[2, 3], [2, 3]]), (["x": .tensor(try table(0, 2, 3))], [])]),
            Case(
                name: "an optional that may be empty", file: "an_optional_that_may_be_empty",
                runs: [
                    (["x": .tensor(b), "z": .tensor(a)], [[3]]), (["x": .absent, "z": .tensor(a)], [[2]]), (["z": .tensor(a)], [[2]]),
                ]),
            Case(
                name: "an optional sequence that a loop carries", file: "an_optional_sequence_that_a_loop_carries",
                runs: [
                    (["x": .absent, "z": .tensor(a), "n": try number(2)], [[2], [4], [4]]),
                    (["x": .sequence([b]), "z": .tensor(a), "n": try number(1)], [[3], [4]]),
                ]),
            Case(
                name: "a length as an extent, and a loop over a sequence in a branch of a loop", file: "a_length_as_an_extent_and_a_loop_over_a_sequence_in_a_branch_of_a_loop",
                runs: [
                    (["x": .sequence([b, try table(3)]), "n": try number(4)], [[3], [3], [3], [3], [3], [3]]),
                    (["x": .sequence([b]), "n": try number(1)], [[3]]),
                ]),
        ]
    }

    @Test func thereAreCases() { #expect(Self.cases.count == 10) }

    @Test(arguments: cases) func sessionsComputeWhatTheDefinitionsSay(_ item: Case) throws {
        let graph = try Self.graph(item.file)
        try graph.verify()
        try withFolder { folder in
            try PlanFile.write(Compiler.compile(graph), to: folder + "/model.dlc")
            try check(item, Session(CompiledModel(contentsOf: folder + "/model.dlc"), threads: 2), graph)
        }
    }

    @Test(arguments: cases) func textReadsBackAsTheSameGraph(_ item: Case) throws {
        let text = try Self.graph(item.file).text()
        #expect(try GraphParser.parse(text, definitions: AllOps.definitions).text() == text)
    }

    @Test(arguments: cases) func exportsAreTheSameGraphAndStaySo(_ item: Case) throws {
        let graph = try Self.graph(item.file)
        try withFolder { folder in
            let (first, second) = (folder + "/first.onnx", folder + "/second.onnx")
            try exportONNX(Compiler.graph(graph, at: .canonical), to: first)
            let read = try importONNX(path: first)
            try check(item, Session(CompiledModel(Compiler.compile(read)), threads: 1), graph)
            try exportONNX(Compiler.graph(read, at: .canonical), to: second)
            let again = try importONNX(path: second)
            #expect(try Compiler.graph(again, at: .canonical).text() == Compiler.graph(read, at: .canonical).text())
        }
    }

    private func check(_ item: Case, _ session: Session, _ graph: Graph) throws {
        for (inputs, shapes) in item.runs + item.runs.reversed() {
            let expected = try Interpreter.run(graph, values: inputs)
            let computed = try session.run(values: inputs)
            let first = try #require(computed[graph.outputs[0].name])
            if case .sequence(let tensors) = first {
                #expect(tensors.map(\.shape) == shapes)
            } else {
                #expect(try [first.tensor.shape] == shapes)
            }
            for (name, want) in expected { #expect(computed[name] == want, "\(name)") }
        }
    }

    @Test func whatIsKnownOfAStructureIsFollowed() throws {
        let text =
            "g (float[N, 3] x, float[N, 3] y) => (float[N, 3] z, int64 n) { s = SequenceConstruct(x, y) i = Constant<value = int64 {0}>() "
            + "t = SequenceInsert(s, y, i) n = SequenceLength(t) e = SequenceErase(t) z = SequenceAt(e, i) }"
        let graph = try importONNX(text: model(text))
        #expect(graph.nodes.allSatisfy { !($0.op is any ReadsContainers) })
        #expect(graph.type(graph.outputs[0].value).description == "f32[N, 3]")
    }

    @Test func aPlaceOutsideIsAnErrorThatSaysWhere() throws {
        let session = try Self.session("a_place")
        let x = Datum.sequence([try Self.table(2), try Self.table(1)])
        #expect { try session.run(values: ["x": x, "p": Self.number(2)]) } throws: {
            "\($0)".contains("sequence_at t: position 2 is outside a sequence of 2 tensors; expected -2 ... 1")
        }
        #expect(try session.run(values: ["x": x, "p": Self.number(-1)])["y"]?.tensor.shape == [1])
    }

    @Test func aSequenceStopsAtTheLimitThatIsSet() throws {
        let item = try #require(Self.cases.first { $0.name == "a sequence that grows in a loop" })
        let session = try Self.session(item.file)
        session.sequenceLimit = 10
        #expect { try session.run(values: ["n": Self.number(.max), "x": .tensor(Self.table(2))]) } throws: {
            "\($0)".contains("would hold 11 tensors; the limit is 10")
        }
        #expect(try session.run(values: ["n": Self.number(4), "x": .tensor(Self.table(2))])["s"]?.tensors.count == 4)
    }

    @Test func inputsThatDoNotFitAreErrors() throws {
        let session = try Self.session("a_length")
        #expect { try session.run(values: ["x": .sequence([Self.table(2, 2), Self.table(2, 3)])]) } throws: {
            "\($0)".contains("input x: expected sequence of f32[?, 2], found f32[2, 3] as tensor 1 of a sequence")
        }
        #expect { try session.run(values: ["x": .tensor(Self.table(2, 2))]) } throws: { "\($0)".contains("expected sequence of f32[?, 2]") }
        #expect { try session.run([:]) } throws: { "\($0)".contains("input x is missing; expected sequence of f32[?, 2]") }
    }

    @Test func onlyOperatorsOfSequencesReadThem() {
        #expect { try Self.graph("a_sequence_read_as_a_tensor") } throws: {
            "\($0)".contains("sequence of f32[?]; only operators of sequences and optionals read it")
        }
        #expect { try Self.graph("a_place_of_unknown_rank") } throws: {
            "\($0)".contains("number of dimensions of the tensors in sequence of f32[...] must be known")
        }
    }

    /// One number of a schedule at a time is another: loading refuses it, or the run is an error or ends.
    @Test(arguments: ["a place that data say, in and out", "parts of computed extents, stacked"])
    func noNumberOfAScheduleLeadsOutside(_ name: String) throws {
        let item = try #require(Self.cases.first { $0.name == name })
        let image = try Compiler.compile(Self.graph(item.file))
        let schedule = try #require(image.plan.schedule)
        try withFolder { folder in
            func attempt(_ number: Int, _ change: (inout Schedule) -> Void) throws {
                var (changed, other) = (schedule, image)
                change(&changed)
                other.update { $0.schedule = changed }
                let path = "\(folder)/\(number).dlc"
                try PlanFile.write(other, to: path)
                guard let session = try? Session(CompiledModel(contentsOf: path), threads: 1) else { return }
                (session.iterationLimit, session.sequenceLimit) = (50, 50)
                for run in item.runs { _ = try? session.run(values: run.inputs) }
            }
            var tried = 0
            for value in [-2, -1, 0, 1, 3, 19, 20, 1 << 20, .max] {
                for block in schedule.blocks.indices {
                    for index in schedule.blocks[block].items.indices {
                        let item = schedule.blocks[block].items[index]
                        tried += 1
                        for place in item.operands.indices { try attempt(tried) { $0.blocks[block].items[index].operands[place] = value } }
                        for place in item.results.indices { try attempt(tried) { $0.blocks[block].items[index].results[place] = value } }
                        for place in item.parameters.indices { try attempt(tried) { $0.blocks[block].items[index].parameters[place] = value } }
                        try attempt(tried) { $0.blocks[block].items[index].kind = Schedule.Kind(rawValue: UInt8(truncatingIfNeeded: value)) }
                    }
                }
            }
            #expect(tried > 20)
        }
    }
}
