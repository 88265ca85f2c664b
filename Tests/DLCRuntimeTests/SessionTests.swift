import AllocationCounter
import DLC
import Testing

@Suite(.serialized) struct SessionTests {
    static let model = Result { try CompiledModel(Compiler.compile(resNet50())) }
    static let image = Result { try Tensor.random(seed: 7, shape: [1, 3, 224, 224]) }

    @Test func noStepOfItsOwnForBatchNormReluOrAdd() throws {
        let steps = try Self.model.get().plan.steps
        #expect(steps.count <= 60)
        #expect(!steps.contains { $0.kernel is ProgramKernel }, "an elementwise step is left")
    }

    @Test func theArenaIsNearItsLowerBound() throws {
        let session = try Session(Self.model.get(), threads: 1)
        let arena = try #require(session.arena)
        #expect(Double(arena.peak) <= 1.1 * Double(arena.lowerBound))
        #expect(arena.peak < arena.total)
    }

    @Test func theSecondRunAllocatesNothing() throws {
        for threads in [1, 2] {
            let session = try Session(Self.model.get(), threads: threads)
            try session.setInput(0, Self.image.get())
            try session.run()
            let before = allocation_count()
            guard before >= 0 else { return }
            try session.run()
            #expect(allocation_count() - before == 0, "with \(threads) threads")
        }
    }

    @Test func theSameBitsForAnyNumberOfThreads() throws {
        let results = try [1, 2, 3].map { threads in
            try Session(Self.model.get(), threads: threads).run(["image": Self.image.get()])["scores"]
        }
        #expect(try #require(results[0]) == #require(results[1]))
        #expect(try #require(results[0]) == #require(results[2]))
        #expect(try #require(results[0]).array(of: Float.self).allSatisfy { $0.isFinite })
    }

    @Test func aRunMayUseFewerThreads() throws {
        let session = try Session(Self.model.get(), threads: 3)
        let image = try Self.image.get()
        let expected = try #require(try session.run(["image": image])["scores"])
        for threads in [1, 2, 3] {
            #expect(try session.run(["image": image], threads: threads)["scores"] == expected)
        }
        for threads in [0, 4] {
            let error = #expect(throws: DLCError.self) { try session.run(threads: threads) }
            #expect(error?.description.contains("the session has 3") == true)
        }
    }

    @Test func sessionsMayEndBeforeTheirMemoryIsMapped() throws {
        for threads in [1, 2, 1, 2] {
            let session = try Session(Self.model.get(), threads: threads)
            #expect(session.threads == threads)
        }
    }

    @Test func shapesAreBoundPerCallAndRemembered() throws {
        var builder = GraphBuilder(name: "sum")
        let x = try builder.input("x", TensorType(.float32, [Dim(symbol: "N"), 3]))
        let y = try builder.input("y", TensorType(.float32, [Dim(symbol: "N"), 3]))
        try builder.output("z", try builder.add1(Binary(.add), [x, y]))
        let session = try Session(CompiledModel(Compiler.compile(builder.graph)), threads: 1)
        for count in [2, 5, 2] {
            let ones = try Tensor(filling: 1, type: .float32, shape: [count, 3])
            let z = try #require(try session.run(["x": ones, "y": ones])["z"])
            #expect(try z == Tensor(filling: 2, type: .float32, shape: [count, 3]))
        }
        let error = #expect(throws: DLCError.self) {
            try session.run([
                "x": Tensor(filling: 1, type: .float32, shape: [2, 3]), "y": Tensor(filling: 1, type: .float32, shape: [4, 3]),
            ])
        }
        #expect(error?.description.contains("dimension N is 2") == true)
    }

    @Test func oneElementGoesForAScalar() throws {
        let graph = try GraphParser.parse(
            "graph g(%x: f32[], %z: f32[N]) -> (%y) {\n%y: f32[N] = mul(%x, %z)\n}", definitions: AllOps.definitions)
        let session = try Session(CompiledModel(Compiler.compile(graph)), threads: 1)
        let z = try Tensor([1, 2] as [Float], shape: [2])
        for shape in [[], [1], [1, 1]] {
            #expect(try session.run(["x": Tensor([3] as [Float], shape: shape), "z": z])["y"] == Tensor([3, 6] as [Float], shape: [2]))
        }
        #expect(throws: DLCError.self) { try session.run(["x": z, "z": z]) }
        #expect(throws: DLCError.self) { try session.run(["x": Tensor([Float](), shape: [0]), "z": z]) }
    }

    @Test func wrongInputsAreNamed() throws {
        let session = try Session(Self.model.get(), threads: 1)
        let image = try Self.image.get()
        let cases: [([String: Tensor], String)] = [
            ([:], "input image is missing"),
            (["picture": image], "there is no input picture"),
            (["image": try image.reshaped([3, 1, 224, 224])], "expects f32[1, 3, 224, 224], found f32[3, 1, 224, 224]"),
            (["image": try Tensor(filling: 0, type: .float64, shape: [1, 3, 224, 224])], "found f64[1, 3, 224, 224]"),
        ]
        for (inputs, message) in cases {
            let error = #expect(throws: DLCError.self) { try session.run(inputs) }
            #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        }
    }
}
