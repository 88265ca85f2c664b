import DLCGraph

/// The adjoint of `Resize`, its gradient: every element of dy goes to the elements it was interpolated from, with their
/// weights. dy has the shape `sizes`, the result `extents`; all other attributes are those of the forward operator.
public struct ResizeGradient: Operator {
    /// The operator whose gradient this is.
    public var resize: Resize
    /// The shape of what was resized.
    public var extents: [Dim]

    public init(of resize: Resize = Resize(), extents: [Dim] = []) {
        self.resize = resize
        self.extents = extents
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        ResizeGradient(), name: "resize_gradient", operands: ["dy"], results: ["dx"],
        examples: {
            try Resize.definition.examples().compactMap { example in
                guard let op = example.op as? Resize, let x = example.operands[0], x.type.isFloat else { return nil }
                let sizes = try Oracle.numbers(op.sizes, "sizes")
                return Example(example.name, ResizeGradient(of: op, extents: x.shape.map { Dim($0) }), [try .random(seed: 4, shape: sizes)])
            } + [
                Example(
                    "f64", ResizeGradient(of: Resize(sizes: [5, 4], mode: .linear), extents: [3, 2]),
                    [try .random(seed: 5, type: .float64, shape: [5, 4])])
            ]
        }
    ) {
        Attribute("sizes", \.resize.sizes)
        Attribute("scales", \.resize.scales)
        Attribute("keep_aspect_ratio_policy", \.resize.aspect)
        Attribute("box", \.resize.box)
        Attribute("mode", \.resize.mode)
        Attribute("coordinate_transformation_mode", \.resize.coordinates)
        Attribute("nearest_mode", \.resize.rounding)
        Attribute("cubic_coeff_a", \.resize.cubicCoefficient)
        Attribute("exclude_outside", \.resize.excludesOutside)
        Attribute("roi", \.resize.roi)
        Attribute("antialias", \.resize.antialias)
        Attribute("extents", \.extents)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "dy", ElementType.floats)
        let dy = try context.operand(0)
        var forward = InferContext(operands: [Fact(dy.element, extents)])
        let expected = try resize.infer(&forward)[0].shape
        for constraint in forward.constraints { try context.require(constraint) }
        try context.require(dy.shape, equals: expected, "dy is \(dy.type); expected the shape \(expected.text) of what was resized to")
        return [Fact(dy.element, extents)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let dy = try Oracle.operand(operands, 0)
        let extents = try Oracle.numbers(extents, "extents")
        let resize = try resize.settled(extents)
        var (values, shape) = (try dy.doubles(), dy.shape)
        for axis in shape.indices {
            let weights = resize.weights(axis, from: extents[axis], to: shape[axis])
            let (outer, inner) = (shape[..<axis].reduce(1, *), shape[(axis + 1)...].reduce(1, *))
            var result = [Double](repeating: 0, count: outer * extents[axis] * inner)
            for o in 0..<outer {
                for (y, taps) in weights.enumerated() {
                    // What weighs nothing is not read by the forward operator: it may be infinite.
                    for tap in taps where tap.weight != 0 {
                        for i in 0..<inner {
                            let value = values[(o * shape[axis] + y) * inner + i]
                            result[(o * extents[axis] + tap.index) * inner + i] += tap.weight * value
                        }
                    }
                }
            }
            (values, shape[axis]) = (result, extents[axis])
        }
        return [try Tensor(doubles: values, type: dy.type, shape: extents)]
    }
}
