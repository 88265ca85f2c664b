import DLCGraph

/// ONNX Einsum, read as transposes, reductions and matrix products: operands are contracted from left to right, each
/// pair over the labels that nothing after it needs.
enum Einsum {
    /// One operand while it is contracted: a label per dimension.
    private struct Term {
        var value: Value
        var labels: [String]
    }

    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["equation"])
        guard let equation: String = try reader.attribute("equation") else { throw DLCError("attribute equation is missing") }
        let operands = try reader.operands.indices.map { try reader.required($0) }
        let (inputs, output) = try parse(equation, ranks: operands.map { reader.builder.shape($0).count })
        var terms = zip(operands, inputs).map { Term(value: $0, labels: $1) }
        for index in terms.indices { try takeDiagonals(&terms[index], &reader) }
        guard var result = terms.first else { throw DLCError("expects at least one operand") }
        for (index, term) in terms.enumerated().dropFirst() {
            let needed = Set(output).union(terms[(index + 1)...].flatMap(\.labels))
            result = try contract(result, term, needed, &reader)
        }
        try sumOut(&result, keeping: Set(output), &reader)
        let perm = try output.map { label in
            guard let axis = result.labels.firstIndex(of: label) else { throw DLCError("equation \(equation): \(label) is in no operand") }
            return axis
        }
        return perm == Array(perm.indices) ? [result.value] : try reader.add(Transpose(perm), [result.value])
    }

    /// The labels of each operand and of the result; dimensions of an ellipsis are `…0`, `…1` and so on, counted from the
    /// last.
    private static func parse(_ equation: String, ranks: [Int]) throws -> (inputs: [[String]], output: [String]) {
        let text = equation.filter { !$0.isWhitespace }
        let (left, right): (Substring, Substring?)
        if let arrow = text.firstRange(of: "->") {
            (left, right) = (text[..<arrow.lowerBound], text[arrow.upperBound...])
        } else {
            (left, right) = (text[...], nil)
        }
        let parts = left.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == ranks.count else {
            throw DLCError("equation \(equation) has \(parts.count) terms for \(ranks.count) operands")
        }
        var widest = 0
        func labels(_ part: Substring, ellipsis: (Int) throws -> Int) throws -> [String] {
            let sides = part.replacing("...", with: "…")
            let letters = sides.filter { $0 != "…" }
            guard letters.allSatisfy({ $0.isASCII && $0.isLetter }), sides.count - letters.count <= 1 else {
                throw DLCError("equation \(equation): cannot read the term '\(part)'")
            }
            return try sides.flatMap { character -> [String] in
                guard character == "…" else { return [String(character)] }
                let count = try ellipsis(letters.count)
                return (0..<count).reversed().map { "…\($0)" }
            }
        }
        var inputs: [[String]] = []
        for (part, rank) in zip(parts, ranks) {
            let term = try labels(part) { letters in
                guard rank >= letters else { throw DLCError("equation \(equation): term '\(part)' does not fit \(rank) dimensions") }
                widest = max(widest, rank - letters)
                return rank - letters
            }
            guard term.count == rank else { throw DLCError("equation \(equation): term '\(part)' does not fit \(rank) dimensions") }
            inputs.append(term)
        }
        if let right {
            let output = try labels(right) { _ in widest }
            guard Set(output).count == output.count else { throw DLCError("equation \(equation): the result has a label twice") }
            return (inputs, output)
        }
        var counts: [String: Int] = [:]
        for label in inputs.joined() { counts[label, default: 0] += 1 }
        let once = counts.keys.filter { counts[$0] == 1 && !$0.hasPrefix("…") }.sorted()
        return (inputs, (0..<widest).reversed().map { "…\($0)" } + once)
    }

    /// Leaves each label once: a label that stands twice selects the diagonal, every (n + 1)-th element of the flattened
    /// pair of dimensions.
    private static func takeDiagonals(_ term: inout Term, _ reader: inout ONNXReader) throws {
        while let label = term.labels.first(where: { label in term.labels.count { $0 == label } > 1 }) {
            let axes = term.labels.indices.filter { term.labels[$0] == label }.prefix(2)
            let others = term.labels.indices.filter { !axes.contains($0) }
            let moved = try reader.add1(Transpose(others + axes), [term.value])
            let shape = reader.builder.shape(moved)
            let extent = shape[others.count].constant == nil ? shape[others.count + 1] : shape[others.count]
            try reader.require(
                .equal, shape[others.count], shape[others.count + 1], "label \(label) stands for both; a diagonal needs equal extents")
            let kept = Shape(shape.prefix(others.count))
            let flat = try reader.add1(Reshape(shape: kept + [extent.times(extent)]), [moved])
            // With one more row every diagonal element begins a row of n + 1.
            let padded = try reader.add1(Pad(pads: (kept + kept + [0]).map { _ in 0 } + [extent]), [flat])
            let rows = try reader.add1(Reshape(shape: kept + [extent, extent.plus(1)]), [padded])
            term.value = try reader.reshape(reader.slice(rows, axis: kept.count + 1, from: 0, count: 1), kept + [extent])
            term.labels = others.map { term.labels[$0] } + [label]
        }
    }

    private static func sumOut(_ term: inout Term, keeping needed: Set<String>, _ reader: inout ONNXReader) throws {
        let axes = term.labels.indices.filter { !needed.contains(term.labels[$0]) }
        if axes.isEmpty { return }
        term.value = try reader.add1(Reduce(.sum, axes: axes, keepDims: false), [term.value])
        term.labels = term.labels.filter { needed.contains($0) }
    }

    /// Drops dimensions of extent 1 that broadcast against another extent.
    private static func dropOnes(_ term: inout Term, against other: Term, _ reader: inout ONNXReader) throws {
        let (shape, others) = (reader.builder.shape(term.value), reader.builder.shape(other.value))
        let dropped = term.labels.indices.filter { axis in
            guard shape[axis].constant == 1, let match = other.labels.firstIndex(of: term.labels[axis]) else { return false }
            return others[match].constant != 1
        }
        if dropped.isEmpty { return }
        let kept = term.labels.indices.filter { !dropped.contains($0) }
        term.value = try reader.add1(Reshape(shape: kept.map { shape[$0] }), [term.value])
        term.labels = kept.map { term.labels[$0] }
    }

    private static func contract(_ first: Term, _ second: Term, _ needed: Set<String>, _ reader: inout ONNXReader) throws -> Term {
        var (a, b) = (first, second)
        try dropOnes(&a, against: b, &reader)
        try dropOnes(&b, against: a, &reader)
        try sumOut(&a, keeping: needed.union(b.labels), &reader)
        try sumOut(&b, keeping: needed.union(a.labels), &reader)
        let shared = a.labels.filter { b.labels.contains($0) }
        let batch = shared.filter { needed.contains($0) }
        let inner = shared.filter { !needed.contains($0) }
        let rows = a.labels.filter { !shared.contains($0) }
        let columns = b.labels.filter { !shared.contains($0) }
        let left = try matrices(a, batch, rows, inner, &reader)
        let right = try matrices(b, batch, inner, columns, &reader)
        let product = try reader.add1(inner.isEmpty ? Binary(.mul) : MatMul(), [left.value, right.value])
        let common = Shape(reader.builder.shape(product).prefix(batch.count))
        return Term(value: try reader.add1(Reshape(shape: common + left.first + right.second), [product]), labels: batch + rows + columns)
    }

    /// The term as matrices `[batch…, product of first, product of second]`, with the extents behind the last two.
    private static func matrices(
        _ term: Term, _ batch: [String], _ first: [String], _ second: [String], _ reader: inout ONNXReader
    ) throws -> (value: Value, first: Shape, second: Shape) {
        let perm = (batch + first + second).compactMap { term.labels.firstIndex(of: $0) }
        let ordered = perm == Array(perm.indices) ? term.value : try reader.add1(Transpose(perm), [term.value])
        let shape = reader.builder.shape(ordered)
        let parts = (
            Shape(shape.prefix(batch.count)), Shape(shape[batch.count..<(batch.count + first.count)]), Shape(shape.suffix(second.count))
        )
        let target = try parts.0 + [parts.1.product(), parts.2.product()]
        let value = target == shape ? ordered : try reader.add1(Reshape(shape: target), [ordered])
        return (value, parts.1, parts.2)
    }
}
