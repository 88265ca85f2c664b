import AllocationCounter
import DLC
@testable import DLCRuntime
import Testing

/// What a session does at one set of shapes after another.
@Suite(.serialized) struct BindingTests {
    /// A transformer's layers over `[1, T, 64]`, with residuals and normalisation.
    private static func model(layers: Int) throws -> CompiledModel {
        var builder = GraphBuilder(name: "layers")
        let length = Dim(symbol: "T")
        let x = try builder.input("x", TensorType(.float32, [1, length, 64]))
        var seed: UInt64 = 1
        func dense(_ x: Value, _ width: Int, _ result: Int) throws -> Value {
            seed += 1
            return try builder.add1(MatMul(), [x, builder.constant(try Tensor.random(seed: seed, shape: [width, result]))])
        }
        func heads(_ x: Value) throws -> Value {
            try builder.add1(Transpose([0, 2, 1, 3]), [builder.add1(Reshape(shape: [1, length, 4, 16]), [x])])
        }
        var y = x
        for _ in 0..<layers {
            let (q, k, v) = (try heads(dense(y, 64, 64)), try heads(dense(y, 64, 64)), try heads(dense(y, 64, 64)))
            let scores = try builder.add1(MatMul(), [q, builder.add1(Transpose([0, 1, 3, 2]), [k])])
            let mixed = try builder.add1(MatMul(), [builder.add1(Softmax(axis: -1), [scores]), v])
            let joined = try builder.add1(Reshape(shape: [1, length, 64]), [builder.add1(Transpose([0, 2, 1, 3]), [mixed])])
            y = try builder.add1(Binary(.add), [y, dense(joined, 64, 64)])
            let hidden = try builder.add1(Unary(.tanh), [dense(y, 64, 256)])
            y = try builder.add1(Binary(.add), [y, dense(hidden, 256, 64)])
        }
        try builder.output("y", y)
        return try CompiledModel(Compiler.compile(builder.graph))
    }

    @Test func everyLengthGivesWhatASessionOfItsOwnGives() throws {
        let model = try Self.model(layers: 2)
        let session = try Session(model, threads: 2)
        // Ever longer, then known ones, then more than are remembered.
        for length in [1, 2, 3, 40, 40, 2, 200, 1, 0, 41] + Array(5..<30) + [40, 7] {
            let x = try Tensor.random(seed: UInt64(length), shape: [1, length, 64])
            #expect(try session.run(["x": x]) == Session(model, threads: 1).run(["x": x]), "length \(length)")
        }
    }

    @Test func tenThousandLengthsTakeNoMoreMemoryThanAFew() throws {
        let session = try Session(Self.model(layers: 2), threads: 1)
        session.shapesLimit = 0
        func run(_ lengths: some Sequence<Int>) throws {
            for length in lengths { _ = try session.run(["x": Tensor(type: .float32, shape: [1, length, 64]) { _ in }]) }
        }
        try run([64] + Array(1...40))
        guard allocation_count() >= 0 else { return }
        // Other tests run beside it, so that what the process holds says nothing.
        let before = allocations_alive()
        var random = SplitMix64(seed: 1)
        try run((0..<10_000).map { _ in Int.random(in: 1...64, using: &random) })
        let grown = allocations_alive() - before
        #expect(abs(grown) < 1000, "\(grown) more allocations are alive after 10,000 lengths")
    }

    /// As many lengths as fit are remembered, and those that have been used last.
    @Test func lengthsAreRememberedWithinALimit() throws {
        let session = try Session(Self.model(layers: 2), threads: 1)
        func run(_ lengths: some Sequence<Int>) throws -> Int {
            let before = session.bindings
            for length in lengths {
                try session.setInput(0, Tensor(type: .float32, shape: [1, length, 64]) { _ in })
                try session.run()
            }
            return session.bindings - before
        }
        #expect(try run(1...100) == 100)
        #expect(try run(1...100) == 0)
        session.shapesLimit = 0
        #expect(try run([101]) == 1)
        #expect(try run([101, 100, 99, 101]) == 0)
        #expect(try run(1...30) == 30)
        #expect(try run([101]) == 1)
    }

    /// A kernel that is prepared alike is taken from the lengths before, whatever else has changed.
    @Test func kernelsOfEarlierLengthsAreRight() throws {
        var builder = GraphBuilder()
        let x = try builder.input("x", TensorType(.float32, [Dim(symbol: "A"), 3]))
        let y = try builder.input("y", TensorType(.float32, [Dim(symbol: "B"), 3]))
        let (a, b) = (try builder.add1(Unary(.exp), [x]), try builder.add1(Unary(.tanh), [y]))
        try builder.output("joined", builder.add1(Concat(axis: 0), [a, b]))
        try builder.output("pairs", builder.add1(MatMul(), [a, builder.add1(Transpose([1, 0]), [b])]))
        let model = try CompiledModel(Compiler.compile(builder.graph))
        let session = try Session(model, threads: 1)
        for (rows, others) in [(2, 3), (2, 4), (5, 4), (5, 0), (0, 0), (0, 7), (1, 7), (1, 1), (2, 4)] {
            let inputs = [
                "x": try Tensor.random(seed: UInt64(rows), shape: [rows, 3]),
                "y": try Tensor.random(seed: UInt64(10 + others), shape: [others, 3]),
            ]
            #expect(try session.run(inputs) == Session(model, threads: 1).run(inputs), "\(rows) and \(others) rows")
        }
    }

    /// What it costs to meet a length for the first time, beyond what the run itself takes: the figure is printed.
    @Test func aNewLengthCostsLittle() throws {
        let model = try Self.model(layers: 12)
        let session = try Session(model, threads: 1)
        func seconds(_ lengths: [Int]) throws -> Double {
            let clock = ContinuousClock()
            let tensors = try lengths.map { try Tensor(type: .float32, shape: [1, $0, 64]) { _ in } }
            let time = try clock.measure {
                for tensor in tensors {
                    try session.setInput(0, tensor)
                    try session.run()
                }
            }
            return Double(time.components.attoseconds) / 1e18 + Double(time.components.seconds)
        }
        _ = try seconds([64, 1])
        let lengths = (0..<200).map { 1 + $0 % 60 }
        let new = try seconds(lengths)
        let known = try seconds(lengths.map { 1 + $0 % 2 }) + 0
        let cost = (new - known) / Double(lengths.count)
        print("a new length: \(Int(cost * 1e6)) µs for \(model.plan.steps.count) steps")
        #expect(cost < 0.02)
    }

    @Test func outputsAreThereAfterARunThatSucceeded() throws {
        var builder = GraphBuilder()
        let index = try builder.input("index", TensorType(.int64, [Dim(symbol: "N")]))
        let table = builder.constant(try Tensor([1, 2, 3] as [Float], shape: [3]))
        try builder.output("y", builder.add1(Gather(axis: 0), [table, index]))
        let session = try Session(CompiledModel(Compiler.compile(builder.graph)), threads: 1)
        #expect(throws: DLCError.self) { try session.output(0) }
        #expect(try session.run(["index": Tensor([2, 0] as [Int64], shape: [2])])["y"]?.doubles() == [3, 1])
        #expect(throws: DLCError.self) { try session.run(["index": Tensor([3] as [Int64], shape: [1])]) }
        #expect(throws: DLCError.self) { try session.output(0) }
        #expect(throws: DLCError.self) { try session.withOutput(0) { _ in } }
        #expect(try session.run(["index": Tensor([1] as [Int64], shape: [1])])["y"]?.doubles() == [2])
    }
}
