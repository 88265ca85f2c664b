import DLCGraph
import DLCOps

/// Newton's method, whose direction conjugate gradients find from products of the Hessian with vectors.
public struct NewtonCG: Optimiser {
    public var rate: Hyperparameter = 1
    public var iterations = 10
    public var damping = 1e-3

    public init(rate: Hyperparameter = 1, iterations: Int = 10, damping: Double = 1e-3) {
        (self.rate, self.iterations, self.damping) = (rate, iterations, damping)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .optimiser, Self(), name: "newtonCG",
        doc:
            "`p - rate · d` with `(H + damping) · d = g` solved by conjugate gradients, one product of the Hessian with a vector an iteration; they end "
            + "where the loss does not curve upwards. Operators that have no second derivatives are refused; for full batches.",
        source: "Martens, 2010; Pearlmutter, 1994; Hestenes and Stiefel, 1952"
    ) {
        Argument("rate", \.rate, "the length of a step in directions", .positional)
        Argument("iterations", \.iterations, "how many products an update takes")
        Argument("damping", \.damping, "added to the curvature")
    }

    public func check() throws {
        try rate.checkRate()
        guard 1...200 ~= iterations else { throw DLCError("iterations is \(iterations); expected 1 to 200") }
        try nonNegative(damping, "damping")
    }

    public func updates(_ steps: [ParameterStep]) throws -> [TensorValue] {
        let builder = steps[0].update.builder
        let values = steps.map(\.parameter)
        let gradient = Vector(steps.map(\.gradient))
        /// (H + damping) · v, the gradient of g · v.
        func curved(_ v: Vector) throws -> Vector {
            let products = try zip(gradient.parts, v.parts).map { gradient, part in
                try (gradient * part.apply(StopGradient())).apply(Reduce(.sum, keepDims: false))
            }
            let sum = try products.dropFirst().reduce(products[0]) {
                try $0 + ($1.element == $0.element ? $1 : $1.apply(Cast(to: $0.element)))
            }
            return try Vector(builder.gradients(of: sum, at: values, name: "newtonCG", mustReach: false)) + v * .number(damping)
        }
        var residual = gradient
        var search = gradient
        var direction: Vector?
        var square = try residual.dot(residual)
        var isActive: Scalar = 1.0
        for _ in 0..<iterations {
            let product = try curved(search)
            let curvature = try search.dot(product)
            isActive = try Scalar.number(1e-30).below(curvature, then: isActive, else: 0.0)
            // No division by 0 where the iterations have ended.
            let length = try square / Scalar.number(1e-30).below(curvature, then: curvature, else: 1.0) * isActive
            if let known = direction {
                direction = try known + search * length
            } else {
                // Straight down where the first look finds no curvature upwards.
                direction = try (search * length).kept(where: isActive, else: gradient)
            }
            residual = try residual - product * length
            let next = try residual.dot(residual)
            search = try residual + search * (next / Scalar.number(1e-30).below(square, then: square, else: 1.0))
            isActive = try Scalar.number(1e-30).below(next, then: isActive, else: 0.0)
            square = next
        }
        guard let direction else { return values }
        return try zip(steps, direction.parts).map { try $0.parameter - $1 * $0.rate }
    }
}
