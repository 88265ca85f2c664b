import DLCGraph

/// ONNX Attention (opsets 23 to 25): one attention where it is softmax of scaled scores with a mask, else the primitive
/// operators of its definition.
extension Attention {
    static let mapping = ONNXMapping("Attention", read: { try ONNXAttention.read(&$0) }, write: write)

    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? Attention, let q = writer.operandFacts[0], let k = writer.operandFacts[1],
            let v = writer.operandFacts[2]
        else { return }
        let (headAxis, rowAxis) = op.axes
        let (heads, inner) = (q.shape[headAxis], k.shape[headAxis])
        let group: Dim = heads == inner ? 1 : try heads.quotient(inner)
        func ordered(_ index: Int, _ perm: [Int]) -> String {
            perm == [0, 1, 2, 3] ? writer.inputs[index] : writer.intermediate("Transpose", [writer.inputs[index]], [("perm", .ints(perm))])
        }
        // Each head of keys and values stands once per head of queries that shares it.
        func spread(_ index: Int, _ fact: Fact, transposed: Bool = false) throws -> String {
            let plain = op.headsInner ? [0, 2, 1, 3] : [0, 1, 2, 3]
            let perm = transposed ? [plain[0], plain[1], plain[3], plain[2]] : plain
            let name = ordered(index, perm)
            if group == 1 { return name }
            let column = writer.intermediate("Unsqueeze", [name, try writer.integers([2])])
            let wide = writer.intermediate("Expand", [column, try writer.dimensions([1, 1, group, 1, 1])])
            let inner = perm[2...].map { fact.shape[$0] }
            return try writer.reshaped(
                wide, from: [fact.shape[0], fact.shape[headAxis], group] + inner, to: [fact.shape[0], q.shape[headAxis]] + inner)
        }
        let plain = op.headsInner ? [0, 2, 1, 3] : [0, 1, 2, 3]
        let product = writer.intermediate("MatMul", [ordered(0, plain), try spread(1, k, transposed: true)])
        let scale = writer.constant(try Tensor(filling: op.scale, type: q.element, shape: []), "scale")
        var scores = writer.intermediate("Mul", [product, scale])
        func keep(where condition: String) throws {
            let lowest = writer.constant(try Tensor(filling: -.infinity, type: q.element, shape: []), "masked")
            scores = writer.intermediate("Where", [condition, scores, lowest])
        }
        if writer.inputs.count > 3, let mask = writer.operandFacts[3] {
            if mask.element == .bool {
                try keep(where: writer.inputs[3])
            } else {
                scores = writer.intermediate("Add", [scores, writer.inputs[3]])
            }
        }
        if op.causal { try keep(where: causalMask(rows: q.shape[rowAxis], columns: k.shape[rowAxis], &writer)) }
        var weights = writer.intermediate("Softmax", [scores], [("axis", .int(3))])
        if op.nanWeightsAreZero {
            try writer.require(9, "attention in which weights that are NaN count as 0")
            let zero = writer.constant(try Tensor(filling: 0, type: q.element, shape: []), "zero")
            weights = writer.intermediate("Where", [writer.intermediate("IsNaN", [weights]), zero, weights])
        }
        var last: (name: String, inputs: [String], attributes: [(name: String, value: AttributeValue)]) =
            ("MatMul", [weights, try spread(2, v)], [])
        if !op.emptyRowsAreNaN {
            // Softmax of a row of −∞ is NaN, where the operator has zeros.
            try writer.require(11, "attention in which a query may see nothing")
            let lowest = writer.constant(try Tensor(filling: -.infinity, type: q.element, shape: []), "masked")
            let zero = writer.constant(try Tensor(filling: 0, type: q.element, shape: []), "zero")
            let axes = writer.opset >= 18 ? [try writer.integers([3])] : []
            let most = writer.intermediate("ReduceMax", [scores] + axes, axes.isEmpty ? [("axes", .ints([3]))] : [])
            let isEmpty = writer.intermediate("Equal", [most, lowest])
            last = ("Where", [isEmpty, zero, writer.intermediate(last.name, last.inputs)], [])
        }
        if op.headsInner { last = ("Transpose", [writer.intermediate(last.name, last.inputs)], [("perm", .ints(plain))]) }
        writer.node(last.name, inputs: last.inputs, attributes: last.attributes)
    }

    /// The name of a bool matrix that is true up to column `row + columns - rows`.
    private static func causalMask(rows: Dim, columns: Dim, _ writer: inout ONNXWriter) throws -> String {
        try writer.require(14, "causal attention")
        let yes = AttributeValue.tensor(try Tensor(filling: 1, type: .bool, shape: [1]))
        let ones = writer.intermediate("ConstantOfShape", [try writer.dimensions([rows, columns])], [("value", yes)])
        let offset = try columns.minus(rows)
        if offset == 0 { return writer.intermediate("Trilu", [ones], [("upper", .int(0))]) }
        return writer.intermediate("Trilu", [ones, try writer.extent(offset)], [("upper", .int(0))])
    }
}

extension ONNXWriter {
    /// The name of an i64 scalar with a dimension's value.
    mutating func extent(_ dim: Dim) throws -> String {
        if let number = dim.constant { return constant(try Tensor([Int64(number)], shape: [])) }
        return intermediate("Reshape", [try dimensions([dim]), try integers([])])
    }
}

/// One ONNX Attention node being read.
private struct ONNXAttention {
    /// `[B, H, L, D]`, `[B, Hk, S, D]` and `[B, Hk, S, Dv]`, with the past in front of keys and values.
    var q: Value
    var k: Value
    var v: Value
    var scale: Double
    var softcap: Double
    var isCausal: Bool
    var window: (left: Int, right: Int)
    /// How many keys stand before the first query's own.
    var offset: Dim = 0
    /// Valid keys of each sequence, `[B]`.
    var lengths: Value?
    var softmaxType: ElementType

    static func read(_ reader: inout ONNXReader) throws -> [Value] {
        try reader.allowAttributes([
            "is_causal", "kv_num_heads", "left_window_size", "q_num_heads", "qk_matmul_output_mode", "right_window_size", "scale",
            "softcap", "softmax_precision",
        ])
        let attention = try ONNXAttention(&reader)
        let isFlat = try reader.fact(0).rank == 3
        let wantsScores = reader.resultNames.count > 3 && reader.resultNames[3] != nil
        var (y, scores) = try attention.computed(&reader, mask: reader.operand(3), wantsScores: wantsScores)
        if isFlat {
            let shape = reader.builder.shape(y)
            let rows = try reader.transpose(y, [0, 2, 1, 3])
            y = try reader.reshape(rows, [shape[0], shape[2], try shape[1].times(shape[3])])
        }
        return [y, attention.k, attention.v, scores ?? y]
    }

    private init(_ reader: inout ONNXReader) throws {
        func split(_ index: Int, _ attribute: String) throws -> Value {
            let (value, fact) = (try reader.required(index), try reader.fact(index))
            if fact.rank == 4 { return value }
            guard fact.rank == 3, let heads: Int = try reader.attribute(attribute), heads > 0 else {
                throw DLCError("operand \(index) is \(fact.type); expected 4 dimensions, or 3 and attribute \(attribute)")
            }
            try reader.require(.divides, Dim(heads), fact.shape[2], "operand \(index) is \(fact.type), which holds \(heads) heads")
            let width = try fact.shape[2].quotient(Dim(heads))
            let rows = try reader.reshape(value, [fact.shape[0], fact.shape[1], Dim(heads), width])
            return try reader.transpose(rows, [0, 2, 1, 3])
        }
        q = try split(0, "q_num_heads")
        k = try split(1, "kv_num_heads")
        v = try split(2, "kv_num_heads")
        let type = reader.builder.fact(q).element
        softmaxType = type
        if let code: Int = try reader.attribute("softmax_precision"), let precision = ElementType(onnx: code) { softmaxType = precision }
        let depth = reader.builder.shape(q)[3]
        if let given: Double = try reader.attribute("scale") {
            scale = given
        } else {
            let queries = reader.builder.fact(q).type
            try reader.require(.atLeast, depth, 1, "q is \(queries)")
            scale = depth.constant.map { 1 / Double($0).squareRoot() } ?? 1
            // A depth that only a run knows divides the queries.
            if depth.constant == nil { q = try reader.apply(.div, q, reader.apply(.sqrt, reader.extent(depth, like: q))) }
        }
        softcap = try reader.attribute("softcap") ?? 0
        isCausal = try reader.attribute("is_causal") ?? false
        window = (try reader.attribute("left_window_size") ?? -1, try reader.attribute("right_window_size") ?? -1)
        if let pastKey = reader.operand(4) {
            let past = reader.builder.fact(pastKey)
            guard past.rank == 4 else { throw DLCError("past_key is \(past.type); expected 4 dimensions") }
            offset = past.shape[2]
            k = try reader.add1(Concat(axis: 2), [pastKey, k])
            v = try reader.add1(Concat(axis: 2), [reader.required(5), v])
        }
        lengths = reader.operand(6)
    }

    private func computed(_ reader: inout ONNXReader, mask: Value?, wantsScores: Bool) throws -> (y: Value, scores: Value?) {
        let (rows, columns) = (reader.builder.shape(q)[2], reader.builder.shape(k)[2])
        let mask = try mask.map { mask in
            let isBool = reader.builder.fact(mask).element == .bool
            return try padded(isBool ? mask : reader.cast(mask, reader.builder.fact(q).element), columns, &reader)
        }
        // Values may be of another type than queries and keys.
        let v = try reader.cast(v, reader.builder.fact(q).element)
        let causalIsPlain = try !isCausal || columns.minus(rows) == offset
        let hasWindow = window.left >= 0 || window.right >= 0
        if softcap == 0, !hasWindow, lengths == nil, causalIsPlain, !wantsScores {
            // Where nothing is masked a row of −∞ comes of the data, and is what softmax makes of it.
            let seesAll = mask == nil && (!isCausal || offset.isNonNegative)
            return (try reader.add1(Attention(scale: scale, causal: isCausal, emptyRowsAreNaN: seesAll), [q, k, v, mask]), nil)
        }
        let bias = try bias(&reader, mask)
        if softcap == 0, softmaxType == reader.builder.fact(q).element, !wantsScores {
            return (try reader.add1(Attention(scale: scale, causal: false, emptyRowsAreNaN: bias == nil), [q, k, v, bias]), nil)
        }
        let heads = reader.builder.shape(q)[1]
        let (keys, values) = (try reader.repeated(k, heads: heads), try reader.repeated(v, heads: heads))
        let mode: Int = try reader.attribute("qk_matmul_output_mode") ?? 0
        let product = try reader.add1(MatMul(), [q, reader.transpose(keys, [0, 1, 3, 2])])
        var scores = try reader.apply(.mul, product, reader.scalar(scale, like: product))
        if softcap > 0 {
            let limited = try reader.apply(.tanh, reader.apply(.div, scores, reader.scalar(softcap, like: scores)))
            scores = try reader.apply(.mul, limited, reader.scalar(softcap, like: scores))
        }
        var shown = scores
        if let bias { scores = try reader.apply(.add, scores, bias) }
        if mode == 2 { shown = scores }
        var weights = try reader.add1(Softmax(axis: 3), [reader.cast(scores, softmaxType)])
        if let bias {
            // A row in which nothing may be seen is zero.
            let rank = reader.builder.shape(bias).count
            let most = try reader.add1(Reduce(.max, axes: [rank - 1]), [bias])
            let isEmpty = try reader.apply(.equal, most, reader.scalar(-.infinity, like: bias))
            weights = try reader.select(isEmpty, reader.scalar(0, like: weights), weights)
        }
        weights = try reader.cast(weights, reader.builder.fact(q).element)
        if mode == 3 { shown = weights }
        return (try reader.add1(MatMul(), [weights, values]), shown)
    }

    /// The mask with columns of "do not attend" behind, where it has fewer than there are keys.
    private func padded(_ mask: Value, _ columns: Dim, _ reader: inout ONNXReader) throws -> Value {
        let fact = reader.builder.fact(mask)
        guard let width = fact.shape.last, width != columns, width.constant != 1 || columns.constant != nil else { return mask }
        if let known = width.constant, let wanted = columns.constant, known >= wanted { return mask }
        let pads = Shape(repeating: 0, count: 2 * fact.rank - 1) + [try columns.minus(width)]
        let value = try Tensor(filling: fact.element == .bool ? 0 : -.infinity, type: fact.element, shape: [])
        return try reader.add1(Pad(pads: pads), [mask, reader.constant(value)])
    }

    /// What is added to the scores: 0 and −∞ from masks, causality, windows and lengths; nil for nothing.
    private func bias(_ reader: inout ONNXReader, _ mask: Value?) throws -> Value? {
        let (zero, lowest) = (try reader.scalar(0, like: q), try reader.scalar(-.infinity, like: q))
        var parts: [Value] = []
        if let mask {
            let isBool = reader.builder.fact(mask).element == .bool
            parts.append(isBool ? try reader.select(mask, zero, lowest) : mask)
        }
        let shape = reader.builder.shape(q)
        let (rows, columns) = (shape[2], reader.builder.shape(k)[2])
        var allowed: [Value] = []
        if isCausal || window.left >= 0 || window.right >= 0 {
            let distance = try distance(rows, columns, &reader)
            if isCausal { allowed.append(try reader.apply(.greaterOrEqual, distance, reader.scalar(0, like: distance))) }
            if window.left >= 0 {
                allowed.append(try reader.apply(.lessOrEqual, distance, reader.scalar(Double(window.left), like: distance)))
            }
            if window.right >= 0 {
                allowed.append(try reader.apply(.greaterOrEqual, distance, reader.scalar(-Double(window.right), like: distance)))
            }
        }
        if let lengths {
            allowed.append(try reader.apply(.less, reader.range(columns), reader.reshape(lengths, [shape[0], 1, 1, 1])))
        }
        for condition in allowed { parts.append(try reader.select(condition, zero, lowest)) }
        guard var sum = parts.first else { return nil }
        for part in parts.dropFirst() { sum = try reader.apply(.add, sum, part) }
        return sum
    }

    /// How far each key lies before each query: `[L, S]`, or `[B, 1, L, S]` where sequences have lengths.
    private func distance(_ rows: Dim, _ columns: Dim, _ reader: inout ONNXReader) throws -> Value {
        let start = lengths == nil ? offset : try rows.times(-1)
        let queries = try reader.reshape(reader.range(rows), [rows, 1])
        let places = try reader.apply(.add, queries, reader.extent(start, like: queries))
        let table = try reader.apply(.sub, places, reader.range(columns))
        guard let lengths else { return table }
        return try reader.apply(.add, table, reader.reshape(lengths, [reader.builder.shape(q)[0], 1, 1, 1]))
    }
}
