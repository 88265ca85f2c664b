/// Operators that read or make values that hold tensors: sequences, optionals, and control flow over them. All others are given
/// tensors only, which the builder sees to.
public protocol ReadsContainers: Operator {
    /// Computes the results with plain loops, as `evaluate` does of tensors.
    func evaluate(values: [Datum?]) throws -> [Datum]
}

extension ReadsContainers {
    /// The same where operands and results are tensors.
    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        try evaluate(values: operands.map { $0.map { .tensor($0) } }).map { try $0.tensor }
    }
}

extension TensorType {
    /// The type of all values of both, where at least one holds tensors; nil where there is none, or both are tensors.
    public func joined(with other: TensorType) -> TensorType? {
        guard element == other.element, let a = container ?? asOptional(beside: other), let b = other.container ?? other.asOptional(beside: self)
        else { return nil }
        return a.joined(with: b).map { TensorType(element, $0) }
    }

    /// A tensor beside an optional is one that is not empty.
    private func asOptional(beside other: TensorType) -> Container? {
        other.container?.kind == .optional ? Container(.optional, elements) : nil
    }

    /// What is known of the shapes of tensors of this type, or in values of it.
    public var elements: Container.Elements { container?.elements ?? .shape(shape.map(\.constant)) }

    /// Whether every value of the other type is one of this, for types of which at least one holds tensors.
    public func holds(_ other: TensorType) -> Bool { self == other || joined(with: other) == self }
}

extension InferContext {
    /// A required operand that is a sequence; an optional one too where `mayBeEmpty`.
    public func sequence(_ index: Int, mayBeEmpty: Bool = false) throws -> (element: ElementType, elements: Container.Elements) {
        let type = try operand(index).type
        guard let container = type.container, container.kind == .sequence || mayBeEmpty && container.kind == .optionalSequence else {
            throw DLCError("expected a sequence, found \(type)")
        }
        return (type.element, container.elements)
    }

    /// A required operand that is a tensor.
    public func tensor(_ index: Int) throws -> Fact {
        let fact = try operand(index)
        guard fact.type.container == nil else { throw DLCError("expected a tensor, found \(fact.type)") }
        return fact
    }
}
