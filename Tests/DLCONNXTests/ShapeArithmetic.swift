/// Shape arithmetic in ONNX's text syntax: what makes a scalar `l` of the extents `n` and `t`, and the value that ONNX Runtime 1.23
/// gives it for each of `ShapeArithmetic.extents`.
struct ShapeArithmetic: Sendable {
    static let extents = [(1, 1), (2, 5), (3, 3), (7, 2), (4, 10), (12, 13), (5, 0)]

    let name: String
    let nodes: String
    let values: [Int]

    init(_ name: String, _ nodes: String, _ values: [Int]) {
        self.name = name
        self.nodes = nodes
        self.values = values
    }

    static let rows: [ShapeArithmetic] = [
        .init("ceil of a third", "f = Cast<to = 1>(t) d = Div(f, three) c = Ceil(d) l = Cast<to = 7>(c)", [1, 2, 1, 1, 4, 5, 0]),
        .init("seven tenths in f32", "f = Cast<to = 1>(t) d = Mul(f, seven) c = Floor(d) l = Cast<to = 7>(c)", [0, 3, 2, 1, 7, 9, 0]),
        .init("seven tenths, truncated", "f = Cast<to = 1>(t) d = Mul(f, seven) l = Cast<to = 7>(d)", [0, 3, 2, 1, 7, 9, 0]),
        .init(
            "seven tenths there and back",
            "f = Cast<to = 1>(t) d = Mul(f, seven) e = Div(d, seven) l = Cast<to = 7>(e)", [1, 5, 3, 2, 10, 12, 0]),
        .init("a third in f64", "f = Cast<to = 11>(t) d = Mul(f, dthird) c = Round(d) l = Cast<to = 7>(c)", [0, 2, 1, 1, 3, 4, 0]),
        .init("halves round to even", "f = Cast<to = 1>(t) d = Mul(f, half) c = Round(d) l = Cast<to = 7>(c)", [0, 2, 2, 1, 5, 6, 0]),
        .init(
            "quotients of extents",
            "f = Cast<to = 1>(t) g = Cast<to = 1>(n) d = Div(f, g) c = Floor(d) l = Cast<to = 7>(c)", [1, 2, 1, 0, 2, 1, 0]),
        .init("a root", "f = Cast<to = 1>(t) d = Sqrt(f) l = Cast<to = 7>(d)", [1, 2, 1, 1, 3, 3, 0]),
        .init("a power of a half", "a = Mul(t, t) f = Cast<to = 1>(a) d = Pow(f, half) l = Cast<to = 7>(d)", [1, 5, 3, 2, 10, 13, 0]),
        .init("an integer to a half", "a = Mul(t, t) d = Pow(a, half) l = Identity(d)", [1, 5, 3, 2, 10, 13, 0]),
        .init("a square", "l = Pow(t, k2)", [1, 25, 9, 4, 100, 169, 0]),
        .init("a cube of floats", "f = Cast<to = 1>(t) d = Pow(f, three) l = Cast<to = 7>(d)", [1, 125, 27, 8, 1000, 2197, 0]),
        .init("a distance", "a = Sub(n, t) l = Abs(a)", [0, 3, 0, 5, 6, 1, 5]),
        .init("division toward zero", "a = Sub(n, t) b = Div(a, k2) l = Abs(b)", [0, 1, 0, 2, 3, 0, 2]),
        .init("a remainder with the divisor's sign", "a = Sub(n, t) l = Mod(a, k3)", [0, 0, 0, 2, 0, 2, 2]),
        .init("a remainder with the dividend's sign", "a = Sub(n, t) b = Mod<fmod = 1>(a, k3) l = Abs(b)", [0, 0, 0, 2, 0, 1, 2]),
        .init("padding to a multiple", "a = Mod(t, k7) b = Sub(k7, a) c = Mod(b, k7) l = Add(t, c)", [7, 7, 7, 7, 14, 14, 0]),
        .init("rounded up by negation", "a = Neg(t) b = Div(a, k2) c = Mod(t, k2) d = Neg(b) l = Add(d, c)", [1, 3, 2, 1, 5, 7, 0]),
        .init("a choice", "c = Greater(t, n) l = Where(c, t, k7)", [7, 5, 7, 7, 10, 13, 7]),
        .init("a choice of floats", "c = Less(t, n) f = Cast<to = 1>(t) d = Where(c, f, three) l = Cast<to = 7>(d)", [3, 3, 3, 2, 3, 3, 0]),
        .init("and", "c = Greater(t, k2) d = LessOrEqual(n, k3) e = And(c, d) f = Cast<to = 7>(e) l = Add(f, k1)", [1, 2, 2, 1, 1, 1, 1]),
        .init(
            "or not",
            "c = Equal(t, k2) d = GreaterOrEqual(n, k3) e = Or(c, d) g = Not(e) f = Cast<to = 7>(g) l = Add(f, k1)", [2, 2, 1, 1, 1, 1, 1]),
        .init("xor", "c = Greater(t, k2) d = Less(n, k3) e = Xor(c, d) l = Cast<to = 7>(e)", [1, 0, 1, 0, 1, 1, 0]),
        .init(
            "comparison of floats",
            "f = Cast<to = 1>(t) d = Mul(f, seven) g = Cast<to = 1>(n) c = Less(d, g) l = Cast<to = 7>(c)", [1, 0, 1, 1, 0, 1, 1]),
        .init("limits", "l = Clip(t, k2, k7)", [2, 5, 3, 2, 7, 7, 2]),
        .init("the greatest", "l = Max(t, n, k3)", [3, 5, 3, 7, 10, 13, 5]),
        .init("the least", "l = Min(t, n, k3)", [1, 2, 3, 2, 3, 3, 0]),
        .init("the product", "l = ReduceProd<keepdims = 0>(s)", [4, 40, 36, 56, 160, 624, 0]),
        .init("the sum", "l = ReduceSum<keepdims = 0>(s)", [6, 11, 10, 13, 18, 29, 9]),
        .init("the greatest extent", "l = ReduceMax<keepdims = 0>(s)", [4, 5, 4, 7, 10, 13, 5]),
        .init("the least extent", "l = ReduceMin<keepdims = 0>(s)", [1, 2, 3, 2, 4, 4, 0]),
        .init("a running sum", "a = CumSum(s, i0) l = Gather(a, i1)", [2, 7, 6, 9, 14, 25, 5]),
        .init("all but the last", "e = Slice(s, z, m1) l = ReduceProd<keepdims = 0>(e)", [1, 10, 9, 14, 40, 156, 0]),
        .init(
            "tiled",
            "one2 = Constant<value = int64[1] {3}>() a = Tile(s, one2) l = ReduceSum<keepdims = 0>(a)", [18, 33, 30, 39, 54, 87, 27]),
        .init(
            "expanded",
            "rep3 = Constant<value = int64[1] {3}>() a = Unsqueeze(t, z) b = Expand(a, rep3) l = ReduceSum<keepdims = 0>(b)",
            [3, 15, 9, 6, 30, 39, 0]),
        .init(
            "scattered by slices",
            "at = Constant<value = int64[1,1] {1}>() upd = Unsqueeze(n, z) a = ScatterND(s, at, upd) l = Gather(a, i1)",
            [1, 2, 3, 7, 4, 12, 5]),
        .init(
            "scattered by elements",
            "at0 = Constant<value = int64[1] {0}>() upd = Unsqueeze(t, z) a = ScatterElements(s, at0, upd) l = Gather(a, i0)",
            [1, 5, 3, 2, 10, 13, 0]),
        .init("split", "st = Concat<axis = 0>(s, one) a, b = Split<axis = 0>(st) l = ReduceProd<keepdims = 0>(b)", [4, 4, 4, 4, 4, 4, 4]),
        .init(
            "transposed",
            "sq = Concat<axis = 0>(s, one) m = Reshape(sq, two2) a = Transpose(m) b = Flatten<axis = 0>(a) c = Reshape(b, "
                + "m1) l = Gather(c, i1)",
            [4, 4, 4, 4, 4, 4, 4]),
        .init("the number of elements", "l = Size(x)", [4, 40, 36, 56, 160, 624, 0]),
        .init("the length of a range", "a = Range(n, t, k2) b = Shape(a) l = Squeeze(b)", [0, 2, 0, 0, 3, 1, 0]),
        .init("the length of a range downwards", "mm = Neg(k2) a = Range(n, t, mm) b = Shape(a) l = Squeeze(b)", [0, 0, 0, 3, 0, 0, 3]),
        .init(
            "the length of a range of floats",
            "f = Cast<to = 1>(t) a = Range(half, f, seven) b = Shape(a) l = Squeeze(b)", [1, 7, 4, 3, 14, 18, 0]),
        .init("an element of a range", "a = Add(t, k3) b = Range(t, a, k1) l = Gather(b, k2)", [3, 7, 5, 4, 12, 15, 2]),
        .init(
            "the places of ones",
            "tu = Unsqueeze(t, z) a = ConstantOfShape <value = int64[1] {1}>(tu) b = NonZero(a) c = Shape(b) l = Gather(c, i1)",
            [1, 5, 3, 2, 10, 13, 0]),
        .init(
            "a slice of an extent",
            "big = Constant<value = int64[1] {9223372036854775807}>() tt = Unsqueeze(t, z) nt = Neg(tt) a = Slice(x, nt, "
                + "big, z) b = Shape(a) l = Gather(b, i0)",
            [1, 2, 3, 2, 4, 12, 5]),
        .init(
            "a slice that ends before the end",
            "tt = Unsqueeze(t, z) nt = Neg(tt) a = Slice(x, z, nt, z) b = Shape(a) l = Gather(b, i0)", [0, 0, 0, 5, 0, 0, 0]),
        .init(
            "a slice backwards",
            "low = Constant<value = int64[1] {-9223372036854775808}>() tt = Unsqueeze(t, z) a = Slice(x, tt, low, z, m1) b "
                + "= Shape(a) l = Gather(b, i0)",
            [1, 2, 3, 3, 4, 12, 1]),
        .init("i32 and back", "a = Cast<to = 6>(t) b = Add(a, a) l = Cast<to = 7>(b)", [2, 10, 6, 4, 20, 26, 0]),
        .init("a bool and back", "a = Cast<to = 9>(t) l = Cast<to = 7>(a)", [1, 1, 1, 1, 1, 1, 0]),
        .init("a sign", "a = Sub(t, n) b = Sign(a) l = Add(b, k1)", [1, 2, 1, 0, 2, 2, 0]),
        .init(
            "from floats to an index",
            "f = Cast<to = 1>(t) d = Div(f, two) e = Floor(d) h = Cast<to = 7>(e) g = Mul(h, k2) l = Sub(t, g)", [1, 1, 1, 0, 0, 1, 0]),
        .init(
            "branches",
            "c = Greater(t, k3) l = If(c) <then_branch = a () => (int64 u) { u = Identity(k3) }, else_branch = b () => "
                + "(int64 v) { v = Add(t, n) }>",
            [2, 3, 6, 9, 3, 3, 5]),
    ]
}
