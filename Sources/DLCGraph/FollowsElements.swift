/// The elements of a small tensor in row-major order, each known as an expression over extents.
public enum Elements: Sendable {
    /// Of integers, and of bools as 0 and 1.
    case whole([Dim])
    /// Of f32 or f64.
    case real([Real])

    public var count: Int {
        switch self {
        case .whole(let elements): elements.count
        case .real(let elements): elements.count
        }
    }
}

/// An operator through which shape arithmetic is followed. The builder asks after `infer`, so that a chain of such nodes is one
/// expression and vanishes.
public protocol FollowsElements: Operator {
    /// The elements of the result, nil where they are not followed.
    /// - Parameters:
    ///   - operands: at least one has elements that are known.
    ///   - result: what `infer` says; its extents are numbers, and its elements few.
    func follow(_ operands: [Fact?], _ result: Fact) throws -> Elements?
}

/// An operator that selects: every element of its result is an element of some of its operands, or 0.
public protocol MovesElements: FollowsElements {
    /// The operands whose elements it moves; the others say where.
    var moved: [Int] { get }
}

extension MovesElements {
    public func follow(_ operands: [Fact?], _ result: Fact) throws -> Elements? { try movedElements(operands) }

    /// Found by moving the numbers of the elements in the place of the elements.
    public func movedElements(_ operands: [Fact?]) throws -> Elements? {
        guard !hasOpenDimensions else { return nil }
        var wholes: [Dim] = [0]
        var reals: [Real] = [Real(0.0)]
        var tensors: [Tensor?] = []
        for (index, fact) in operands.enumerated() {
            guard let fact else {
                tensors.append(nil)
                continue
            }
            guard moved.contains(index) || moved.isEmpty else {
                guard let known = try fact.constant ?? fact.contentTensor() else { return nil }
                tensors.append(known)
                continue
            }
            guard let elements = fact.elements, let shape = fact.shape.constants, try elements.count == Checked.count(shape)
            else { return nil }
            let first = Swift.max(wholes.count, reals.count)
            tensors.append(try Tensor((first..<(first + elements.count)).map(Int64.init), shape: shape))
            switch elements {
            case .whole(let dims): wholes += dims
            case .real(let values): reals += values
            }
        }
        guard wholes.count == 1 || reals.count == 1, let places = try evaluate(tensors).first?.integers().map({ Int($0) }),
            places.allSatisfy((0..<Swift.max(wholes.count, reals.count)).contains)
        else { return nil }
        return reals.count > 1 ? .real(places.map { reals[$0] }) : .whole(places.map { wholes[$0] })
    }
}

extension Fact {
    /// The elements where they are known.
    public var elements: Elements? {
        if let content { return .whole(content) }
        return knownReals.map { .real($0) }
    }

    /// The tensor where the elements are numbers.
    func contentTensor() throws -> Tensor? {
        guard let numbers = content?.constants, let shape = shape.constants else { return nil }
        return try Tensor(integers: numbers.map(Int64.init), type: element, shape: shape)
    }

    /// The fact with the elements that an operator is followed to.
    func following(_ op: any Operator, _ operands: [Fact?]) -> Fact {
        guard content == nil, reals == nil, let op = op as? any FollowsElements, let extents = shape.constants else { return self }
        let limit = element.isFloat ? Self.realLimit : Self.contentLimit
        let isKnown = operands.contains { $0?.elements != nil }
        guard isKnown, let count = try? Checked.count(extents), count <= limit else { return self }
        var result = self
        // Numbers of which shapes know nothing may be too large for what extents are computed in; only the run knows those.
        switch (try? op.follow(operands, self)) ?? nil {
        case .whole(let dims)? where dims.count == count && !element.isFloat: result.content = dims
        case .real(let values)? where values.count == count && (element == .float32 || element == .float64):
            if values.contains(where: { $0.number == nil }) { result.reals = values }
        default: break
        }
        return result
    }
}

extension AttributeValue {
    /// Whether it holds dimensions that are no numbers.
    public var isSymbolic: Bool {
        guard case .dims(let dims) = self else { return false }
        return dims.contains { $0.constant == nil }
    }
}
