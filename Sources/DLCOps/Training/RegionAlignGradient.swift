import DLCGraph

/// The gradient of `RegionAlign` with respect to its levels; boxes have none.
///
/// Boxes, images, levels and attributes are those of the forward operator, dy has the shape of its result. Every element of
/// dy goes to the neighbours of its samples with their weights, in mode max only to the one whose product was the largest.
/// A result per level.
public struct RegionAlignGradient: Operator {
    /// The operator whose gradient this is.
    public var align: RegionAlign

    public init(of align: RegionAlign = RegionAlign()) { self.align = align }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        RegionAlignGradient(), name: "region_align_gradient", operands: ["boxes", "images?", "dy", "levels..."], results: ["dlevels..."],
        examples: {
            try RegionAlign.definition.examples().compactMap { example in
                guard let op = example.op as? RegionAlign, let dy = try op.evaluate(example.operands).first else { return nil }
                let operands = Array(example.operands.prefix(2)) + [try .random(seed: 5, shape: dy.shape)] + example.operands.dropFirst(2)
                return Example(example.name, RegionAlignGradient(of: op), operands, isDifferentiable: false)
            }
        }
    ) {
        Attribute("size", \.align.size)
        Attribute("scales", \.align.scales)
        Attribute("samples", \.align.samples)
        Attribute("half_pixel", \.align.halfPixel)
        Attribute("mode", \.align.mode)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        guard context.count > 3 else { throw DLCError("expects boxes, images, dy and at least one level") }
        let levels = (3..<context.count).map { context.optional($0) }
        var forward = InferContext(operands: [context.optional(0), context.optional(1)] + levels)
        let expected = try align.infer(&forward)[0]
        for constraint in forward.constraints { try context.require(constraint) }
        let dy = try context.operand(2)
        let reason = "dy is \(dy.type); expected \(expected.type)"
        guard dy.element == expected.element else { throw DLCError(reason) }
        try context.require(dy.shape, equals: expected.shape, reason)
        return levels.compactMap { $0.map { Fact($0.type) } }
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let levels = try (3..<operands.count).map { try Oracle.operand(operands, $0) }
        let boxes = try RegionOps.boxes([operands[0], operands[1]] + levels)
        let (values, dy) = (try levels.map { try $0.doubles() }, try Oracle.operand(operands, 2).doubles())
        var results = values.map { $0.map { _ in 0.0 } }
        var adjoints = dy.makeIterator()
        for (image, box) in boxes {
            let level = align.level(of: box)
            let extents = Array(levels[level].shape[2...])
            let rows = align.samples(box, axis: 0, align.scales[level], extents[0])
            let columns = align.samples(box, axis: 1, align.scales[level], extents[1])
            for channel in 0..<levels[level].shape[1] {
                let start = (image * levels[level].shape[1] + channel) * extents[0] * extents[1]
                for row in rows {
                    for column in columns {
                        let adjoint = adjoints.next() ?? 0
                        for (place, weight) in terms(row, column, { values[level][start + $0 * extents[1] + $1] }) {
                            results[level][start + place.0 * extents[1] + place.1] += weight * adjoint
                        }
                    }
                }
            }
        }
        return try zip(results, levels).map { try Tensor(doubles: $0, type: .float32, shape: $1.shape) }
    }

    /// The elements that one element of the result depends on, with their weights.
    private func terms(
        _ rows: [RegionAlign.Sample], _ columns: [RegionAlign.Sample], _ element: (Int, Int) -> Double
    ) -> [(place: (Int, Int), weight: Double)] {
        var all: [(place: (Int, Int), weight: Double)] = []
        var (best, largest): (Int?, Double) = (nil, -.infinity)
        for v in rows {
            for u in columns {
                if u.isEmpty || v.isEmpty, largest < 0 { (best, largest) = (nil, 0) }
                for a in v {
                    for b in u {
                        let product = a.weight * b.weight * element(a.place, b.place)
                        if product > largest { (best, largest) = (all.count, product) }
                        all.append(((a.place, b.place), a.weight * b.weight))
                    }
                }
            }
        }
        if align.mode == .max { return best.map { [all[$0]] } ?? [] }
        return all.map { ($0.place, $0.weight / Double(rows.count * columns.count)) }
    }
}
