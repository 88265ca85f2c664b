import DLCGraph

/// Limited-memory BFGS: a direction from the last movements and what they did to the gradient. For full batches.
public struct LBFGS: Optimiser {
    public var rate: Hyperparameter = 1
    public var history = 10

    public init(rate: Hyperparameter = 1, history: Int = 10) { (self.rate, self.history) = (rate, history) }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .optimiser, Self(), name: "lbfgs",
        doc:
            "Steps along an approximation of Newton's direction that is made of the last `history` movements. One evaluation of the loss an update and no "
            + "line search, as PyTorch's with `max_iter=1`; for full batches.",
        source: "Liu and Nocedal, 1989; the two loops: Nocedal, 1980"
    ) {
        Argument("rate", \.rate, "the length of a step in directions", .positional)
        Argument("history", \.history, "how many movements are kept")
    }

    public func check() throws {
        try rate.checkRate()
        guard 1...100 ~= history else { throw DLCError("history is \(history); expected 1 to 100") }
    }

    /// What is kept by the parameters of all steps.
    private struct Kept {
        let steps: [ParameterStep]

        func old(_ kind: String) throws -> Vector { Vector(try steps.map { try $0.kept(kind) }) }
        func keep(_ kind: String, _ vector: Vector) throws {
            for (step, part) in zip(steps, vector.parts) { try step.keep(kind, part) }
        }
    }

    public func updates(_ steps: [ParameterStep]) throws -> [TensorValue] {
        let (kept, shared, first) = (Kept(steps: steps), steps[0].update, steps[0])
        let gradient = Vector(steps.map(\.gradient))
        let isFirst = try first.count.below(1.5, then: 1.0, else: 0.0)

        // A pair of movement s and change of the gradient y, where they agree.
        let movement = try kept.old("lbfgs_step")
        let change = try gradient - kept.old("prev_flat_grad")
        let agreement = try change.dot(movement)
        let isNew = try Scalar.number(1e-10).below(agreement, then: 1.0 - isFirst, else: 0.0)
        var pairs: [(s: Vector, y: Vector, ro: Scalar)] = []
        for index in 0..<history {
            let isLast = index == history - 1
            func shifted(_ kind: String, _ newest: Vector) throws -> Vector {
                let next = isLast ? newest : try kept.old("\(kind)\(index + 1)")
                let result = try next.kept(where: isNew, else: kept.old("\(kind)\(index)"))
                try kept.keep("\(kind)\(index)", result)
                return result
            }
            // 0 where there is no pair, which then plays no part.
            let ro = try shared.shared("lbfgs_ro\(index)", initial: 0) { old in
                let next = isLast ? try 1.0 / agreement : try shared.sharedValue("lbfgs_ro\(index + 1)", initial: 0)
                return try Scalar.number(0.5).below(isNew, then: next, else: old)
            }.new
            pairs.append((try shifted("lbfgs_s", movement), try shifted("lbfgs_y", change), ro))
        }
        let scale = try shared.shared("lbfgs_scale", initial: 1) { old in
            try Scalar.number(0.5).below(isNew, then: agreement / change.dot(change), else: old)
        }.new

        var direction = try gradient * -1.0
        var weights: [Scalar] = []
        for pair in pairs.reversed() {
            let weight = try pair.s.dot(direction) * pair.ro
            weights.append(weight)
            direction = try direction - pair.y * weight
        }
        direction = try direction * scale
        for (pair, weight) in zip(pairs, weights.reversed()) {
            direction = try direction + pair.s * (weight - pair.y.dot(direction) * pair.ro)
        }

        // The first step is at most as long as the rate; where nothing leads down there is none.
        let short = try (1.0 / gradient.norm1()).minimum(1.0)
        let length = try Scalar.number(0.5).below(isFirst, then: short, else: 1.0)
        let leads = try gradient.dot(direction).below(-1e-9, then: 1.0, else: 0.0)
        let steps = try zip(steps, direction.parts).map { step, part in try part * (step.rate * length * leads) }
        try kept.keep("lbfgs_step", Vector(steps))
        try kept.keep("prev_flat_grad", gradient)
        return try zip(kept.steps, steps).map { try $0.parameter + $1 }
    }
}
