/// How a value holds tensors that is not one itself, and what is known of them: a sequence, or an optional of either.
public struct Container: Hashable, Sendable {
    public enum Kind: UInt8, Sendable, CaseIterable {
        /// Tensors of one element type, each of a shape of its own.
        case sequence = 1
        /// A tensor, or nothing.
        case optional = 2
        /// A sequence, or nothing.
        case optionalSequence = 3

        public var isOptional: Bool { self != .sequence }
        public var isSequence: Bool { self != .optional }
    }

    /// What the shapes of all tensors have in common.
    public enum Elements: Hashable, Sendable {
        /// There are no tensors.
        case none
        /// One rank; nil where each has an extent of its own.
        case shape([Int?])
        /// Ranks differ, or are not known.
        case any

        /// What holds for the tensors of both.
        public func joined(with other: Elements) -> Elements {
            switch (self, other) {
            case (.none, _): other
            case (_, .none): self
            case (.shape(let a), .shape(let b)) where a.count == b.count: .shape(zip(a, b).map { $0 == $1 ? $0 : nil })
            default: .any
            }
        }

        /// Whether a tensor of this shape may be among them.
        public func hold(_ shape: [Int]) -> Bool {
            switch self {
            case .none: false
            case .any: true
            case .shape(let known): known.count == shape.count && zip(known, shape).allSatisfy { $0 == nil || $0 == $1 }
            }
        }
    }

    public var kind: Kind
    public var elements: Elements

    public init(_ kind: Kind, _ elements: Elements) { (self.kind, self.elements) = (kind, elements) }

    /// What holds the values of both; nil where one is a sequence and the other is not.
    public func joined(with other: Container) -> Container? {
        guard kind.isSequence == other.kind.isSequence else { return nil }
        let kind = kind.isOptional ? kind : other.kind
        return Container(kind, elements.joined(with: other.elements))
    }

    /// As in the text form: `sequence of f32[?, 3]`, `optional sequence of i64[...]`, `optional f32` where there is nothing in it.
    public func description(of element: ElementType) -> String {
        let head =
            switch kind {
            case .sequence: "sequence of "
            case .optional: "optional "
            case .optionalSequence: "optional sequence of "
            }
        switch elements {
        case .none: return head + "\(element)"
        case .any: return head + "\(element)[...]"
        case .shape(let extents): return head + "\(element)[\(extents.map { $0.map { "\($0)" } ?? "?" }.joined(separator: ", "))]"
        }
    }

    /// Throws where a value is none of this kind, or holds a tensor of another type or shape.
    public func check(_ datum: Datum, _ element: ElementType) throws {
        func fail(_ found: String) -> DLCError { DLCError("expected \(description(of: element)), found \(found)") }
        switch datum {
        case .absent:
            guard kind.isOptional else { throw fail("nothing") }
        case .tensor(let tensor):
            guard kind == .optional, tensor.type == element, elements.hold(tensor.shape) else { throw fail("\(tensor.type)\(tensor.shape)") }
        case .sequence(let tensors):
            guard kind.isSequence else { throw fail("a sequence of \(tensors.count) tensors") }
            for (index, tensor) in tensors.enumerated() where tensor.type != element || !elements.hold(tensor.shape) {
                throw fail("\(tensor.type)\(tensor.shape) as tensor \(index) of a sequence")
            }
        }
    }
}
