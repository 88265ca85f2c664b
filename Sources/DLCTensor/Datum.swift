/// A value of a run: a tensor, a sequence of tensors, or nothing where an optional is empty.
///
/// An optional that holds something is what it holds.
public enum Datum: Sendable, Equatable {
    case tensor(Tensor)
    case sequence([Tensor])
    case absent

    /// - Throws: where it is no tensor.
    public var tensor: Tensor {
        get throws {
            guard case .tensor(let tensor) = self else { throw DLCError("expected a tensor, found \(summary)") }
            return tensor
        }
    }

    /// The tensors of a sequence in order.
    /// - Throws: where it is no sequence.
    public var tensors: [Tensor] {
        get throws {
            guard case .sequence(let tensors) = self else { throw DLCError("expected a sequence, found \(summary)") }
            return tensors
        }
    }

    /// The tensor of an optional, nil where it is empty.
    /// - Throws: where it is a sequence.
    public var optional: Tensor? {
        get throws { isAbsent ? nil : try tensor }
    }

    /// The tensors of an optional sequence, nil where it is empty.
    /// - Throws: where it is a tensor.
    public var optionalTensors: [Tensor]? {
        get throws { isAbsent ? nil : try tensors }
    }

    public var isAbsent: Bool { if case .absent = self { true } else { false } }

    /// What it is, in a few words.
    public var summary: String {
        switch self {
        case .tensor(let tensor): "\(tensor.type)\(tensor.shape)"
        case .sequence(let tensors): "a sequence of \(tensors.count)"
        case .absent: "nothing"
        }
    }

    public init(_ tensor: Tensor?) { self = tensor.map { .tensor($0) } ?? .absent }
    public init(_ tensors: [Tensor]?) { self = tensors.map { .sequence($0) } ?? .absent }

    /// The same with each tensor replaced.
    public func map(_ change: (Tensor) throws -> Tensor) rethrows -> Datum {
        switch self {
        case .tensor(let tensor): .tensor(try change(tensor))
        case .sequence(let tensors): .sequence(try tensors.map(change))
        case .absent: .absent
        }
    }
}
