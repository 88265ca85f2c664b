import DLCGraph

/// A build-time value that a model file or a Swift program hands to a layer.
public indirect enum ArgumentValue {
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    case text(String)
    case dimension(Dim)
    case type(ElementType)
    case list([ArgumentValue])
    case tensor(TensorValue)
    case initialiser(Initialiser)
    /// An optimiser, schedule or other method of a training.
    case method(any TrainingMethod)
    case none

    /// What it is and how it would be written, for messages: `the text "same"`, `the integer 3`.
    public var found: String {
        switch self {
        case .integer: "the integer \(text)"
        case .number: "the number \(text)"
        case .boolean, .none: text
        case .text: "the text \(text)"
        case .dimension: "the dimension \(text)"
        case .type: "the element type \(text)"
        case .list: "the list \(text)"
        case .tensor: "a tensor \(text)"
        case .initialiser: "the initialiser \(text)"
        case .method(let method): "the \(method.definition.kind.rawValue) \(method.definition.name)"
        }
    }

    /// As it is written in a model file.
    public var text: String {
        switch self {
        case .integer(let value): String(value)
        case .number(let value): value == .infinity ? ".infinity" : value == -.infinity ? "-.infinity" : "\(value)"
        case .boolean(let value): String(value)
        case .text(let value): "\"\(value)\""
        case .dimension(let dim): dim.description
        case .type(let type): type.name
        case .list(let values): "[\(values.map(\.text).joined(separator: ", "))]"
        case .tensor(let tensor): tensor.type.description
        case .initialiser(let initialiser): initialiser.description
        case .method(let method): method.definition.name
        case .none: "none"
        }
    }
}

/// A property type that an argument of a layer can have.
public protocol ArgumentConvertible {
    /// What fits, for messages and the reference page: `an integer`.
    static var argumentKind: String { get }
    var argumentValue: ArgumentValue { get }
    /// Nil where the value is of another kind.
    init?(argument: ArgumentValue)
}

extension Int: ArgumentConvertible {
    public static var argumentKind: String { "an integer" }
    public var argumentValue: ArgumentValue { .integer(self) }
    public init?(argument: ArgumentValue) {
        switch argument {
        case .integer(let value): self = value
        case .number(let value): if let exact = Int(exactly: value) { self = exact } else { return nil }
        case .dimension(let dim): if let constant = dim.constant { self = constant } else { return nil }
        default: return nil
        }
    }
}

extension Double: ArgumentConvertible {
    public static var argumentKind: String { "a number" }
    public var argumentValue: ArgumentValue { .number(self) }
    public init?(argument: ArgumentValue) {
        switch argument {
        case .integer(let value): self = Double(value)
        case .number(let value): self = value
        case .dimension(let dim): if let constant = dim.constant { self = Double(constant) } else { return nil }
        default: return nil
        }
    }
}

extension Bool: ArgumentConvertible {
    public static var argumentKind: String { "true or false" }
    public var argumentValue: ArgumentValue { .boolean(self) }
    public init?(argument: ArgumentValue) {
        guard case .boolean(let value) = argument else { return nil }
        self = value
    }
}

extension Dim: ArgumentConvertible {
    public static var argumentKind: String { "a dimension" }
    public var argumentValue: ArgumentValue { constant.map { .integer($0) } ?? .dimension(self) }
    public init?(argument: ArgumentValue) {
        if case .dimension(let dim) = argument {
            self = dim
        } else if let value = Int(argument: argument) {
            self = Dim(value)
        } else {
            return nil
        }
    }
}

extension ElementType: ArgumentConvertible {
    public static var argumentKind: String { "an element type" }
    public var argumentValue: ArgumentValue { .type(self) }
    public init?(argument: ArgumentValue) {
        guard case .type(let type) = argument else { return nil }
        self = type
    }
}

extension Initialiser: ArgumentConvertible {
    public static var argumentKind: String { "an initialiser" }
    public var argumentValue: ArgumentValue { .initialiser(self) }
    public init?(argument: ArgumentValue) {
        switch argument {
        case .initialiser(let initialiser): self = initialiser
        default:
            guard let value = Double(argument: argument) else { return nil }
            self = .constant(value)
        }
    }
}

extension Optional: ArgumentConvertible where Wrapped: ArgumentConvertible {
    public static var argumentKind: String { Wrapped.argumentKind }
    public var argumentValue: ArgumentValue { self?.argumentValue ?? .none }
    public init?(argument: ArgumentValue) {
        if case .none = argument {
            self = Self.none
        } else if let value = Wrapped(argument: argument) {
            self = value
        } else {
            return nil
        }
    }
}

extension Array: ArgumentConvertible where Element: ArgumentConvertible {
    public static var argumentKind: String { "a list, each entry \(Element.argumentKind)" }
    public var argumentValue: ArgumentValue { .list(map(\.argumentValue)) }
    public init?(argument: ArgumentValue) {
        guard case .list(let values) = argument else { return nil }
        var elements: [Element] = []
        for value in values {
            guard let element = Element(argument: value) else { return nil }
            elements.append(element)
        }
        self = elements
    }
}

/// An enumeration whose cases are written as text.
extension ArgumentConvertible where Self: RawRepresentable & CaseIterable, RawValue == String {
    public static var argumentKind: String { "one of " + allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ") }
    public var argumentValue: ArgumentValue { .text(rawValue) }
    public init?(argument: ArgumentValue) {
        guard case .text(let text) = argument, let value = Self(rawValue: text) else { return nil }
        self = value
    }
}
