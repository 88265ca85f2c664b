import DLCGraph
import DLCOps

/// Boxes from anchors and what a network says of them.
public struct BoxDecodeLayer: Layer {
    public var weights: [Double] = [1, 1, 1, 1]

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "boxDecode",
        doc:
            "Boxes `[…, 4]` (left, top, right, bottom) from anchors of the same form and deltas `[…, 4]`: moves of the centre in widths and "
            + "heights, and logarithms of factors of the extents, each divided by its weight.",
        source: "Ren et al., 2015, section 3.1.2", operands: ["deltas", "anchors"]
    ) {
        Argument("weights", \.weights, "what deltas are divided by: in x, in y, of the width, of the height")
    }

    /// The largest logarithm of a factor, as in the published implementations: a box of 16 becomes one of 1000.
    private static let limit = logarithm(1000.0 / 16)

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let (deltas, anchors) = (try operand(operands, 0), try operand(operands, 1))
        guard deltas.shape.last == 4, anchors.shape.last == 4 else {
            throw DLCError("deltas are \(deltas.type), anchors are \(anchors.type); expected […, 4] each")
        }
        guard weights.count == 4, weights.allSatisfy({ $0 > 0 }) else {
            throw DLCError("weights are \(weights); expected four numbers above 0")
        }
        func part(_ x: TensorValue, _ index: Int) throws -> TensorValue {
            try x.sliced(axis: x.rank - 1, from: Dim(index), count: 1, context)
        }
        /// Both edges of the boxes along one direction.
        func edges(_ direction: Int) throws -> [TensorValue] {
            let low = try part(anchors, direction)
            let extent = try part(anchors, direction + 2) - low
            let center = try low + extent * 0.5 + part(deltas, direction) / weights[direction] * extent
            let factor = try context.add(Clip(max: Self.limit), part(deltas, direction + 2) / weights[direction + 2])
            let half = try context.add(Unary(.exp), factor) * extent * 0.5
            return [try center - half, try center + half]
        }
        let (x, y) = (try edges(0), try edges(1))
        return try context.all(Concat(axis: x[0].rank - 1), [x[0], y[0], x[1], y[1]])
    }
}

extension TensorValue {
    public func boxDecode(_ anchors: TensorValue, weights: [Double] = [1, 1, 1, 1], name: String? = nil) throws -> TensorValue {
        try applying(BoxDecodeLayer(weights: weights), anchors, name: name)
    }
}
