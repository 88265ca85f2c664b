import DLCGraph
@testable import DLCONNX
import Testing

/// What exporters write to compute an extent is one expression, and has ONNX Runtime's value for all extents.
@Suite struct ShapeArithmeticTests {
    private static let constants = """
        <int64 i0 = {0}, int64 i1 = {1}, int64[1] z = {0}, int64 k1 = {1}, int64 k2 = {2}, int64 k3 = {3}, int64 k7 = {7},
        float half = {0.5}, float seven = {0.7}, float two = {2.0}, float three = {3.0}, double dthird = {0.3333},
        int64[1] m1 = {-1}, int64[1] one = {1}, int64[2] two2 = {2, 2}>
        """

    private func length(_ nodes: String) throws -> Dim {
        let graph = try importONNX(
            text: model(
                "g (float[N, T, 4] x) => (float[L] y) \(Self.constants) { s = Shape(x) n = Gather(s, i0) t = Gather(s, i1) \(nodes) "
                    + "lu = Unsqueeze(l, z) y = ConstantOfShape(lu) }"))
        return graph.shape(graph.outputs[0].value)[0]
    }

    @Test(arguments: ShapeArithmetic.rows.indices) func extentsHaveONNXRuntimesValues(row: Int) throws {
        let row = ShapeArithmetic.rows[row]
        let dim = try length(row.nodes)
        for ((n, t), value) in zip(ShapeArithmetic.extents, row.values) {
            #expect(try dim.evaluate(["N": n, "T": t]) == value, "\(row.name): \(dim) at N = \(n), T = \(t)")
            #expect(try dim.substituting(["N": Dim(n), "T": Dim(t)]) == Dim(value), "\(row.name): \(dim) at N = \(n), T = \(t)")
        }
    }

    /// Exact on the way through floats, so that it meets the same extent computed in integers.
    @Test(arguments: [
        ("f = Cast<to = 1>(t) d = Mul(f, half) c = Floor(d) l = Cast<to = 7>(c)", "floor(T, 2)"),
        ("f = Cast<to = 1>(t) d = Div(f, three) c = Floor(d) l = Cast<to = 7>(c)", "floor(T, 3)"),
        ("f = Cast<to = 11>(t) d = Mul(f, dtwo) l = Cast<to = 7>(d)", "2*T"),
        ("a = Mul(t, t) f = Cast<to = 1>(a) d = Pow(f, half) l = Cast<to = 7>(d)", "T"),
        ("c = Greater(t, n) d = Where(c, t, n) e = Sub(d, t) f = Sub(n, e) g = Min(n, t) l = Add(i0, g)", "min"),
    ]) func whatIsExactSimplifies(nodes: String, text: String) throws {
        let prefix = nodes.contains("dtwo") ? "dtwo = Constant<value = double {2.0}>() " : ""
        let dim = try length(prefix + nodes)
        let expected = text == "min" ? try Dim.min(Dim(symbol: "N"), Dim(symbol: "T")) : nil
        if let expected { #expect(dim == expected) } else { #expect(dim.description == text) }
    }

    /// Layers that cut each other to their lengths, which expressions allow to be negative: nothing is cut, and the length does not grow.
    @Test(arguments: ["Identity($)", "Max($, i0)"]) func slicesToEqualLengthsVanish(limit: String) throws {
        let pool = "AveragePool<kernel_shape = [3], strides = [2]>(x)"
        let layers = (0..<6).map { k in
            "s\(k) = Shape(h\(k)) e\(k) = Slice(s\(k), i2, i3) l\(k) = \(limit.replacing("$", with: "e\(k)")) "
                + "a\(k) = Slice(q, i0, l\(k), i2) t\(k) = Shape(q) f\(k) = Slice(t\(k), i2, i3) b\(k) = Slice(a\(k), i0, f\(k), i2) "
                + "h\(k + 1) = Add(h\(k), b\(k)) "
        }
        let graph = try importONNX(
            text: model(
                "g (float[N, 4, T] x) => (float[A, B, C] y) <int64[1] i0 = {0}, int64[1] i2 = {2}, int64[1] i3 = {3}> "
                    + "{ q = \(pool) h0 = Relu(q) \(layers.joined()) y = Neg(h6) }"))
        #expect(graph.shape(graph.outputs[0].value)[2].description == "floor(T + 1, 2) - 1")
    }

    @Test func aChainOfShapeArithmeticIsOneNode() throws {
        let graph = try importONNX(
            text: model(
                "g (float[N, 6] x) => (float[A, B] y) <int64 i0 = {0}, int64[1] z = {0}, float two = {2.0}, int64[1] m1 = {-1}> "
                    + "{ s = Shape(x) n = Gather(s, i0) f = Cast<to = 1>(n) q = Div(f, two) i = Cast<to = 7>(q) u = Unsqueeze(i, z) "
                    + "sh = Concat<axis = 0>(u, m1) y = Reshape(x, sh) }"))
        let passes = operators(graph).filter { $0 == "reshape" }
        #expect(passes == ["reshape"])
        #expect(graph.shape(graph.outputs[0].value)[0].description == "floor(N, 2)")
    }

    @Test(arguments: [
        ("past + seq", "past + seq"), ("2*seq", "2*seq"), ("floor(seq/2)", "floor(seq, 2)"), ("(seq - 1)//2 + 1", "floor(seq + 1, 2)"),
        ("past_seq", "past_seq"), ("batch-size", "`batch-size`"), ("a + b", "`a + b`"), ("unk__12", "unk__12"), ("Länge 1", "`Länge 1`"),
        ("ceil(seq/4)*4", "4*floor(seq + 3, 4)"), ("Max(1, seq)", "max(0, seq - 1) + 1"), ("seq/2", "`seq/2`"),
    ]) func namesThatSpellSumsAreSums(name: String, text: String) {
        #expect(SymbolNames(["past", "seq", name]).dim(name).description == text)
    }
}
