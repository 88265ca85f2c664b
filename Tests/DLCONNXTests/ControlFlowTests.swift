import DLC
import Testing

/// Control flow and extents that only data decide: a session computes what the definitions say, which ONNX Runtime's results are
/// for the same models, for inputs that go different ways, one after another and back, from a plan that was written and read.
@Suite struct ControlFlowTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let text: String
        /// Sets of inputs, each with the shape of the first output as ONNX Runtime has it.
        let runs: [(inputs: [String: Tensor], shape: [Int])]
        var testDescription: String { name }
    }

    static let cases: [Case] = (try? makeCases()) ?? []

    private static func makeCases() throws -> [Case] {
        func numbers(_ values: [Int64], _ shape: [Int]? = nil) throws -> Tensor { try Tensor(values, shape: shape ?? [values.count]) }
        func floats(_ values: [Float], _ shape: [Int]? = nil) throws -> Tensor { try Tensor(values, shape: shape ?? [values.count]) }
        func table(_ rows: Int, _ columns: Int) throws -> Tensor {
            try floats((0..<rows * columns).map { Float($0 % 7) - 3 }, [rows, columns])
        }
        let go = "c = Constant<value = bool {1}>()"
        return [
            Case(
                name: "gathering what is not zero",
                text: "g (float[N] x, float[N, 3] t) => (float[K, 3] y, int64[2] s) { zero = Constant<value = float {0.0}>() "
                    + "big = Greater(x, zero) p = NonZero(big) minus = Constant<value = int64[1] {-1}>() q = Reshape(p, minus) "
                    + "r = Gather<axis = 0>(t, q) y = Relu(r) s = Shape(y) }",
                runs: [
                    (["x": try floats([1, -1, 2, 0, 3]), "t": try table(5, 3)], [3, 3]),
                    (["x": try floats([-1, -2]), "t": try table(2, 3)], [0, 3]),
                    (["x": try floats([1]), "t": try table(1, 3)], [1, 3]),
                ]),
            Case(
                name: "a slice by data",
                text: "g (float[N, 2] x, int64[1] a, int64[1] b) => (float[K, 2] y) "
                    + "{ ax = Constant<value = int64[1] {0}>() s = Slice(x, a, b, ax) y = Neg(s) }",
                runs: [
                    (["x": try table(6, 2), "a": try numbers([1]), "b": try numbers([-1])], [4, 2]),
                    (["x": try table(6, 2), "a": try numbers([-3]), "b": try numbers([100])], [3, 2]),
                    (["x": try table(6, 2), "a": try numbers([4]), "b": try numbers([2])], [0, 2]),
                ]),
            Case(
                name: "the k best and a range",
                text:
                    "g (float[N] x, int64[1] k, int64 n) => (float[K] y, int64[M] z) { y, i = TopK(x, k) zero = Constant<value = int64 {0}>() "
                    + "two = Constant<value = int64 {2}>() r = Range(zero, n, two) z = Neg(r) }",
                runs: [
                    (["x": try floats([3, 1, 2, 5]), "k": try numbers([2]), "n": try numbers([7], [])], [2]),
                    (["x": try floats([3, 1, 2, 5]), "k": try numbers([0]), "n": try numbers([0], [])], [0]),
                ]),
            Case(
                name: "distinct elements",
                text:
                    "g (float[N] x) => (float[K] y, int64[K] i, int64[N] v, int64[K] c) { u, i, v, c = Unique<sorted = 1>(x) y = Neg(u) }",
                runs: [(["x": try floats([2, 1, 1, 3, 2])], [3]), (["x": try floats([])], [0])]),
            Case(
                name: "a branch of another length",
                text: "g (float[N, 2] x, bool c) => (float[M, 2] z) { y = If(c) <then_branch = a () => (float[P, 2] u) "
                    + "{ u = Concat<axis = 0>(x, x) }, else_branch = b () => (float[Q, 2] v) { v = Neg(x) }> z = Relu(y) }",
                runs: [
                    (["x": try table(3, 2), "c": try Tensor([true], shape: [])], [6, 2]),
                    (["x": try table(3, 2), "c": try Tensor([false], shape: [])], [3, 2]),
                ]),
            Case(
                name: "branches of different ranks",
                text: "g (float[2, 3] x, bool c) => (float[6] z, float w) { y = If(c) <then_branch = a () => (float[2, 3] u) { u = Neg(x) }, "
                    + "else_branch = b () => (float[1, 2, 3] v) { ax = Constant<value = int64[1] {0}>() v = Unsqueeze(x, ax) }> "
                    + "flat = Constant<value = int64[1] {-1}>() f = Reshape(y, flat) e = Exp(x) s = ReduceSum<keepdims = 0>(e) "
                    + "z = Mul(f, s) w = ReduceMax<keepdims = 0>(y) }",
                runs: [
                    (["x": try table(2, 3), "c": try Tensor([true], shape: [])], [6]),
                    (["x": try table(2, 3), "c": try Tensor([false], shape: [])], [6]),
                ]),
            Case(
                name: "a counted loop with rows",
                text: "g (int64 n, float[2] x) => (float[2] y, float[R, 2] rows) { \(go) y, rows = Loop(n, c, x) "
                    + "<body = b (int64 i, bool k, float[2] s) => (bool k2, float[2] t, float[2] row) { h = Constant<value = float {0.5}>() "
                    + "t = Mul(s, h) f = Cast<to = 1>(i) row = Add(s, f) k2 = Identity(k) }> }",
                runs: [
                    (["n": try numbers([3], []), "x": try floats([8, -4])], [2]),
                    (["n": try numbers([0], []), "x": try floats([8, -4])], [2]),
                    (["n": try numbers([40], []), "x": try floats([8, -4])], [2]),
                ]),
            Case(
                name: "a value that grows in each round",
                text: "g (int64 n, float[1, 2] x) => (float[M, 2] y) { \(go) y = Loop(n, c, x) <body = b (int64 i, bool k, float[S, 2] s) "
                    + "=> (bool k2, float[U, 2] t) { last = Constant<value = int64[1] {-1}>() r = Gather<axis = 0>(s, last) d = Add(r, r) "
                    + "t = Concat<axis = 0>(s, d) k2 = Identity(k) }> }",
                runs: [
                    (["n": try numbers([4], []), "x": try table(1, 2)], [5, 2]),
                    (["n": try numbers([0], []), "x": try table(1, 2)], [1, 2]),
                ]),
            Case(
                name: "branches of different lengths in a loop",
                text:
                    "g (int64 n, float[2] x) => (float[M] y) { \(go) y = Loop(n, c, x) <body = b (int64 i, bool k, float[S] s) => (bool k2, float[U] t) "
                    + "{ two = Constant<value = int64 {2}>() odd = Mod(i, two) zero = Constant<value = int64 {0}>() e = Equal(odd, zero) "
                    + "t = If(e) <then_branch = p () => (float[A] u) { u = Concat<axis = 0>(s, x) }, else_branch = q () => (float[B] v) { v = Neg(s) }> "
                    + "k2 = Identity(k) }> }",
                runs: [
                    (["n": try numbers([4], []), "x": try floats([1, 2])], [6]),
                    (["n": try numbers([1], []), "x": try floats([1, 2])], [4]),
                ]),
            Case(
                name: "values that change places",
                text: "g (int64 n, float[1] x, float[1] z) => (float[1] y, float[1] w) { \(go) y, w = Loop(n, c, x, z) "
                    + "<body = b (int64 i, bool k, float[1] a, float[1] d) => (bool k2, float[1] e, float[1] f) "
                    + "{ e = Identity(d) f = Add(a, d) k2 = Identity(k) }> }",
                runs: [(["n": try numbers([10], []), "x": try floats([0]), "z": try floats([1])], [1])]),
            Case(
                name: "a step that every round gives back",
                text: """
                    g (int64 n, float[6] x) => (float[6] y, int64[1] kept, float[R, 3] rows) {
                      \(go) step = Constant<value = int64[1] {2}>()
                      zero = Constant<value = int64[1] {0}>() end = Constant<value = int64[1] {6}>()
                      y, kept, rows = Loop(n, c, x, step) <body = b (int64 i, bool k, float[6] s, int64[1] p)
                        => (bool k2, float[6] t, int64[1] q, float[3] row) {
                          row = Slice(s, zero, end, zero, p) t = Add(s, s) q = Identity(p) k2 = Identity(k) }> }
                    """,
                runs: [
                    (["n": try numbers([3], []), "x": try floats([1, 2, 3, 4, 5, 6])], [6]),
                    (["n": try numbers([0], []), "x": try floats([1, 2, 3, 4, 5, 6])], [6]),
                    (["n": try numbers([40], []), "x": try floats([1, 2, 3, 4, 5, 6])], [6]),
                ]),
            Case(
                name: "boxes of an image, in two modes",
                text: """
                    g (float[1, 1, 4, 3] x, float[4] box) => (float[1, 1, 3, 2] y, float[1, 1, 3, 1] z) {
                      low = Constant<value = float[2] {0, 0}>() high = Constant<value = float[2] {1, 1}>()
                      zero = Constant<value = int64[1] {0}>() two = Constant<value = int64[1] {2}>() four = Constant<value = int64[1] {4}>()
                      a = Slice(box, zero, two) b = Slice(box, two, four) roi = Concat<axis = 0>(low, a, high, b)
                      size = Constant<value = int64[4] {1, 1, 3, 2}>() column = Constant<value = int64[4] {1, 1, 3, 1}>()
                      y = Resize<coordinate_transformation_mode = "tf_crop_and_resize", mode = "linear", extrapolation_value = 7.0>
                        (x, roi, , size)
                      z = Resize<coordinate_transformation_mode = "tf_crop_and_resize", mode = "nearest", nearest_mode = "floor">
                        (x, roi, , column) }
                    """,
                runs: [
                    (["x": try table(4, 3).reshaped([1, 1, 4, 3]), "box": try floats([0, 0.25, 0.75, 1])], [1, 1, 3, 2]),
                    (["x": try table(4, 3).reshaped([1, 1, 4, 3]), "box": try floats([-0.5, 0, 1.5, 1])], [1, 1, 3, 2]),
                    (["x": try table(4, 3).reshaped([1, 1, 4, 3]), "box": try floats([0.5, 1, 0.25, 0])], [1, 1, 3, 2]),
                ]),
            Case(
                name: "parts of an input, of lengths that data say",
                text: "g (float[6] x, int64[2] n) => (float[A] y, float[B] z) { y, z = Split<axis = 0>(x, n) }",
                runs: [
                    (["x": try floats([1, 2, 3, 4, 5, 6]), "n": try numbers([2, 4])], [2]),
                    (["x": try floats([1, 2, 3, 4, 5, 6]), "n": try numbers([6, 0])], [6]),
                ]),
            Case(
                name: "a scan of open length, backwards",
                text:
                    "g (float[2] x, float[L, 2] xs) => (float[2] y, float[L, 2] ys) { y, ys = Scan<num_scan_inputs = 1, scan_input_directions = [1], "
                    + "body = b (float[2] s, float[2] e) => (float[2] t, float[2] o) { t = Add(s, e) o = Mul(t, e) }>(x, xs) }",
                runs: [
                    (["x": try floats([1, 2]), "xs": try table(4, 2)], [2]), (["x": try floats([1, 2]), "xs": try table(1, 2)], [2]),
                ]),
        ]
    }

    @Test func thereAreCases() { #expect(Self.cases.count == 14) }

    @Test(arguments: cases) func sessionsComputeWhatTheDefinitionsSay(_ item: Case) throws {
        let graph = try importONNX(text: model(item.text))
        let image = try Compiler.compile(graph)
        try withFolder { folder in
            try PlanFile.write(image, to: folder + "/model.dlc")
            let session = try Session(CompiledModel(contentsOf: folder + "/model.dlc"), threads: 2)
            try check(item, session, graph)
        }
    }

    @Test(arguments: cases) func exportsAreTheSameGraph(_ item: Case) throws {
        let graph = try importONNX(text: model(item.text))
        try withFolder { folder in
            try exportONNX(Compiler.graph(graph, at: .canonical), to: folder + "/model.onnx")
            let read = try importONNX(path: folder + "/model.onnx")
            try check(item, Session(CompiledModel(Compiler.compile(read)), threads: 1), graph)
        }
    }

    private func check(_ item: Case, _ session: Session, _ graph: Graph) throws {
        for (inputs, shape) in item.runs + item.runs.reversed() {
            let expected = try Interpreter.run(graph, inputs)
            let computed = try session.run(inputs)
            #expect(computed[graph.outputs[0].name]?.shape == shape)
            for (name, want) in expected {
                let got = try #require(computed[name])
                #expect(got.shape == want.shape)
                #expect(try got.doubles() == want.doubles(), "\(name)")
            }
        }
    }

    @Test func aRankThatABranchLeavesInAnOutputIsAnError() throws {
        let text =
            "g (float[2] x, bool c) => (y) { y = If(c) <then_branch = a () => (float[2] u) { u = Neg(x) }, else_branch = b () => (float v) "
            + "{ v = ReduceMax<keepdims = 0>(x) }> }"
        #expect { try importONNX(text: model(text)) } throws: { "\($0)".contains("expected one element type and rank") }
    }

    /// Every round and every run draws other numbers, the same after a reset, and a branch others than what is around it.
    @Test func bodiesDrawNumbersOfTheirOwn() throws {
        let text =
            "g (int64 n, bool k) => (float[4] a, float[R, 4] rows, float[4] b) { c = Constant<value = bool {1}>() "
            + "a = RandomUniform<shape = [4]>() rows = Loop(n, c) <body = l (int64 i, bool g) => (bool g2, float[4] r) "
            + "{ r = RandomUniform<shape = [4]>() g2 = Identity(g) }> b = If(k) <then_branch = t () => (float[4] u) "
            + "{ u = RandomUniform<shape = [4]>() }, else_branch = e () => (float[4] v) { v = RandomUniform<shape = [4]>() }> }"
        let session = try Session(CompiledModel(Compiler.compile(importONNX(text: model(text)))), threads: 1)
        func run(_ branch: Bool) throws -> [[Float]] {
            let outputs = try session.run(["n": Tensor([3 as Int64], shape: []), "k": Tensor([branch], shape: [])])
            let rows = try #require(outputs["rows"]).array(of: Float.self)
            return [try #require(outputs["a"]).array(of: Float.self)] + stride(from: 0, to: 12, by: 4).map { Array(rows[$0..<$0 + 4]) }
                + [try #require(outputs["b"]).array(of: Float.self)]
        }
        let first = try run(true)
        let drawn = try first + run(true) + run(false)
        #expect(Set(drawn).count == 15)
        #expect(drawn.joined().allSatisfy { $0 >= 0 && $0 < 1 })
        session.resetState()
        #expect(try run(true) == first)
    }

    @Test func aLoopWithoutEndStopsAtTheLimitThatIsSet() throws {
        let text =
            "g (float[1] x) => (float[1] y) { c = Constant<value = bool {1}>() n = Constant<value = int64 {1000000}>() y = Loop(n, c, x) "
            + "<body = b (int64 i, bool k, float[1] s) => (bool k2, float[1] t) { t = Abs(s) z = Constant<value = float[1] {-1.0}>() "
            + "l = Greater(t, z) k2 = Squeeze(l) }> }"
        let session = try Session(CompiledModel(Compiler.compile(importONNX(text: model(text)))), threads: 1)
        session.iterationLimit = 100
        #expect { try session.run(["x": Tensor([1 as Float], shape: [1])]) } throws: { "\($0)".contains("gone round 100 times") }
    }

    /// One number of a schedule at a time is another: loading refuses it, or the run is an error or ends; neither reads what is not there.
    @Test(arguments: ["branches of different lengths in a loop", "gathering what is not zero"])
    func noNumberOfAScheduleLeadsOutside(_ name: String) throws {
        let item = try #require(Self.cases.first { $0.name == name })
        let image = try Compiler.compile(importONNX(text: model(item.text)))
        let schedule = try #require(image.plan.schedule)
        try withFolder { folder in
            var tried = 0
            func attempt(_ change: (inout Schedule) -> Void) throws {
                var (changed, other) = (schedule, image)
                change(&changed)
                other.update { $0.schedule = changed }
                let path = "\(folder)/\(tried).dlc"
                tried += 1
                try PlanFile.write(other, to: path)
                guard let session = try? Session(CompiledModel(contentsOf: path), threads: 1) else { return }
                session.iterationLimit = 50
                for run in item.runs { _ = try? session.run(run.inputs) }
            }
            for value in [-2, -1, 0, 1, 3, 1 << 20, .max] {
                try attempt { $0.slots = value }
                for block in schedule.blocks.indices {
                    for place in schedule.blocks[block].results.indices { try attempt { $0.blocks[block].results[place] = value } }
                    for place in schedule.blocks[block].entries.indices { try attempt { $0.blocks[block].entries[place] = value } }
                    for index in schedule.blocks[block].items.indices {
                        let item = schedule.blocks[block].items[index]
                        for place in item.operands.indices { try attempt { $0.blocks[block].items[index].operands[place] = value } }
                        for place in item.results.indices { try attempt { $0.blocks[block].items[index].results[place] = value } }
                        for place in item.parameters.indices { try attempt { $0.blocks[block].items[index].parameters[place] = value } }
                        for place in item.symbols.indices { try attempt { $0.blocks[block].items[index].symbols[place] = value } }
                        for place in item.blocks.indices { try attempt { $0.blocks[block].items[index].blocks[place] = value } }
                        for place in item.bindings.indices {
                            try attempt { $0.blocks[block].items[index].bindings[place].slot = value }
                            try attempt { $0.blocks[block].items[index].bindings[place].axis = value }
                            try attempt { $0.blocks[block].items[index].bindings[place].symbol = value }
                        }
                    }
                }
            }
            #expect(tried > 50)
        }
    }

    @Test func onlyTheBranchThatIsTakenRuns() throws {
        let text =
            "g (float[3] x, int64[1] i, bool c) => (float[1] y) { y = If(c) <then_branch = a () => (float[1] u) { u = Gather(x, i) }, "
            + "else_branch = b () => (float[1] v) { one = Constant<value = int64[1] {1}>() v = Gather(x, one) }> }"
        let session = try Session(CompiledModel(Compiler.compile(importONNX(text: model(text)))), threads: 1)
        let (x, outside) = (try Tensor([1, 2, 3] as [Float], shape: [3]), try Tensor([7 as Int64], shape: [1]))
        #expect(try session.run(["x": x, "i": outside, "c": Tensor([false], shape: [])])["y"]?.array(of: Float.self) == [2])
        #expect(throws: DLCError.self) { try session.run(["x": x, "i": outside, "c": Tensor([true], shape: [])]) }
    }

    @Test func aNumberOfElementsBelowZeroIsAnError() throws {
        let text = "g (int64[1] n) => (float[N] y) { f = ConstantOfShape(n) y = Exp(f) }"
        let session = try Session(CompiledModel(Compiler.compile(importONNX(text: model(text)))), threads: 1)
        #expect(try session.run(["n": Tensor([2 as Int64], shape: [1])])["y"]?.shape == [2])
        #expect { try session.run(["n": Tensor([-2 as Int64], shape: [1])]) } throws: { "\($0)".contains("-2") }
    }
}
