import DLC
import Testing

/// Run under the thread sanitizer by `Tools/test`.
@Suite struct ConcurrencyTests {
    @Test func sessionsOfManyTasksShareOneModel() async throws {
        var builder = GraphBuilder(name: "network")
        let x = try builder.input("x", TensorType(.float32, [1, 8, 20, 20]))
        let w = builder.constant(try Tensor.random(seed: 1, shape: [8, 8, 3, 3]))
        var y = x
        for _ in 0..<4 {
            y = try builder.add1(Conv(strides: [1, 1], pads: [1, 1, 1, 1]), [y, w])
            y = try builder.add1(Unary(.tanh), [y])
        }
        try builder.output("y", try builder.add1(Softmax(axis: 1), [y]))
        let model = try CompiledModel(Compiler.compile(builder.graph))
        let input = try Tensor.random(seed: 2, shape: [1, 8, 20, 20])
        let expected = try #require(try Session(model, threads: 1).run(["x": input])["y"])
        try await withThrowingTaskGroup(of: Tensor?.self) { group in
            for task in 0..<8 {
                group.addTask {
                    let session = try Session(model, threads: 1 + task % 3)
                    var last: Tensor?
                    for run in 0..<20 { last = try session.run(["x": input], threads: 1 + run % session.threads)["y"] }
                    return last
                }
            }
            for try await result in group { #expect(try #require(result) == expected) }
        }
    }

    /// States are each session's own, and are written by steps that several threads share.
    @Test func sessionsOfManyTasksKeepStatesOfTheirOwn() async throws {
        var builder = GraphBuilder(name: "network")
        let x = try builder.input("x", TensorType(.float32, [64, 512]))
        let h = try builder.state("h", TensorType(.float32, [64, 512]), initial: Tensor.random(seed: 3, shape: [64, 512]))
        let w = builder.constant(try Tensor.random(seed: 1, shape: [512, 512]))
        let inner = try builder.add1(Unary(.tanh), [builder.add1(Binary(.add), [builder.add1(MatMul(), [h, w]), x])])
        try builder.next("h", inner)
        try builder.output("y", builder.add1(Softmax(axis: 1), [inner]))
        let model = try CompiledModel(Compiler.compile(builder.graph))
        let input = try Tensor.random(seed: 2, shape: [64, 512])
        let single = try Session(model, threads: 1)
        for _ in 0..<5 { _ = try single.run(["x": input]) }
        let expected = try single.state("h")
        try await withThrowingTaskGroup(of: Tensor.self) { group in
            for task in 0..<6 {
                group.addTask {
                    let session = try Session(model, threads: 1 + task % 3)
                    for run in 0..<5 { _ = try session.run(["x": input], threads: 1 + run % session.threads) }
                    session.resetState()
                    for _ in 0..<5 { _ = try session.run(["x": input]) }
                    return try session.state("h")
                }
            }
            for try await result in group { #expect(result == expected) }
        }
    }
}
