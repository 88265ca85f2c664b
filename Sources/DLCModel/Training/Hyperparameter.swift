import DLCGraph

/// A number that an optimiser takes: fixed, following a schedule, or a scalar of the model, such as an input.
public enum Hyperparameter {
    case number(Double)
    case schedule(any Schedule)
    case tensor(TensorValue)

    /// Whether it is a number, and that one.
    func isAlways(_ number: Double) -> Bool { if case .number(number) = self { true } else { false } }

    func checkRate() throws { try check("rate", 0...(.greatestFiniteMagnitude)) }
    func checkDecay() throws { try check("weightDecay", 0...(.greatestFiniteMagnitude)) }

    /// - Throws: where it is a number outside of a range.
    func check(_ name: String, _ range: ClosedRange<Double>) throws {
        let value: Double
        switch self {
        case .number(let number): value = number
        case .schedule(let schedule): value = schedule.rate
        case .tensor(let tensor):
            guard tensor.shape.isEmpty, tensor.element.isFloat else {
                throw DLCError("\(name) is \(tensor.type); expected a scalar of floating point")
            }
            return
        }
        guard range.contains(value) else {
            let most =
                range.upperBound == .greatestFiniteMagnitude ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
            throw DLCError("\(name) is \(value); expected \(most)")
        }
    }
}

extension Hyperparameter: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(integerLiteral value: Int) { self = .number(Double(value)) }
}

extension Hyperparameter: ArgumentConvertible {
    public static var argumentKind: String { "a number, a schedule or a scalar" }

    public var argumentValue: ArgumentValue {
        switch self {
        case .number(let number): .number(number)
        case .schedule(let schedule): .method(schedule)
        case .tensor(let tensor): .tensor(tensor)
        }
    }

    public init?(argument: ArgumentValue) {
        switch argument {
        case .method(let method as any Schedule): self = .schedule(method)
        case .tensor(let tensor): self = .tensor(tensor)
        default:
            guard let number = Double(argument: argument) else { return nil }
            self = .number(number)
        }
    }
}
