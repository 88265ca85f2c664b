import DLCGraph

/// One integer for all spatial dimensions, or one per dimension.
public struct Extents: Sendable, Equatable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
    public var values: [Int]
    /// Whether one value stands for every dimension.
    public var isUniform: Bool

    public init(_ value: Int) { (values, isUniform) = ([value], true) }
    public init(_ values: [Int]) { (self.values, isUniform) = (values, false) }
    public init(integerLiteral value: Int) { self.init(value) }
    public init(arrayLiteral elements: Int...) { self.init(elements) }

    /// One value per dimension.
    /// - Throws: where the list has another length or an entry is below `least`.
    func spread(over rank: Int, _ name: String, least: Int = 1) throws -> [Int] {
        let result = isUniform ? [Int](repeating: values[0], count: rank) : values
        guard result.count == rank else {
            throw DLCError("\(name) \(result) has \(result.count) entries; expected one integer or \(rank), one per spatial dimension")
        }
        if let bad = result.first(where: { $0 < least || $0 > 1 << 30 }) {
            throw DLCError("\(name) is \(bad); expected at least \(least)")
        }
        return result
    }
}

extension Extents: ArgumentConvertible {
    public static var argumentKind: String { "an integer or a list of integers" }
    public var argumentValue: ArgumentValue { isUniform ? .integer(values[0]) : values.argumentValue }
    public init?(argument: ArgumentValue) {
        if let value = Int(argument: argument) {
            self.init(value)
        } else if let values = [Int](argument: argument) {
            self.init(values)
        } else {
            return nil
        }
    }
}

/// What Swift code may write for extents: `3` or `[3, 5]`.
public protocol ExtentsConvertible {
    var extents: Extents { get }
}

extension Int: ExtentsConvertible { public var extents: Extents { Extents(self) } }
extension Array: ExtentsConvertible where Element == Int { public var extents: Extents { Extents(self) } }
extension Extents: ExtentsConvertible { public var extents: Extents { self } }

/// Zeros around an image: as many in front as behind, or what keeps `extent / stride`, rounded up (`"same"`).
public enum Padding: Sendable, Equatable {
    case same
    case extents(Extents)

    /// In front of each spatial dimension, then behind each.
    /// - Parameter reach: the extent that a dilated kernel covers, per dimension.
    func pads(_ extents: [Dim], reach: [Int], strides: [Int]) throws -> [Dim] {
        guard case .same = self else { return try numbers(rank: extents.count).map { Dim($0) } }
        let totals = try extents.indices.map { axis -> Dim in
            if strides[axis] == 1 { return Dim(reach[axis] - 1) }
            let stride = Dim(strides[axis])
            let covered = try extents[axis].ceilingQuotient(stride).minus(1).times(stride).plus(Dim(reach[axis]))
            return try Dim.max(0, covered.minus(extents[axis]))
        }
        let front = try totals.map { try $0.quotient(2) }
        return front + (try zip(totals, front).map { try $0.minus($1) })
    }

    /// The numbers of a padding that is not `same`: one integer, one per dimension, or two per dimension (all in front,
    /// then all behind).
    func numbers(rank: Int) throws -> [Int] {
        guard case .extents(let extents) = self else { throw DLCError("padding \"same\" is not for this layer; expected integers") }
        if !extents.isUniform, extents.values.count == 2 * rank { return try extents.spread(over: 2 * rank, "padding", least: 0) }
        let each = try extents.spread(over: rank, "padding", least: 0)
        return each + each
    }
}

extension Padding: ArgumentConvertible {
    public static var argumentKind: String { "\"same\", an integer or a list of integers" }
    public var argumentValue: ArgumentValue {
        switch self {
        case .same: .text("same")
        case .extents(let extents): extents.argumentValue
        }
    }
    public init?(argument: ArgumentValue) {
        if case .text("same") = argument {
            self = .same
        } else if let extents = Extents(argument: argument) {
            self = .extents(extents)
        } else {
            return nil
        }
    }
}

/// What Swift code may write for a padding: `1`, `[1, 2]` or `Padding.same`.
public protocol PaddingConvertible {
    var padding: Padding { get }
}

extension Int: PaddingConvertible { public var padding: Padding { .extents(extents) } }
extension Array: PaddingConvertible where Element == Int { public var padding: Padding { .extents(extents) } }
extension Padding: PaddingConvertible { public var padding: Padding { self } }
