/// An operator with its attributes: how its result types follow from its operands, and what it computes.
///
/// One struct per operator (or per family), in one file, registered by one line in `AllOps.swift`. Attributes are
/// stored properties with defaults, named in `definition`, from which the text form, the plan, the ONNX mapping and
/// the documentation follow.
public protocol Operator: Sendable {
    /// Name, attributes, traits, ONNX mapping and examples.
    var definition: OperatorDefinition { get }

    /// The facts of the results. Reports wrong operands by throwing a `DLCError`.
    func infer(_ context: inout InferContext) throws -> [Fact]

    /// Computes the results with plain loops: the oracle that kernels and passes are held to.
    /// Operands have passed `infer`; dimensions among the attributes are numbers.
    func evaluate(_ operands: [Tensor?]) throws -> [Tensor]
}

extension Operator {
    /// The operator's name in the text form, such as `conv`.
    public var name: String { definition.name }
}

/// Facts about an operator that passes ask for.
public struct OperatorTraits: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Result elements depend only on the operands' elements at the same place, after broadcasting.
    public static let elementwise = OperatorTraits(rawValue: 1 << 0)
    public static let commutative = OperatorTraits(rawValue: 1 << 1)
    /// The first result may take the memory of the first operand.
    public static let inPlaceable = OperatorTraits(rawValue: 1 << 2)
    /// Draws random numbers or otherwise differs from call to call: never merged or folded.
    public static let impure = OperatorTraits(rawValue: 1 << 3)
    /// Moves or selects elements without computing.
    public static let movesData = OperatorTraits(rawValue: 1 << 4)
    /// Says in many bytes what its operands say in few: only passes, which know who reads the result, fold it.
    public static let unpacks = OperatorTraits(rawValue: 1 << 5)
}

/// What `infer` sees.
public struct InferContext {
    /// The facts of the operands, nil where an optional one is absent.
    public let operands: [Fact?]
    /// What the operator needs of extents, as far as it is neither known to hold nor recorded.
    public internal(set) var constraints: [Constraint] = []
    /// What the graph says already of its extents.
    let recorded: Set<Constraint.Claim>
    /// Where symbols come from, for messages.
    let origins: [String: String]
    var freshSymbol: (String) -> String

    /// For tests and tools that infer without a builder.
    public init(operands: [Fact?]) {
        self.operands = operands
        (origins, recorded) = ([:], [])
        var count = 0
        freshSymbol = { count += 1; return "\($0).\(count)" }
    }

    init(
        operands: [Fact?], origins: [String: String], recorded: Set<Constraint.Claim>, freshSymbol: @escaping (String) -> String
    ) {
        self.operands = operands
        self.origins = origins
        self.recorded = recorded
        self.freshSymbol = freshSymbol
    }

    public var count: Int { operands.count }

    /// The fact of a required operand.
    public func operand(_ index: Int) throws -> Fact {
        guard index < operands.count, let fact = operands[index] else {
            throw DLCError("operand \(index) is missing")
        }
        return fact
    }

    /// The fact of an optional operand.
    public func optional(_ index: Int) -> Fact? {
        index < operands.count ? operands[index] : nil
    }

    /// An extent that only the data determines.
    public func unknown(_ hint: String) -> Dim { Dim(symbol: freshSymbol(hint)) }

    /// Throws where a required operand has none of the given element types.
    public func expect(_ index: Int, _ what: String, _ types: [ElementType]) throws {
        let fact = try operand(index)
        guard types.contains(fact.element) else {
            throw DLCError("\(what) is \(fact.type); expected one of \(types.map(\.name).joined(separator: ", "))")
        }
    }

    /// Throws where a required operand has another rank.
    public func expect(_ index: Int, _ what: String, rank: Int) throws {
        let fact = try operand(index)
        guard fact.rank == rank else { throw DLCError("\(what) is \(fact.type); expected \(rank) dimensions") }
    }
}

/// Rules that many operators share.
public enum InferenceRules {
    /// The axis counted from the front.
    public static func axis(_ axis: Int, rank: Int) throws -> Int {
        guard axis >= -rank, axis < rank else {
            throw DLCError("axis \(axis) is outside \(-rank) ..< \(rank)")
        }
        return axis < 0 ? axis + rank : axis
    }

    /// All axes counted from the front, each once.
    public static func axes(_ axes: [Int], rank: Int) throws -> [Int] {
        let result = try axes.map { try axis($0, rank: rank) }
        guard Set(result).count == result.count else { throw DLCError("axes \(axes) name one axis twice") }
        return result
    }

    /// The shape that NumPy's broadcasting gives. That the shapes do broadcast is for `InferContext.broadcast` to require.
    public static func broadcast(_ shapes: [Shape]) throws -> Shape {
        let rank = shapes.map(\.count).max() ?? 0
        return try (0..<rank).map { axis in
            let extents = extents(of: shapes, axis, rank)
            let longest = extents.first { $0.constant != 1 } ?? 1
            if extents.allSatisfy({ $0 == longest || $0.constant == 1 }) { return longest }
            let numbers = Set(extents.compactMap(\.constant)).subtracting([1]).sorted()
            if numbers.count > 1 {
                let text = shapes.map { "[\($0.map(\.description).joined(separator: ", "))]" }.joined(separator: " and ")
                throw DLCError("shapes \(text) do not broadcast: \(numbers[0]) against \(numbers[1])")
            }
            return try Dim.broadcast(extents)
        }
    }

    /// The extents that meet in dimension `axis` of a result of `rank` dimensions.
    static func extents(of shapes: [Shape], _ axis: Int, _ rank: Int) -> [Dim] {
        shapes.compactMap { shape in
            let own = axis - (rank - shape.count)
            return own >= 0 ? shape[own] : nil
        }
    }
}
