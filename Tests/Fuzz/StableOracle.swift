import DLC
import Foundation

/// A graph computed node by node with the operators' own definitions, several times: once as they say, and with the
/// results of everything that rounds moved by a few units in the last place. What moves with them is not determined by the
/// model and counts for nothing.
struct StableOracle {
    /// Per output: the right tensor and the moved ones.
    let outputs: [String: [Tensor]]
    /// All values of the clean computation by index.
    let values: [Tensor?]
    let precision: Precision
    private let graph: Graph
    private let run: FuzzCase.Run
    /// The outputs that follow from gradients of recurrent layers: a gate near 1, stored in f32, has a slope of few digits.
    private let sloped: Set<String>
    /// The outputs that follow from rows of a loop that has made no round. What extents these would have ONNX does not say, and a
    /// reader knows no more of them than the body's symbols.
    private let rowless: Set<String>
    /// Outputs behind means of squares of finite numbers that are infinite, which norms take in f64.
    private let squared: Set<String>
    /// Whether inputs are so large that sums in f32 may overflow where those of the oracle, in f64, do not.
    let mayOverflow: Bool
    /// Whether squares and products of values may overflow in f32, where an operator is spelled in others.
    let mayOverflowSpelled: Bool

    /// How far results may be off, by the coarsest float type of the graph.
    struct Precision {
        let tolerance: Double
        let nudge: Double

        init(_ graph: Graph) {
            let types = Set((graph.inputs.map(\.value) + graph.nodes.flatMap(\.results)).map { graph.type($0).element })
            // As f16 and bf16 are carried between operators in 10 and 7 bits, f32 in 23.
            if types.contains(.bfloat16) {
                (tolerance, nudge) = (4e-2, 8e-3)
            } else if types.contains(.float16) {
                (tolerance, nudge) = (5e-3, 1e-3)
            } else if types.contains(.float32) {
                (tolerance, nudge) = (1e-3, 2e-6)
            } else {
                (tolerance, nudge) = (1e-9, 1e-13)
            }
        }
    }

    private let isExact: Bool

    /// - Parameter isExact: whether kernels sum products as they are defined.
    /// - Throws: where the graph cannot be computed on these inputs.
    init(_ graph: Graph, _ run: FuzzCase.Run, isExact: Bool, samples: Int = 4, seed: UInt64 = 1) throws {
        (self.graph, self.run, self.isExact) = (graph, run, isExact)
        precision = Precision(graph)
        sloped = Self.following(graph) { ["rnn_gradient", "gru_gradient", "lstm_gradient"].contains($0.op.name) ? $0.results[...] : [] }
        let given = Array(run.inputs.values) + graph.nodes.compactMap { ($0.op as? Constant)?.value }
        var rng = SplitMix64(seed: seed)
        let clean = try Self.compute(graph, run, nudge: 0, &rng)
        // What is near the largest number on the way may be beyond it in another order of the same arithmetic.
        mayOverflow = try given.contains { tensor in
            try tensor.type.isFloat && tensor.doubles().contains { $0.isFinite && abs($0) > (tensor.type == .float16 ? 100 : 1e6) }
        } || clean.contains { tensor in
            guard let tensor, tensor.type.isFloat else { return false }
            return try tensor.doubles().contains { $0.isFinite && abs($0) > (tensor.type == .float16 ? 6e3 : 1e37) }
        } || graph.nodes.contains { node in
            // Norms and variances are sums of squares, which may be infinite, or 0 beside something; so may a part of a product.
            guard Self.rounds(node), Self.accumulates(node) else { return false }
            return try node.operands.contains { operand in
                guard let tensor = operand.flatMap({ clean[$0.index] }), tensor.type.isFloat else { return false }
                if node.op.name == "reduce_prod" {
                    let powers = try tensor.doubles().lazy.filter { $0.isFinite && $0 != 0 }.map { log2(abs($0)) }
                    let most = tensor.type == .float16 ? 15.0 : tensor.type == .float64 ? 1000 : 120
                    if powers.map({ max($0, 0) }).reduce(0, +) > most || powers.map({ min($0, 0) }).reduce(0, -) > most { return true }
                }
                let largest = try tensor.largest()
                return largest > (tensor.type == .float16 ? 50 : 1e17) || largest > 0 && largest < (tensor.type == .float16 ? 0.02 : 1e-17)
            }
        }
        let isOpen = try Self.isUndetermined(graph, clean, isExact: isExact)
        var outputs = graph.outputs.reduce(into: [String: [Tensor]]()) { $0[$1.name] = [clean[$1.value.index]].compactMap { $0 } }
        // Numbers that say "to the end" of extents are others once they are known.
        if try graph.nodes.contains(where: { node in
            try node.op is Numbers && (node.operands[0].flatMap { clean[$0.index] }?.integers().contains { $0.magnitude >= 1 << 62 } ?? false)
        }) {
            outputs = [:]
        }
        for _ in 0..<samples {
            // A moved value may leave what an operator allows; nothing is then known of the conditioning.
            guard let moved = try? Self.compute(graph, run, nudge: precision.nudge, isExact: isExact, &rng) else {
                if isOpen { outputs = [:] }
                continue
            }
            for port in graph.outputs { if let tensor = moved[port.value.index] { outputs[port.name]?.append(tensor) } }
        }
        self.outputs = outputs
        values = clean
        let averaged = Set(graph.nodes.filter { $0.op.name == "reduce_mean" }.compactMap { $0.operands[0]?.index })
        let infinite = Set(
            try graph.nodes.filter { averaged.contains($0.results[0].index) }.filter { try Self.isInfiniteSquare($0, clean) }
                .map { $0.results[0].index })
        squared = Self.following(graph) { $0.results.contains { infinite.contains($0.index) } ? $0.results[...] : [] }
        rowless = Self.following(graph) { node in
            guard let loop = node.op as? Loop else { return [] }
            return node.results.dropFirst(loop.carried).filter { clean[$0.index]?.shape.first == 0 }[...]
        }
        mayOverflowSpelled = try mayOverflow || clean.contains { tensor in
            guard let tensor, tensor.type.isFloat else { return false }
            return try tensor.doubles().contains { $0.isFinite && abs($0) > (tensor.type == .float16 ? 100 : 1e15) }
        }
    }

    /// The outputs that some results of nodes are, or are computed of.
    private static func following(_ graph: Graph, _ first: (Node) -> ArraySlice<Value>) -> Set<String> {
        var values: Set<Int> = []
        for node in graph.nodes {
            let isFollowing = node.operands.contains { $0.map { values.contains($0.index) } ?? false }
            values.formUnion((isFollowing ? node.results[...] : first(node)).map(\.index))
        }
        return Set(graph.outputs.filter { values.contains($0.value.index) }.map(\.name))
    }

    private static func isInfiniteSquare(_ node: Node, _ values: [Tensor?]) throws -> Bool {
        guard let x = node.operands.first.flatMap({ $0 }), let numbers = values[x.index], let squares = values[node.results[0].index],
            numbers.type.isFloat, squares.shape == numbers.shape
        else { return false }
        let other = node.operands.last.flatMap { $0 }
        let isPower = try node.op.name == "pow" && other.flatMap { values[$0.index] }?.doubles().allSatisfy { $0 == 2 } == true
        guard isPower || node.op.name == "mul" && other == x else { return false }
        return try zip(numbers.doubles(), squares.doubles()).contains { $0.isFinite && $1.isInfinite }
    }

    /// Whether some element is the algorithm's to decide.
    private static func isUndetermined(_ graph: Graph, _ values: [Tensor?], isExact: Bool) throws -> Bool {
        let sums = sums(graph)
        return try graph.nodes.contains { node in
            let operands = node.operands.map { $0.flatMap { values[$0.index] } }
            return try !Undetermined(node, operands, isSum: node.results.contains { sums.contains($0.index) }, isExact: isExact).isEmpty
        }
    }

    /// The sums of convolutions and batch norms of one image, and of that image itself, also where they are moved before, since two
    /// movements may be none.
    private static func sums(_ graph: Graph) -> Set<Int> {
        var unmoved: [Int: Int] = [:], images: [Int: Int] = [:]
        var sums: Set<Int> = []
        for node in graph.nodes {
            let operands = node.operands.compactMap { $0.map { unmoved[$0.index] ?? $0.index } }
            guard let result = node.results.first?.index, let first = operands.first else { continue }
            switch node.op.name {
            case "conv", "batch_norm": images[result] = first
            // A scale is taken into weights.
            case "mul" where operands.filter({ images[$0] != nil }).count == 1, "div" where images[first] != nil:
                images[result] = operands.lazy.compactMap { images[$0] }.first
            case "add" where operands.contains { images[$0] != nil }:
                let image = images[first] ?? first
                guard operands.allSatisfy({ (images[$0] ?? $0) == image }) else { continue }
                images[result] = image
                sums.insert(result)
            default:
                let isMoved = node.op.definition.traits.contains(.movesData) || node.op is Concat && operands.count == 1
                if isMoved { unmoved[result] = first }
            }
        }
        return sums
    }

    static func compute(
        _ graph: Graph, _ run: FuzzCase.Run, nudge: Double, isExact: Bool = true, _ rng: inout SplitMix64
    ) throws -> [Tensor?] {
        var tensors: [Tensor?] = []
        try compute(graph, run, nudge: nudge, isExact: isExact, &rng, into: &tensors)
        return tensors
    }

    /// - Parameter tensors: receives the values by index; those before what throws.
    static func compute(
        _ graph: Graph, _ run: FuzzCase.Run, nudge: Double, isExact: Bool = true, _ rng: inout SplitMix64, into tensors: inout [Tensor?]
    ) throws {
        var symbols = run.bindings.mapValues { Dim($0) }
        tensors = [Tensor?](repeating: nil, count: graph.valueCount)
        for port in graph.inputs {
            guard let tensor = run.inputs[port.name] else { throw DLCError("input \(port.name) is missing") }
            try Interpreter.bind(graph.type(port.value), to: tensor, &symbols)
            tensors[port.value.index] = tensor
        }
        // Passes may have given parts of extents names of their own.
        if graph.inputs.contains(where: { port in graph.shape(port.value).contains { $0.symbols.contains { symbols[$0] == nil } } }) {
            let shapes = graph.inputs.map { tensors[$0.value.index]?.shape ?? [] }
            symbols.merge(try graph.binding.values(shapes).mapValues { Dim($0) }) { given, _ in given }
        }
        try checkClaims(of: graph, symbols)
        let sums = nudge > 0 ? sums(graph) : []
        // What follows from something that rounds.
        var rounded: Set<Int> = []
        for node in graph.nodes {
            try located(node.op.name) {
                let op = try node.op.substituting(symbols)
                let operands = node.operands.map { $0.flatMap { tensors[$0.index] } }
                // Definitions rely on what inference has checked, which for symbols was nothing.
                let facts = operands.map { $0.map { Fact(TensorType($0.type, Shape(constants: $0.shape))) } }
                var context = InferContext(operands: facts)
                if !(op is Constant) { try checkSizes(op.infer(&context)) }
                if op is RangeOf { try checkCount(operands) }
                let isMoved = nudge > 0 && rounds(node)
                // A sum loses what its operands lose, however little of them is left.
                var taken = try isMoved && accumulates(node) ? operands.map { try $0?.nudged(nudge, false, &rng) } : operands
                if nudge > 0, node.op.name == "bit_cast" { taken = try taken.map { try $0?.flippedNaNs(&rng) } }
                let follows = node.operands.contains { $0.map { rounded.contains($0.index) } ?? false }
                if follows, comparing.contains(node.op.name), rng.chance(0.5) { taken = try Tensor.joined(taken, within: 4 * nudge) }
                if isMoved || follows { rounded.formUnion(node.results.map(\.index)) }
                let results = try nudge > 0 ? moved(op, taken, nudge: nudge, isExact: isExact, &rng) : op.evaluate(taken)
                for (value, tensor) in zip(node.results, results) {
                    try Interpreter.bind(graph.type(value), to: tensor, &symbols)
                    guard isMoved else {
                        tensors[value.index] = nudge > 0 && choosing.contains(node.op.name) ? try tensor.flippedZeros(&rng) : tensor
                        continue
                    }
                    let beside = cancelling.contains(node.op.name) ? try operands.first??.doubles() : nil
                    // What the largest terms of a sum lose.
                    let lost = try accumulates(node) ? Undetermined.largestTerm(op, operands) : 0
                    let moved = try tensor.nudged(
                        nudge, accumulates(node), lost: nudge * lost, beside: beside, remainder: remainder(node, operands), &rng)
                    let open = try Undetermined(node, operands, isSum: sums.contains(value.index), isExact: isExact)
                    tensors[value.index] = try open.scattered(moved, &rng)
                }
            }
        }
    }

    /// An operator's results, those of graphs that it runs computed with what rounds in them moved.
    private static func moved(
        _ op: any Operator, _ operands: [Tensor?], nudge: Double, isExact: Bool, _ rng: inout SplitMix64
    ) throws -> [Tensor] {
        guard let op = op as? any HasBodies else { return try op.evaluate(operands) }
        return try op.evaluate(values: operands.map { $0.map { .tensor($0) } }) { body, values in
            var run = FuzzCase.Run(bindings: [:], inputs: [:])
            for (port, value) in zip(body.inputs, values) { run.inputs[port.name] = try value?.tensor }
            let tensors = try compute(body, run, nudge: nudge, isExact: isExact, &rng)
            return try body.outputs.map { port in
                guard let tensor = tensors[port.value.index] else { throw DLCError("output \(port.name) is missing") }
                return .tensor(tensor)
            }
        }.map { try $0.tensor }
    }

    /// What results say that have more elements than definitions, which are plain loops, compute in a moment: numbers of elements
    /// that data decide may be anything.
    static let tooLarge = "more elements than are judged"

    private static func checkSizes(_ facts: [Fact]) throws {
        for shape in facts.compactMap(\.shape.constants) where try Checked.count(shape) > 1 << 22 {
            throw DLCError("\(shape): \(tooLarge)")
        }
    }

    /// The same of a range, whose length its operands say.
    private static func checkCount(_ operands: [Tensor?]) throws {
        let (start, limit, delta) = (try number(operands[0]), try number(operands[1]), try number(operands[2]))
        if (limit - start) / delta > 0x1p22 { throw DLCError("a range: \(tooLarge)") }
    }

    private static func number(_ tensor: Tensor?) throws -> Double {
        guard let tensor, tensor.count == 1 else { return 0 }
        return try tensor.type.isFloat ? tensor.doubles()[0] : Double(tensor.integers()[0])
    }

    /// Checks what operators required that are gone, since their results were known: a model is still not for other extents.
    /// What is required of those that are there they check themselves, apart from the constraints that are recorded; but a gather
    /// reads nothing of rows without elements, where constant indices say all the same which rows there must be.
    private static func checkClaims(of graph: Graph, _ symbols: [String: Dim]) throws {
        let nodes = Dictionary(grouping: graph.nodes, by: \.op.name)
        for constraint in graph.constraints {
            let name = String(constraint.place.prefix { $0 != " " })
            // Reasons name types of operands, by which those of another node are known.
            let isThere = (nodes[name] ?? []).contains { node in
                guard node.operands.contains(where: { $0.map { constraint.reason.contains(graph.type($0).description) } ?? false })
                else { return false }
                // One operand may be reshaped in several ways.
                var context = InferContext(operands: node.operands.map { $0.map(graph.fact) })
                guard node.op is Reshape, (try? node.op.infer(&context)) != nil else { return true }
                return context.constraints.contains { $0.reason == constraint.reason }
            }
            if isThere, name != "gather" { continue }
            let (left, right) = (try constraint.left.substituting(symbols), try constraint.right.substituting(symbols))
            let claim = Constraint(constraint.relation, left, right, place: constraint.place, reason: constraint.reason)
            if case .fails = claim.verdict { throw DLCError("\(constraint.place): \(constraint.reason)") }
        }
    }

    /// Operators that give the same bits however they are computed.
    private static let exact: Set<String> = [
        "constant", "relu", "neg", "abs", "max", "min", "clip", "where", "sign", "floor", "ceil", "round", "max_pool", "arg_max",
        "arg_min", "top_k", "one_hot", "hardmax", "shape", "size", "fill", "range", "reduce_max", "reduce_min", "eye_like", "is_nan",
        "is_inf", "trilu", "bit_cast", "non_zero", "compress", "unique", "numbers", "measure",
    ]

    /// Operators that may choose either of two zeros of different sign, as processors' instructions do.
    private static let choosing: Set<String> = ["min", "max", "clip", "reduce_min", "reduce_max", "max_pool"]

    /// Operators that ask which numbers are equal.
    private static let comparing: Set<String> = ["unique", "equal"]

    /// Elementwise operators that add numbers as large as their operand.
    private static let cancelling: Set<String> = ["gelu"]

    /// What kernels may leave of a result that vanishes: they hold exponents among the normal numbers, from e⁻⁸⁷ on, and those of gelu
    /// above ½·erfc(8/√2).
    private static func remainder(_ node: Node, _ operands: [Tensor?]) throws -> Double {
        var name = node.op.name
        if case .string(let activation)? = node.op.attribute("activation") { name = activation }
        switch name {
        // A gate of another slope is a product.
        case "swish" where node.op.attribute("alpha") != .float(1):
            return try 87 * 0x1p-125 * max(1, operands.first??.largest() ?? 1)
        case "exp", "sigmoid", "silu", "swish", "gelu_tanh", "mish", "softplus", "softmax":
            return 87 * 0x1p-125
        case "gelu": return 8 * 0x1p-50
        default: return 0
        }
    }

    private static func rounds(_ node: Node) -> Bool {
        !exact.contains(node.op.name) && !node.op.definition.traits.contains(.movesData)
    }

    private static func accumulates(_ node: Node) -> Bool { !node.op.definition.traits.contains(.elementwise) }
}

extension StableOracle {
    /// What is wrong with an output, or nil. What seems wrong is looked at again with many more moved computations.
    /// - Parameter tolerance: the least that counts, where more is lost than kernels lose; 0 but for what was written to ONNX.
    func fault(_ got: Tensor?, _ name: String, tolerance: Double = 0) throws -> String? {
        guard try difference(got, name, tolerance) != nil else { return nil }
        return try StableOracle(graph, run, isExact: isExact, samples: 48, seed: 2).difference(got, name, tolerance)
    }

    private func difference(_ got: Tensor?, _ name: String, _ least: Double) throws -> String? {
        let tolerance = max(precision.tolerance, least, sloped.contains(name) ? 1e-2 : 0)
        guard let want = outputs[name]?.first, let others = outputs[name]?.dropFirst() else { return nil }
        guard let got else { return "\(name) is missing" }
        if least > 0 && rowless.contains(name) { return nil }
        // An extent that data decide moves with them.
        if others.contains(where: { $0.shape != want.shape }) { return nil }
        guard got.type == want.type, got.shape == want.shape else {
            return "\(name) is \(got.type)\(got.shape), right is \(want.type)\(want.shape)"
        }
        if got == want || squared.contains(name) { return nil }
        if want.type == .string {
            let (a, b) = (try got.texts(), try want.texts())
            let moved = try others.filter { $0.shape == want.shape }.map { try $0.texts() }
            let wrong = a.indices.filter { i in a[i] != b[i] && moved.allSatisfy { $0[i] == b[i] } }
            return wrong.first.map { "\(name)[\($0)] is \(got.elementTexts()[$0]), right is \(want.elementTexts()[$0])" }
        }
        if !want.type.isFloat {
            let (a, b) = (try got.integers(), try want.integers())
            let moved = try others.filter { $0.shape == want.shape }.map { try $0.integers() }
            let wrong = a.indices.filter { i in a[i] != b[i] && moved.allSatisfy { $0[i] == b[i] } }
            return wrong.first.map { "\(name)[\($0)] is \(a[$0]), right is \(b[$0]) (\(wrong.count) of \(a.count))" }
        }
        let (a, b) = (try got.doubles(), try want.doubles())
        let moved = try others.filter { $0.shape == want.shape }.map { try $0.doubles() }
        let finite = b.filter(\.isFinite).map(abs)
        let mean = finite.isEmpty ? 0 : finite.reduce(0, +) / Double(finite.count)
        // What vanishes beside 1 in a kernel's first sum is no finding.
        let floor = mean + 1e-3
        func same(_ x: Double, _ y: Double) -> Bool {
            if x.isFinite && y.isFinite { return abs(x - y) <= tolerance * max(abs(y), floor) }
            return x == y || (x.isNaN && y.isNaN)
        }
        // What is moved to no number is not determined, though a result may be none.
        let wrong = a.indices.filter { i in
            !same(a[i], b[i]) && !(mayOverflow && !(a[i].isFinite && b[i].isFinite)) && moved.allSatisfy { same($0[i], b[i]) }
        }
        return wrong.first.map { "\(name)[\($0)] is \(a[$0]), right is \(b[$0]) (\(wrong.count) of \(a.count))" }
    }
}
