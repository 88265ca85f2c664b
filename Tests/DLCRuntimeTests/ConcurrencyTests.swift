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
}
