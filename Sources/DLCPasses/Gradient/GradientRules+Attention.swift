import DLCGraph
import DLCOps

extension GradientRules {
    static let attention: [GradientRule] = [.spelled(Attention.self, attended)]

    /// Attention as products and a softmax over all scores. Queries that share a head of keys are a dimension of their own;
    /// rows that see nothing are zeros without gradients.
    @Sendable private static func attended(
        _ gradient: inout GradientBuilder, _ op: Attention, _ operands: [Value?]
    ) throws -> [Value?] {
        guard var q = operands[0], var k = operands[1], var v = operands[2] else { return [] }
        if op.headsInner {
            q = try gradient.transpose(q, [0, 2, 1, 3])
            k = try gradient.transpose(k, [0, 2, 1, 3])
            v = try gradient.transpose(v, [0, 2, 1, 3])
        }
        let (queries, keys, values) = (gradient.shape(q), gradient.shape(k), gradient.shape(v))
        let (batch, heads, rows, columns) = (queries[0], queries[1], queries[2], keys[2])
        let isGrouped = keys[1] != heads
        if isGrouped {
            q = try gradient.reshape(q, to: [batch, keys[1], heads.quotient(keys[1]), rows, queries[3]])
            k = try gradient.reshape(k, to: [batch, keys[1], 1, columns, keys[3]])
            v = try gradient.reshape(v, to: [batch, keys[1], 1, columns, values[3]])
        }
        var scores = try gradient.matmul(q, gradient.matrixTranspose(k))
        if op.scale != 1 { scores = try gradient.times(scores, op.scale) }
        let grouped = gradient.shape(scores)
        scores = try gradient.reshape(scores, to: [batch, heads, rows, columns])
        let nothing = try gradient.scalar(-.infinity, like: scores)
        if op.causal {
            // Row i sees columns up to i + S - L.
            let (row, column) = (try gradient.reshape(gradient.range(rows), to: [rows, 1]), try gradient.range(columns))
            let last = try gradient.add(Binary(.add), row, gradient.extent(columns.minus(rows)))
            scores = try gradient.select(gradient.add(Binary(.lessOrEqual), column, last), scores, nothing)
        }
        if operands.count > 3, let mask = operands[3] {
            let isFloat = gradient.type(mask).element.isFloat
            scores = try isFloat
                ? gradient.plus(scores, gradient.cast(mask, to: gradient.type(scores).element)) : gradient.select(mask, scores, nothing)
        }
        let isSquare = rows == columns
        let mayBeEmpty = (operands.count > 3 && operands[3] != nil) || (op.causal && !isSquare)
        var weights: Value
        if mayBeEmpty, !op.emptyRowsAreNaN {
            let isEmpty = try gradient.isEqual(gradient.add(Reduce(.max, axes: [3]), scores), nothing)
            weights = try gradient.add(Softmax(), gradient.replaced(scores, where: isEmpty, by: 0))
            weights = try gradient.replaced(weights, where: isEmpty, by: 0)
        } else {
            weights = try gradient.add(Softmax(), scores)
        }
        var result = try gradient.matmul(gradient.reshape(weights, to: grouped), v)
        result = try gradient.reshape(result, to: [batch, heads, rows, values[3]])
        return [op.headsInner ? try gradient.transpose(result, [0, 2, 1, 3]) : result]
    }
}
