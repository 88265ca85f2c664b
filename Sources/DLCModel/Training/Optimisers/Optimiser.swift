import DLCGraph
import DLCOps

/// How parameters move against a gradient. Arguments, their defaults and the order of operations are PyTorch's where it has the
/// method.
public protocol Optimiser: TrainingMethod {
    var rate: Hyperparameter { get }

    /// The parameters after an update.
    /// - Parameter steps: one per parameter, at least one.
    func updates(_ steps: [ParameterStep]) throws -> [TensorValue]
}

/// An optimiser that moves every parameter by itself, in operators of single elements over tensors of its shape.
public protocol ElementwiseOptimiser: Optimiser {
    /// The parameter after an update.
    func update(_ step: ParameterStep) throws -> TensorValue
}

extension ElementwiseOptimiser {
    public func updates(_ steps: [ParameterStep]) throws -> [TensorValue] {
        try steps.map { step in try located("\(definition.name) of \(step.name)") { try update(step) } }
    }
}

extension Optimiser {
    /// - Throws: where an argument that Adam and its relatives share is out of its range.
    func checkMoments(
        _ rate: Hyperparameter, _ beta1: Hyperparameter, _ beta2: Hyperparameter, _ epsilon: Double, _ weightDecay: Hyperparameter
    ) throws {
        try rate.checkRate()
        try beta1.check("beta1", 0...1)
        try beta2.check("beta2", 0...1)
        try nonNegative(epsilon, "epsilon")
        try weightDecay.checkDecay()
    }
}

/// One update of one parameter, as an optimiser sees it.
public struct ParameterStep {
    /// The parameter and the gradient of the loss, of one type.
    public let parameter: TensorValue
    public let gradient: TensorValue
    /// The rate at this update, for this parameter.
    public let rate: Scalar
    /// Whether weight decay pulls at this parameter.
    public let decays: Bool
    let name: String
    let update: UpdateStep

    /// The number of the update, from 1.
    public var count: Scalar { get throws { try update.number + 1.0 } }

    /// A hyperparameter's value at this update.
    public func value(_ hyperparameter: Hyperparameter) throws -> Scalar { try update.value(hyperparameter) }

    /// A tensor of the parameter's shape that is kept for the next update, such as a moment.
    /// - Parameter initial: every element before the first.
    public func kept(_ kind: String, initial: Double = 0) throws -> TensorValue {
        try update.state("training.\(kind).\(name)", parameter.element, parameter.shape, initial)
    }

    /// Gives a kept tensor its next value.
    @discardableResult public func keep(_ kind: String, _ next: TensorValue) throws -> TensorValue {
        try update.next("training.\(kind).\(name)", next)
        return next
    }

    /// The gradient with the coupled decay of weights: `gradient + decay · parameter`.
    func gradient(decay: Hyperparameter) throws -> TensorValue {
        guard decays, !decay.isAlways(0) else { return gradient }
        return try gradient + parameter * value(decay)
    }

    /// The parameter with decoupled decay: `parameter · (1 - rate · decay)`.
    func decayed(by decay: Hyperparameter) throws -> TensorValue {
        guard decays, !decay.isAlways(0) else { return parameter }
        return try parameter * (1.0 - rate * value(decay))
    }

    /// A moving average of a tensor: `kept · keep + x · (1 - keep)`, kept.
    func average(_ kind: String, of x: TensorValue, keeping keep: Scalar) throws -> TensorValue {
        try self.keep(kind, kept(kind) * keep + x * (1.0 - keep))
    }
}

/// One update of all parameters of a `minimize`: what they share.
final class UpdateStep {
    let builder: ModelBuilder
    /// The number of the update, from 0, as f64.
    let number: Scalar
    /// Whether the update takes place in this run; nil for always.
    let isDue: TensorValue?
    /// What distinguishes the names of its own states from those of another `minimize`.
    let suffix: String
    private var states: [String: TensorValue] = [:]
    private var isSet: Set<String> = []

    init(_ builder: ModelBuilder, number: Scalar, isDue: TensorValue?, suffix: String) {
        self.builder = builder
        self.number = number
        self.isDue = isDue
        self.suffix = suffix
    }

    func value(_ hyperparameter: Hyperparameter) throws -> Scalar {
        switch hyperparameter {
        case .number(let number): .number(number)
        case .schedule(let schedule): try schedule.value(.number(schedule.rate), atUpdate: number)
        case .tensor(let tensor): .tensor(tensor.element == .float64 ? tensor : try tensor.apply(Cast(to: .float64)))
        }
    }

    func state(_ name: String, _ element: ElementType, _ shape: Shape, _ initial: Double) throws -> TensorValue {
        if let known = states[name] { return known }
        let value = try builder.state(
            name, element, shape: shape.constants ?? [], initial: Tensor(filling: initial, type: element, shape: []))
        states[name] = value
        return value
    }

    /// Sets what a state becomes where the update takes place.
    func next(_ name: String, _ value: TensorValue) throws {
        guard let old = states[name], isSet.insert(name).inserted else {
            throw DLCError("state \(name) has its next value already, or is none")
        }
        try builder.next(name, whenDue(value, else: old))
    }

    func whenDue(_ new: TensorValue, else old: TensorValue) throws -> TensorValue {
        try isDue.map { try new.kept(where: $0, else: old) } ?? new
    }

    /// A scalar f64 that is kept, as it was before the update.
    func sharedValue(_ kind: String, initial: Double) throws -> Scalar {
        .tensor(try state("training.\(kind)\(suffix)", .float64, [], initial))
    }

    /// A scalar f64 that is kept for all parameters of the `minimize` together.
    func shared(_ kind: String, initial: Double, next: (Scalar) throws -> Scalar) throws -> (old: Scalar, new: Scalar) {
        let name = "training.\(kind)\(suffix)"
        let old = try sharedValue(kind, initial: initial)
        let new = try next(old)
        if !isSet.contains(name) { try self.next(name, new.tensor(in: builder)) }
        return (old, new)
    }
}
