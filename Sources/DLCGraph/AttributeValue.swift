/// The value of an attribute, in the forms that text, plan and ONNX share.
public enum AttributeValue: Sendable, Equatable {
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)
    case ints([Int])
    case floats([Double])
    case strings([String])
    case dims([Dim])
    case type(ElementType)
    case tensor(Tensor)
    case graph(Graph)
    /// The type of a value that holds tensors.
    case valueType(TensorType)
    case none

    public var kind: String {
        switch self {
        case .bool: "a bool"
        case .int: "an integer"
        case .float: "a number"
        case .string: "a string"
        case .ints: "integers"
        case .floats: "numbers"
        case .strings: "strings"
        case .dims: "dimensions"
        case .type: "an element type"
        case .tensor: "a tensor"
        case .graph: "a graph"
        case .valueType: "the type of a sequence or optional"
        case .none: "nothing"
        }
    }

    public static func == (a: AttributeValue, b: AttributeValue) -> Bool {
        switch (a, b) {
        case (.bool(let x), .bool(let y)): x == y
        case (.int(let x), .int(let y)): x == y
        case (.float(let x), .float(let y)): x == y
        case (.string(let x), .string(let y)): x == y
        case (.ints(let x), .ints(let y)): x == y
        case (.floats(let x), .floats(let y)): x == y
        case (.strings(let x), .strings(let y)): x == y
        case (.dims(let x), .dims(let y)): x == y
        case (.type(let x), .type(let y)): x == y
        case (.tensor(let x), .tensor(let y)): x == y
        case (.graph(let x), .graph(let y)): x.text() == y.text()
        case (.valueType(let x), .valueType(let y)): x == y
        case (.none, .none): true
        default: false
        }
    }
}

/// A property type that an attribute can hold.
public protocol AttributeConvertible: Sendable {
    static var attributeKind: String { get }
    var attributeValue: AttributeValue { get }
    /// Nil where the value has another form.
    init?(attributeValue: AttributeValue)
}

extension Bool: AttributeConvertible {
    public static var attributeKind: String { "a bool" }
    public var attributeValue: AttributeValue { .bool(self) }
    public init?(attributeValue: AttributeValue) {
        switch attributeValue {
        case .bool(let value): self = value
        case .int(let value) where value == 0 || value == 1: self = value == 1
        default: return nil
        }
    }
}

extension Int: AttributeConvertible {
    public static var attributeKind: String { "an integer" }
    public var attributeValue: AttributeValue { .int(self) }
    public init?(attributeValue: AttributeValue) {
        guard case .int(let value) = attributeValue else { return nil }
        self = value
    }
}

extension Double: AttributeConvertible {
    public static var attributeKind: String { "a number" }
    public var attributeValue: AttributeValue { .float(self) }
    public init?(attributeValue: AttributeValue) {
        switch attributeValue {
        case .float(let value): self = value
        case .int(let value): self = Double(value)
        default: return nil
        }
    }
}

extension String: AttributeConvertible {
    public static var attributeKind: String { "a string" }
    public var attributeValue: AttributeValue { .string(self) }
    public init?(attributeValue: AttributeValue) {
        guard case .string(let value) = attributeValue else { return nil }
        self = value
    }
}

extension ElementType: AttributeConvertible {
    public static var attributeKind: String { "an element type" }
    public var attributeValue: AttributeValue { .type(self) }
    public init?(attributeValue: AttributeValue) {
        guard case .type(let value) = attributeValue else { return nil }
        self = value
    }
}

extension TensorType: AttributeConvertible {
    public static var attributeKind: String { "the type of a sequence or optional" }
    public var attributeValue: AttributeValue { .valueType(self) }
    public init?(attributeValue: AttributeValue) {
        guard case .valueType(let value) = attributeValue else { return nil }
        self = value
    }
}

extension Dim: AttributeConvertible {
    public static var attributeKind: String { "a dimension" }
    public var attributeValue: AttributeValue { .dims([self]) }
    public init?(attributeValue: AttributeValue) {
        switch attributeValue {
        case .dims(let dims) where dims.count == 1: self = dims[0]
        case .ints(let values) where values.count == 1: self = Dim(values[0])
        case .int(let value): self = Dim(value)
        default: return nil
        }
    }
}

extension Tensor: AttributeConvertible {
    public static var attributeKind: String { "a tensor" }
    public var attributeValue: AttributeValue { .tensor(self) }
    public init?(attributeValue: AttributeValue) {
        guard case .tensor(let value) = attributeValue else { return nil }
        self = value
    }
}

extension Graph: AttributeConvertible {
    public static var attributeKind: String { "a graph" }
    public var attributeValue: AttributeValue { .graph(self) }
    public init?(attributeValue: AttributeValue) {
        guard case .graph(let value) = attributeValue else { return nil }
        self = value
    }
}

extension Array: AttributeConvertible where Element: AttributeListElement {
    public static var attributeKind: String { Element.listKind }
    public var attributeValue: AttributeValue { Element.list(self) }
    public init?(attributeValue: AttributeValue) {
        guard let list = Element.elements(of: attributeValue) else { return nil }
        self = list
    }
}

extension Optional: AttributeConvertible where Wrapped: AttributeConvertible {
    public static var attributeKind: String { Wrapped.attributeKind }
    public var attributeValue: AttributeValue { self?.attributeValue ?? .none }
    public init?(attributeValue: AttributeValue) {
        if case .none = attributeValue {
            self = Self.none
        } else if let value = Wrapped(attributeValue: attributeValue) {
            self = value
        } else {
            return nil
        }
    }
}

/// An enumeration whose cases are written as strings.
extension AttributeConvertible where Self: RawRepresentable & CaseIterable, RawValue == String {
    public static var attributeKind: String { "one of " + allCases.map(\.rawValue).joined(separator: ", ") }
    public var attributeValue: AttributeValue { .string(rawValue) }
    public init?(attributeValue: AttributeValue) {
        guard case .string(let text) = attributeValue, let value = Self(rawValue: text) else { return nil }
        self = value
    }
}

/// An element of an attribute that is a list.
public protocol AttributeListElement: Sendable {
    static var listKind: String { get }
    static func list(_ elements: [Self]) -> AttributeValue
    static func elements(of value: AttributeValue) -> [Self]?
}

extension Int: AttributeListElement {
    public static var listKind: String { "integers" }
    public static func list(_ elements: [Int]) -> AttributeValue { .ints(elements) }
    public static func elements(of value: AttributeValue) -> [Int]? {
        switch value {
        case .ints(let values): values
        case .floats(let values) where values.isEmpty: []
        case .dims(let dims): dims.constants
        default: nil
        }
    }
}

extension Double: AttributeListElement {
    public static var listKind: String { "numbers" }
    public static func list(_ elements: [Double]) -> AttributeValue { .floats(elements) }
    public static func elements(of value: AttributeValue) -> [Double]? {
        switch value {
        case .floats(let values): values
        case .ints(let values): values.map(Double.init)
        default: nil
        }
    }
}

extension String: AttributeListElement {
    public static var listKind: String { "strings" }
    public static func list(_ elements: [String]) -> AttributeValue { .strings(elements) }
    public static func elements(of value: AttributeValue) -> [String]? {
        switch value {
        case .strings(let values): values
        case .ints(let values) where values.isEmpty: []
        default: nil
        }
    }
}

extension Dim: AttributeListElement {
    public static var listKind: String { "dimensions" }
    public static func list(_ elements: [Dim]) -> AttributeValue { .dims(elements) }
    public static func elements(of value: AttributeValue) -> [Dim]? {
        switch value {
        case .dims(let dims): dims
        case .ints(let values): values.map { Dim($0) }
        default: nil
        }
    }
}
