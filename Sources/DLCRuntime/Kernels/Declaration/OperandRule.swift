import DLCTensor

/// What an operand or a result of a kernel must be.
package struct OperandRule: Sendable {
    package enum Presence: UInt64, Sendable { case required, optional, repeated }

    /// How elements must lie in memory.
    package enum Layout: String, Sendable {
        /// At any strides; those of a result must keep its elements apart.
        case strided
        /// Neighbours along the last dimension lie next to each other.
        case rows
        /// Channels last: those of a pixel lie next to each other, pixels at one distance.
        case pixels
        /// In row-major order without gaps.
        case contiguous
    }

    package let name: String
    package let presence: Presence
    let types: TypeRule
    let layout: Layout
    /// Whether indices choose what is read of it.
    package let isSampled: Bool
    /// Whether a result may lie where it lies, element on element: the kernel writes none before it has read the one there.
    let isReplaceable: Bool
    /// The shape as it was declared.
    let pattern: String
    private(set) var shape: [ShapeToken] = []

    /// - Parameters:
    ///   - name: `?` at its end marks one that may be missing, `...` a last one that repeats, also no times.
    ///   - pattern: extents from left to right, separated by blanks. A name is an extent, the same wherever it stands in a
    ///     kernel's definition; `*name` any number of extents, the same wherever it stands; `_` any extent; `*` any extents;
    ///     a number that extent. `#N` alone is any shape of as many elements as `N` says, a name or a number.
    package init(
        _ name: String, _ types: TypeRule, _ pattern: String, _ layout: Layout = .contiguous, sampled: Bool = false,
        replaceable: Bool = false
    ) {
        if name.hasSuffix("...") {
            (self.name, presence) = (String(name.dropLast(3)), .repeated)
        } else if name.hasSuffix("?") {
            (self.name, presence) = (String(name.dropLast()), .optional)
        } else {
            (self.name, presence) = (name, .required)
        }
        self.types = types
        self.pattern = pattern
        self.layout = layout
        isSampled = sampled
        isReplaceable = replaceable
    }

    func resolved(_ names: inout ShapeNames) -> OperandRule {
        var rule = self
        rule.shape = pattern.split(separator: " ").map { ShapeToken($0, &names) }
        return rule
    }

    /// Adds the declaration, as far as plans depend on it.
    func add(to signature: inout FieldSignature) {
        for text in [name, pattern, layout.rawValue] { signature.add(text) }
        for number in [presence.rawValue, types.code] { signature.add(number) }
    }
}

/// Element types that an operand may have.
package struct TypeRule: Sendable {
    /// A bit for each type's code.
    private let allowed: UInt32
    /// Whether all that are marked so have one type.
    let isCommon: Bool

    /// The common type of the kernel, one of those listed; of any that is computed in where none is.
    package static func common(_ types: ElementType...) -> TypeRule {
        TypeRule(types.isEmpty ? ElementType.computed : types, isCommon: true)
    }

    /// The common type of a kernel that moves elements without looking at them: narrow ones too.
    package static let moved = TypeRule(ElementType.ofKernels, isCommon: true)

    package static func only(_ types: ElementType...) -> TypeRule { TypeRule(types, isCommon: false) }

    package static let any = TypeRule(ElementType.computed, isCommon: false)
    /// What a kernel converts, or fills.
    package static let anyOrNarrow = TypeRule(ElementType.ofKernels, isCommon: false)
    /// Positions in another tensor.
    package static let index = TypeRule.only(.int32, .int64)
    package static let floats = TypeRule.common(.float32, .float64)

    private init(_ types: [ElementType], isCommon: Bool) {
        allowed = types.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
        self.isCommon = isCommon
    }

    /// A number for the rule.
    var code: UInt64 { UInt64(allowed) << 1 | (isCommon ? 1 : 0) }

    func allows(_ type: ElementType) -> Bool { allowed >> UInt32(type.rawValue) & 1 == 1 }

    var text: String {
        let types = ElementType.allCases.filter(allows)
        let isAny = types.count >= ElementType.computed.count
        let names = isAny ? (allows(.int4) ? "any or narrow" : "any") : types.map(\.name).sorted().joined(separator: "|")
        return isCommon ? "common \(names)" : names
    }
}

/// Names in the shapes of one definition, numbered as they appear.
struct ShapeNames {
    var extents: [Substring] = []
    var groups: [Substring] = []

    static func number(_ name: Substring, _ names: inout [Substring]) -> Int {
        if let known = names.firstIndex(of: name) { return known }
        names.append(name)
        return names.count - 1
    }
}

/// One word of a shape's pattern.
enum ShapeToken: Sendable {
    case extent(Int)
    case number(Int)
    case anyExtent
    case group(Int)
    case anyGroup
    case count(ofExtent: Int)
    case countNumber(Int)

    init(_ word: Substring, _ names: inout ShapeNames) {
        let rest = word.dropFirst()
        switch word.first {
        case "_": self = .anyExtent
        case "*": self = rest.isEmpty ? .anyGroup : .group(ShapeNames.number(rest, &names.groups))
        case "#": self = Int(rest).map { .countNumber($0) } ?? .count(ofExtent: ShapeNames.number(rest, &names.extents))
        default: self = Int(word).map { .number($0) } ?? .extent(ShapeNames.number(word, &names.extents))
        }
    }

    var isGroup: Bool {
        switch self {
        case .group, .anyGroup: true
        default: false
        }
    }
}
