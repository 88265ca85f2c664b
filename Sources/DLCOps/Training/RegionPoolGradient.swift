import DLCGraph

/// The gradient of `RegionPool` with respect to x: every element of dy goes to the largest element of its bin, the first in
/// row order. Boxes, images, x and attributes are those of the forward operator, dy has the shape of its result.
public struct RegionPoolGradient: Operator {
    /// The operator whose gradient this is.
    public var pool: RegionPool

    public init(of pool: RegionPool = RegionPool()) { self.pool = pool }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        RegionPoolGradient(), name: "region_pool_gradient", operands: ["boxes", "images?", "x", "dy"], results: ["dx"],
        examples: {
            try RegionPool.definition.examples().compactMap { example in
                guard let op = example.op as? RegionPool, let dy = try op.evaluate(example.operands).first else { return nil }
                let operands = example.operands + [try .random(seed: 5, shape: dy.shape)]
                return Example(example.name, RegionPoolGradient(of: op), operands, isDifferentiable: false)
            }
        }
    ) {
        Attribute("size", \.pool.size)
        Attribute("scale", \.pool.scale)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let expected = try pool.infer(&context)[0]
        let dy = try context.operand(3)
        let reason = "dy is \(dy.type); expected \(expected.type)"
        guard dy.element == expected.element else { throw DLCError(reason) }
        try context.require(dy.shape, equals: expected.shape, reason)
        return [Fact(try context.operand(2).type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (boxes, x) = (try RegionOps.boxes(operands), try Oracle.operand(operands, 2))
        let (channels, extents, values) = (x.shape[1], Array(x.shape[2...]), try x.doubles())
        var adjoints = try Oracle.operand(operands, 3).doubles().makeIterator()
        var result = values.map { _ in 0.0 }
        for (image, box) in boxes {
            let (rows, columns) = (pool.bins(box, axis: 0, extents[0]), pool.bins(box, axis: 1, extents[1]))
            for channel in 0..<channels {
                let start = (image * channels + channel) * extents[0] * extents[1]
                for row in rows {
                    for column in columns {
                        let adjoint = adjoints.next() ?? 0
                        let places = row.flatMap { y in column.map { start + y * extents[1] + $0 } }
                        guard let first = places.first else { continue }
                        result[places.reduce(first) { values[$1] > values[$0] ? $1 : $0 }] += adjoint
                    }
                }
            }
        }
        return [try Tensor(doubles: result, type: .float32, shape: x.shape)]
    }
}
