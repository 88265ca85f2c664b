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

    @Test func aPieceDoesNotReadWhatItHasComputedItself() throws {
        var image = try loop()
        try image.update { plan in
            let piece = try #require(plan.schedule?.blocks[1].items.first)
            let captured = try #require(piece.operands.first { $0 != plan.schedule?.blocks[1].entries[2] })
            // Where the value lies that the piece reads of the outside.
            plan.schedule?.blocks[1].items[0].results = [captured]
            plan.schedule?.blocks[1].results[1] = captured
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
