/// What a step of the plan has computed, in numbers.
public struct StepValues: Sendable {
    /// The step's place in the plan.
    public var step: Int
    /// The layer and the operator in words.
    public var name: String
    public var summary: String
    /// Whether a state is written, or else something that the run alone needs.
    public var writesState: Bool
    /// Elements of the results in f32 and f64.
    public var count = 0
    public var nans = 0
    public var infinities = 0
    public var zeros = 0
    /// Sums over the finite elements.
    var sum = 0.0
    var squares = 0.0

    public var mean: Double { finite > 0 ? sum / Double(finite) : .nan }
    /// The root of the mean of the squares.
    public var rms: Double { finite > 0 ? (squares / Double(finite)).squareRoot() : .nan }
    private var finite: Int { count - nans - infinities }

    mutating func add(_ value: Double) {
        count += 1
        if value.isNaN {
            nans += 1
        } else if value.isInfinite {
            infinities += 1
        } else {
            zeros += value == 0 ? 1 : 0
            sum += value
            squares += value * value
        }
    }
}

extension Session {
    /// A run, states taken on as by any other, that goes step by step and reports what each has computed. Much slower than `run`.
    /// - Throws: what `run` throws.
    public func watch(_ report: (StepValues) -> Void) throws { try stepped { plan, step, _ in report(plan.values(of: step)) } }
}

extension BoundPlan {
    /// The numbers of a step's results that lie in the arena or are states, as they are now.
    func values(of index: Int) -> StepValues {
        let step = plan.steps[index]
        var values = StepValues(step: index, name: step.name, summary: step.summary, writesState: step.writesState)
        for (operand, places) in zip(step.results, places.steps[index].results) {
            guard let operand, let places, let base = address(of: operand, places),
                let shape = try? sizes.extents(places.shape, operand.shape),
                let strides = try? sizes.values(places.strides, operand.strides)
            else { continue }
            switch operand.type {
            case .float32: Self.visit(shape, strides) { values.add(Double(base.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self))) }
            case .float64: Self.visit(shape, strides) { values.add(base.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self)) }
            default: continue
            }
        }
        return values
    }

    /// Where a result's first element is.
    private func address(of operand: Plan.Operand, _ places: PlanSizes.Operand) -> UnsafeRawPointer? {
        guard let offset = try? sizes.value(places.offset, operand.offset) else { return nil }
        switch operand.location {
        case .buffer(let buffer): return address(ofBuffer: buffer).map { $0 + offset * operand.type.size }
        case .state(let state): return states[state].baseAddress.map { UnsafeRawPointer($0) + offset * operand.type.size }
        default: return nil
        }
    }

    /// The places of a view's elements, counted in elements from the first.
    private static func visit(_ shape: [Int], _ strides: [Int], _ body: (Int) -> Void) {
        guard !shape.contains(0) else { return }
        var index = [Int](repeating: 0, count: shape.count)
        var place = 0
        while true {
            body(place)
            var axis = shape.count - 1
            while axis >= 0 {
                index[axis] += 1
                place += strides[axis]
                if index[axis] < shape[axis] { break }
                place -= strides[axis] * shape[axis]
                index[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }
}
