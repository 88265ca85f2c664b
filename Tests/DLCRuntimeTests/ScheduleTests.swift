import AllocationCounter
import DLC
@testable import DLCRuntime
import Testing

/// What a schedule may not say, and what it computes of narrow types.
@Suite struct ScheduleTests {
    private func graph(_ text: String) throws -> Graph { try GraphParser.parse(text, definitions: AllOps.definitions) }

    /// A loop over a value that a piece before it has computed.
    private func loop() throws -> PlanImage {
        try Compiler.compile(
            graph(
                """
                graph g(%n: i64[], %x: f32[2]) -> (%y) {
                    %w = exp(%x)
                    %y = loop(%n, _, %w, %w) {body: graph body(%i: i64[], %go: bool[], %s: f32[2], %w: f32[2]) -> (goes_on = %go, %t) {
                        %t = add(%s, %w)
                    }, carried: 1}
                }
                """))
    }

    private let inputs = [
        "n": try? Tensor([3 as Int64], shape: []), "x": try? Tensor([0, 0] as [Float], shape: [2]),
    ].compactMapValues { $0 }

    @Test func aLoopReadsWhatAPieceBeforeItHasComputed() throws {
        #expect(try Session(CompiledModel(loop()), threads: 1).run(inputs)["y"]?.array(of: Float.self) == [4, 4])
    }

    /// What a loop carries goes into memory of its own, which takes turns; rows and what a session tells its programs are kept too.
    @Test func theSecondRunOfALoopOfFixedShapesAllocatesNothing() throws {
        let rows = try Compiler.compile(
            graph(
                """
                graph g(%n: i64[], %x: f32[2]) -> (%y, %r) {
                    %w = exp(%x)
                    %y, %r = loop(%n, _, %w, %w) {body: graph body(%i: i64[], %go: bool[], %s: f32[2], %w: f32[2]) \
                -> (goes_on = %go, %t, %u) {
                        %t = add(%s, %w)
                        %u = neg(%s)
                    }, carried: 1}
                }
                """))
        for image in [try loop(), rows] {
            let session = try Session(CompiledModel(image), threads: 1)
            for (index, port) in session.model.inputs.enumerated() { try session.setInput(index, #require(inputs[port.name])) }
            for _ in 0..<2 { try session.run() }
            let before = allocation_count()
            guard before >= 0 else { return }
            try session.run()
            #expect(allocation_count() - before == 0)
            #expect(try session.output(0).array(of: Float.self) == [4, 4])
        }
    }

    /// A decoder that keeps keys binds a plan for each length, once.
    @Test func theLengthsOfAGrowingLoopAreRemembered() throws {
        let image = try Compiler.compile(
            graph(
                """
                graph g(%n: i64[], %x: f32[2]) -> (%y) {
                    %y = loop(%n, _, %x, %x) {body: graph body(%i: i64[], %go: bool[], %s: f32[K], %x: f32[2]) -> (goes_on = %go, %t) {
                        %e = exp(%x)
                        %t = concat(%s, %e) {axis: 0}
                    }, carried: 1}
                }
                """))
        let session = try Session(CompiledModel(image), threads: 1)
        let body = try #require(session.runner).sessions
        var given = inputs
        for rounds in [200, 200, 150] {
            given["n"] = try Tensor([Int64(rounds)], shape: [])
            #expect(try session.run(given)["y"] == Tensor([0, 0] + [Float](repeating: 1, count: 2 * rounds), shape: [2 + 2 * rounds]))
            #expect(body.map(\.bindings).max() == 200)
        }
    }

    /// A result that is handed on stays what it was when the loop goes round again.
    @Test func whatALoopHasLeftIsNotWrittenOver() throws {
        let session = try Session(CompiledModel(loop()), threads: 1)
        let first = try #require(try session.run(inputs)["y"])
        var other = inputs
        other["x"] = try Tensor([1, 1] as [Float], shape: [2])
        for _ in 0..<5 { _ = try session.run(other) }
        #expect(try first.array(of: Float.self) == [4, 4])
    }

    @Test func whatIsReadAgainIsNotTakenByASequence() throws {
        func uses(_ result: String) throws -> [Bool] {
            let plan = try Compiler.compile(
                graph(
                    """
                    graph g(%n: i64[], %x: f32[2]) -> (%y, %r) {
                        %e = sequence() {type: f32}
                        %y, %r = loop(%n, _, %e, %x) {body: graph body(%i: i64[], %go: bool[], %s: sequence of f32[2], %x: f32[2]) \
                    -> (goes_on = %go, \(result), %l) {
                            %w = exp(%x)
                            %t = sequence_insert(%s, %w)
                            %u = sequence_insert(%t, %w)
                            %l = sequence_length(%u)
                        }, carried: 1}
                    }
                    """)).plan
            let schedule = try #require(plan.schedule)
            let found = ScheduleUses(schedule, programs: plan.programs, depths: [0, 1])
            return zip(schedule.blocks[1].items, found.takesFirst[1]).filter { $0.0.kind == .sequenceInsert }.map(\.1)
        }
        #expect(try uses("%u") == [true, true])
        #expect(try uses("%t") == [true, false])
    }

    /// States beside what data decide: a run that fails leaves them, one that succeeds takes all of them on together, and an output that
    /// is a state is what it was.
    @Test func aScheduleKeepsStates() throws {
        var builder = GraphBuilder(name: "g")
        let x = try builder.input("x", TensorType(.float32, [Dim(symbol: "N")]))
        let sum = try builder.state("sum", TensorType(.float32, []))
        _ = try builder.state("last", TensorType(.float32, []), initial: Tensor([7 as Float], shape: []))
        let places = try builder.add1(NonZero(), [x])
        let place = try builder.add1(Slice(starts: [0, 0], sizes: [1, 1], steps: [1, 1]), [places])
        let element = try builder.add1(Reshape(shape: []), [builder.add1(Gather(axis: 0), [x, place])])
        try builder.output("before", sum)
        try builder.output("element", element)
        try builder.next("sum", builder.add1(Binary(.add), [sum, element]))
        try builder.next("last", sum)
        let session = try Session(CompiledModel(Compiler.compile(builder.graph)), threads: 1)
        #expect(session.model.plan.schedule != nil)
        func run(_ values: [Float]) throws -> Float? {
            try session.run(["x": Tensor(values, shape: [values.count])])["before"]?.array(of: Float.self).first
        }
        func state(_ name: String) throws -> Float? { try session.state(name).array(of: Float.self).first }
        #expect(try run([0, 3, 5]) == 0)
        #expect(try run([4]) == 3)
        #expect(throws: DLCError.self) { try run([0, 0]) }
        #expect(try state("sum") == 7 && state("last") == 3)
        session.resetState()
        #expect(try state("last") == 7)
        #expect(try run([2]) == 0)
    }

    @Test func aPieceDoesNotReadWhatItHasComputedItself() throws {
        var image = try loop()
        try image.update { plan in
            let piece = try #require(plan.schedule?.blocks[1].items.first)
            let captured = try #require(piece.operands.first { $0 != plan.schedule?.blocks[1].entries[2] })
            // Where the value lies that the piece reads of the outside.
            plan.schedule?.blocks[1].items[0].results = [captured]
            let entry = try #require(plan.schedule?.blocks[1].entries[2])
            plan.schedule?.blocks[1].results[1] = entry
        }
        let session = try Session(CompiledModel(image), threads: 1)
        #expect { try session.run(inputs) } throws: { "\($0)".contains("computed itself") }
    }

    @Test func anOutputIsOfThePlansType() throws {
        var image = try loop()
        image.update { $0.schedule?.blocks[0].results = [0] }
        let session = try Session(CompiledModel(image), threads: 1)
        #expect { try session.run(inputs) } throws: { "\($0)".contains("output y is i64[]") }
    }

    @Test func thereAreNoMoreSlotsThanAreUsed() throws {
        var plan = try loop().plan
        _ = try Plan(table: plan.table(), target: plan.target, constantBytes: 1 << 20)
        plan.schedule?.slots = 1 << 24
        #expect { try Plan(table: plan.table(), target: plan.target, constantBytes: 1 << 20) } throws: { "\($0)".contains("slots") }
    }

    @Test func narrowFloatsHaveZerosOfTwoSigns() throws {
        let graph = try graph("graph g(%x: f8e4m3fn[4]) -> (%y) { %y = non_zero(%x) }")
        let x = try Tensor(doubles: [1, -0.0, 0, -2], type: .float8e4m3fn, shape: [4])
        let session = try Session(CompiledModel(Compiler.compile(graph)), threads: 1)
        #expect(try session.run(["x": x])["y"]?.array(of: Int64.self) == [0, 3])
    }
}
